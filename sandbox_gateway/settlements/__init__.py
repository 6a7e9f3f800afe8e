"""Settlements: what moved the account's money, netted by currency and day, and paid out."""
