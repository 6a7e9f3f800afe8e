"""Customers as the desk sees them, and what a customer sees of their own payments."""
