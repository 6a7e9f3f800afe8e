"""Authorize, capture, void, refund: written down, asked, recorded."""
