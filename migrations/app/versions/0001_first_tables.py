"""The first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0001'
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('api_tokens',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('revoked_at', INSTANT, nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_tokens')),
    sa.UniqueConstraint('name', name=op.f('uq_api_tokens_name')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_api_tokens_token_hash'))
    )
    op.create_table('api_idempotency',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('token_id', sa.String(length=40), nullable=False),
    sa.Column('key', sa.String(length=255), nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('owner', sa.String(length=40), nullable=False),
    sa.Column('lease_until', INSTANT, nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('content_type', sa.String(length=60), nullable=True),
    sa.Column('location', sa.String(length=100), nullable=True),
    sa.Column('body', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['token_id'], ['api_tokens.id'], name=op.f('fk_api_idempotency_token_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_idempotency')),
    sa.UniqueConstraint('token_id', 'key', name=op.f('uq_api_idempotency_token_id_key'))
    )
    op.create_index('ix_api_idempotency_created', 'api_idempotency', ['created_at'], unique=False)
    op.create_table('clock_readings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('offset_seconds', sa.Double(), nullable=False),
    sa.Column('frozen_at', INSTANT, nullable=True),
    sa.Column('read_at', INSTANT, nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_clock_readings_one_row')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_clock_readings'))
    )
    op.create_table('customers',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('email_key', sa.String(length=254), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('locale', sa.String(length=20), nullable=True),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_customers')),
    sa.UniqueConstraint('email_key', name=op.f('uq_customers_email_key'))
    )
    op.create_table('gateway_calls',
    sa.Column('id', BIG_ID, autoincrement=True, nullable=False),
    sa.Column('order_id', sa.String(length=40), nullable=False),
    sa.Column('payment_id', sa.String(length=40), nullable=False),
    sa.Column('attempt_id', sa.String(length=40), nullable=False),
    sa.Column('method', sa.String(length=10), nullable=False),
    sa.Column('path', sa.String(length=300), nullable=False),
    sa.Column('idempotency_key', sa.String(length=255), nullable=True),
    sa.Column('started_at', INSTANT, nullable=False),
    sa.Column('duration_ms', sa.Integer(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('error', sa.String(length=500), nullable=True),
    sa.Column('request', JSON, nullable=True),
    sa.Column('response', JSON, nullable=True),
    sa.Column('request_id', sa.String(length=64), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_gateway_calls'))
    )
    op.create_index('ix_gateway_calls_order', 'gateway_calls', ['order_id', 'id'], unique=False)
    op.create_table('jobs',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('payload', JSON, nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('run_at', INSTANT, nullable=False),
    sa.Column('lease_until', INSTANT, nullable=True),
    sa.Column('owner', sa.String(length=80), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_jobs')),
    sa.UniqueConstraint('key', name=op.f('uq_jobs_key'))
    )
    op.create_index('ix_jobs_due', 'jobs', ['state', 'run_at'], unique=False)
    op.create_table('merchants',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_merchants')),
    sa.UniqueConstraint('name', name=op.f('uq_merchants_name'))
    )
    op.create_table('operators',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_operators')),
    sa.UniqueConstraint('name', name=op.f('uq_operators_name'))
    )
    op.create_table('timeline',
    sa.Column('id', BIG_ID, autoincrement=True, nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('order_id', sa.String(length=40), nullable=True),
    sa.Column('payment_id', sa.String(length=40), nullable=True),
    sa.Column('subject_id', sa.String(length=64), nullable=False),
    sa.Column('from_status', sa.String(length=40), nullable=True),
    sa.Column('to_status', sa.String(length=40), nullable=True),
    sa.Column('summary', sa.String(length=500), nullable=False),
    sa.Column('cause', sa.String(length=128), nullable=True),
    sa.Column('actor_kind', sa.String(length=20), nullable=False),
    sa.Column('actor_id', sa.String(length=40), nullable=True),
    sa.Column('actor_name', sa.String(length=200), nullable=False),
    sa.Column('data', JSON, nullable=False),
    sa.Column('at', INSTANT, nullable=False),
    sa.Column('recorded_at', INSTANT, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_timeline'))
    )
    op.create_index('ix_timeline_order', 'timeline', ['order_id', 'id'], unique=False)
    op.create_index('ix_timeline_payment', 'timeline', ['payment_id', 'id'], unique=False)
    op.create_table('webhook_events',
    sa.Column('id', sa.String(length=200), nullable=False),
    sa.Column('type', sa.String(length=100), nullable=False),
    sa.Column('gateway_payment_id', sa.String(length=80), nullable=True),
    sa.Column('body', JSON, nullable=False),
    sa.Column('received_at', INSTANT, nullable=False),
    sa.Column('handled_at', INSTANT, nullable=True),
    sa.Column('outcome', sa.String(length=30), nullable=True),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.Column('repeats', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_events'))
    )
    op.create_index('ix_webhook_events_payment', 'webhook_events', ['gateway_payment_id'], unique=False)
    op.create_index('ix_webhook_events_received', 'webhook_events', ['received_at', 'id'], unique=False)
    op.create_table('operator_sessions',
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('operator_id', sa.String(length=40), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('seen_at', INSTANT, nullable=False),
    sa.Column('ended_at', INSTANT, nullable=True),
    sa.ForeignKeyConstraint(['operator_id'], ['operators.id'], name=op.f('fk_operator_sessions_operator_id')),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_operator_sessions'))
    )
    op.create_table('orders',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('merchant_id', sa.String(length=40), nullable=False),
    sa.Column('reference', sa.String(length=100), nullable=False),
    sa.Column('status', sa.String(length=30), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('amount_authorized_minor', sa.BigInteger(), nullable=False),
    sa.Column('amount_captured_minor', sa.BigInteger(), nullable=False),
    sa.Column('amount_refunded_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('customer_id', sa.String(length=40), nullable=False),
    sa.Column('customer_name', sa.String(length=200), nullable=False),
    sa.Column('customer_email', sa.String(length=254), nullable=False),
    sa.Column('customer_email_key', sa.String(length=254), nullable=False),
    sa.Column('customer_locale', sa.String(length=20), nullable=True),
    sa.Column('items', JSON, nullable=False),
    sa.Column('capture_policy', sa.String(length=20), nullable=False),
    sa.Column('context', JSON, nullable=False),
    sa.Column('details', JSON, nullable=False),
    sa.Column('disputed', sa.Boolean(), nullable=False),
    sa.Column('cancel_reason', sa.String(length=500), nullable=True),
    sa.Column('request_key', sa.String(length=300), nullable=True),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('recorded_at', INSTANT, nullable=False),
    sa.CheckConstraint('amount_captured_minor <= amount_minor', name=op.f('ck_orders_captured_within_amount')),
    sa.CheckConstraint('amount_minor BETWEEN 1 AND 999999999999', name=op.f('ck_orders_amount_positive')),
    sa.CheckConstraint('amount_refunded_minor BETWEEN 0 AND amount_captured_minor', name=op.f('ck_orders_refunded_within_captured')),
    sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], name=op.f('fk_orders_customer_id')),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_orders_merchant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_orders')),
    sa.UniqueConstraint('merchant_id', 'reference', name=op.f('uq_orders_merchant_id_reference')),
    sa.UniqueConstraint('request_key', name=op.f('uq_orders_request_key'))
    )
    op.create_index('ix_orders_created', 'orders', ['created_at', 'id'], unique=False)
    op.create_index('ix_orders_customer', 'orders', ['customer_id', 'created_at', 'id'], unique=False)
    op.create_index('ix_orders_email', 'orders', ['customer_email_key', 'created_at', 'id'], unique=False)
    op.create_index('ix_orders_reference', 'orders', ['reference'], unique=False)
    op.create_index('ix_orders_status', 'orders', ['status', 'created_at', 'id'], unique=False)
    op.create_table('sign_in_links',
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('operator_id', sa.String(length=40), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('expires_at', INSTANT, nullable=False),
    sa.Column('used_at', INSTANT, nullable=True),
    sa.ForeignKeyConstraint(['operator_id'], ['operators.id'], name=op.f('fk_sign_in_links_operator_id')),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_sign_in_links'))
    )
    op.create_table('payments',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('order_id', sa.String(length=40), nullable=False),
    sa.Column('gateway_id', sa.String(length=80), nullable=True),
    sa.Column('gateway_version', sa.Integer(), nullable=False),
    sa.Column('status', sa.String(length=30), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('amount_capturable_minor', sa.BigInteger(), nullable=False),
    sa.Column('amount_captured_minor', sa.BigInteger(), nullable=False),
    sa.Column('amount_refunded_minor', sa.BigInteger(), nullable=False),
    sa.Column('amount_refundable_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('capture', sa.Boolean(), nullable=False),
    sa.Column('card', JSON, nullable=True),
    sa.Column('checks', JSON, nullable=True),
    sa.Column('authentication', JSON, nullable=True),
    sa.Column('next_action', JSON, nullable=True),
    sa.Column('decline', JSON, nullable=True),
    sa.Column('decline_code', sa.String(length=60), nullable=True),
    sa.Column('failure', sa.String(length=500), nullable=True),
    sa.Column('discrepancy', sa.String(length=500), nullable=True),
    sa.Column('authorization_code', sa.String(length=40), nullable=True),
    sa.Column('why', JSON, nullable=True),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('authorized_at', INSTANT, nullable=True),
    sa.Column('expires_at', INSTANT, nullable=True),
    sa.CheckConstraint('amount_captured_minor BETWEEN 0 AND amount_minor', name=op.f('ck_payments_captured_within_authorized')),
    sa.CheckConstraint('amount_minor BETWEEN 1 AND 999999999999', name=op.f('ck_payments_amount_positive')),
    sa.CheckConstraint('amount_refunded_minor BETWEEN 0 AND amount_captured_minor', name=op.f('ck_payments_refunded_within_captured')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_payments_order_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payments')),
    sa.UniqueConstraint('gateway_id', name=op.f('uq_payments_gateway_id'))
    )
    op.create_index('ix_payments_created', 'payments', ['created_at', 'id'], unique=False)
    op.create_index('ix_payments_order', 'payments', ['order_id', 'created_at'], unique=False)
    op.create_index('ix_payments_status', 'payments', ['status', 'created_at', 'id'], unique=False)
    op.create_index('uq_payments_one_live', 'payments', ['order_id'], unique=True, sqlite_where=sa.text("status NOT IN ('declined', 'expired', 'failed', 'voided')"), postgresql_where=sa.text("status NOT IN ('declined', 'expired', 'failed', 'voided')"))
    op.create_table('attempts',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('payment_id', sa.String(length=40), nullable=False),
    sa.Column('operation', sa.String(length=20), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=True),
    sa.Column('idempotency_key', sa.String(length=64), nullable=False),
    sa.Column('request', JSON, nullable=False),
    sa.Column('request_key', sa.String(length=300), nullable=True),
    sa.Column('then_cancel', sa.String(length=500), nullable=True),
    sa.Column('actor_kind', sa.String(length=20), nullable=False),
    sa.Column('actor_id', sa.String(length=40), nullable=True),
    sa.Column('actor_name', sa.String(length=200), nullable=False),
    sa.Column('opened_at', INSTANT, nullable=False),
    sa.Column('unanswered_at', INSTANT, nullable=True),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.Column('closed_at', INSTANT, nullable=True),
    sa.Column('outcome', sa.String(length=20), nullable=True),
    sa.Column('result_id', sa.String(length=80), nullable=True),
    sa.Column('refusal', JSON, nullable=True),
    sa.ForeignKeyConstraint(['payment_id'], ['payments.id'], name=op.f('fk_attempts_payment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attempts')),
    sa.UniqueConstraint('idempotency_key', name=op.f('uq_attempts_idempotency_key')),
    sa.UniqueConstraint('request_key', name=op.f('uq_attempts_request_key'))
    )
    op.create_index('ix_attempts_payment', 'attempts', ['payment_id', 'opened_at'], unique=False)
    op.create_index('uq_attempts_one_open', 'attempts', ['payment_id'], unique=True, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
    op.create_table('refunds',
    sa.Column('id', sa.String(length=80), nullable=False),
    sa.Column('payment_id', sa.String(length=40), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.String(length=60), nullable=True),
    sa.Column('note', sa.String(length=1000), nullable=True),
    sa.Column('failure', sa.String(length=500), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.CheckConstraint('amount_minor >= 1', name=op.f('ck_refunds_amount_positive')),
    sa.ForeignKeyConstraint(['payment_id'], ['payments.id'], name=op.f('fk_refunds_payment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_refunds'))
    )
    op.create_index('ix_refunds_created', 'refunds', ['created_at', 'id'], unique=False)
    op.create_index('ix_refunds_payment', 'refunds', ['payment_id'], unique=False)
    op.create_table('captures',
    sa.Column('id', sa.String(length=80), nullable=False),
    sa.Column('payment_id', sa.String(length=40), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.CheckConstraint('amount_minor >= 1', name=op.f('ck_captures_amount_positive')),
    sa.ForeignKeyConstraint(['payment_id'], ['payments.id'], name=op.f('fk_captures_payment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_captures'))
    )
    op.create_index('ix_captures_created', 'captures', ['created_at', 'id'], unique=False)
    op.create_index('ix_captures_payment', 'captures', ['payment_id'], unique=False)
