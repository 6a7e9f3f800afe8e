"""Counterfoil's dashboard and order service: it meets the gateway only over HTTP."""

__version__ = "0.1.0"
