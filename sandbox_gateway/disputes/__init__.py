"""Disputes: what cardholders contest, what it costs meanwhile, and how the merchant answers."""
