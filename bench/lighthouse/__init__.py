"""Lighthouse, desktop, on the main pages behind the sign-in: `make bench-lighthouse`."""
