"""Figures by day and currency are read out of an index alone; what does not match is found at once."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_orders_currency', 'orders', ['currency', 'created_at', 'id'], unique=False)
    op.create_index('ix_captures_currency', 'captures', ['currency', 'created_at', 'id', 'amount_minor'], unique=False)
    op.create_index('ix_refunds_currency', 'refunds', ['currency', 'created_at', 'id', 'status', 'amount_minor'], unique=False)
    op.create_index('ix_payments_currency', 'payments', ['currency', 'created_at', 'id', 'authorized_at', 'status', 'amount_minor'], unique=False)
    op.create_index('ix_payments_discrepancy', 'payments', ['created_at', 'id'], unique=False, sqlite_where=sa.text('discrepancy IS NOT NULL'), postgresql_where=sa.text('discrepancy IS NOT NULL'))
