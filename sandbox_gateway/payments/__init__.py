"""Payments: from the token to the captured money, each step with its event."""
