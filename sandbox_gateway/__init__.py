"""A payment gateway for tests: its own process and database, spoken to only over HTTP."""
