"""Operators and settings: who works here, one's own account, what the shop chose, and what was done by whom."""
