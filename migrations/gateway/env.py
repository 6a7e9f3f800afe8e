"""Alembic's entry: runs on the connection, and in the transaction, that `sandbox_gateway.migrate` hands in."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
