"""Disputes: what cardholders contest, what it costs, how it is answered, and how it ends."""
