"""Disputes, what is asked of the gateway about them, and evidence; what chargebacks hold of a payment."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')


def upgrade() -> None:
    for name in ('amount_disputed_minor', 'amount_disputed_lost_minor'):
        op.add_column('payments', sa.Column(name, sa.BigInteger(), server_default='0', nullable=False))
    op.create_index('ix_refunds_status', 'refunds', ['status', 'created_at', 'id'])
    op.create_table(
        'disputes',
        sa.Column('id', sa.String(80), nullable=False),
        sa.Column('payment_id', sa.String(40), nullable=False),
        sa.Column('order_id', sa.String(40), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(20), nullable=False),
        sa.Column('round', sa.Integer(), nullable=False),
        sa.Column('previous', sa.String(80), nullable=True),
        sa.Column('status', sa.String(30), nullable=False),
        sa.Column('amount_minor', sa.BigInteger(), nullable=False),
        sa.Column('fee_minor', sa.BigInteger(), nullable=False),
        sa.Column('currency', sa.String(3), nullable=False),
        sa.Column('reason', sa.String(60), nullable=False),
        sa.Column('network_reason_code', sa.String(20), nullable=True),
        sa.Column('required', JSON, nullable=False),
        sa.Column('helpful', JSON, nullable=False),
        sa.Column('sent', JSON, nullable=False),
        sa.Column('draft', JSON, nullable=True),
        sa.Column('respond_by', INSTANT, nullable=False),
        sa.Column('queue_place', sa.BigInteger(), nullable=False),
        sa.Column('warned_of', sa.String(60), nullable=True),
        sa.Column('taken_at', INSTANT, nullable=True),
        sa.Column('submitted_at', INSTANT, nullable=True),
        sa.Column('decided_at', INSTANT, nullable=True),
        sa.Column('why', JSON, nullable=True),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.CheckConstraint('amount_minor >= 1 AND fee_minor >= 0', name=op.f('ck_disputes_amounts')),
        sa.ForeignKeyConstraint(['payment_id'], ['payments.id'], name=op.f('fk_disputes_payment_id')),
        sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_disputes_order_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_disputes')),
    )
    op.create_index('ix_disputes_payment', 'disputes', ['payment_id'])
    op.create_index('ix_disputes_order', 'disputes', ['order_id'])
    op.create_index('ix_disputes_queue', 'disputes', ['queue_place', 'id'])
    op.create_index('ix_disputes_status', 'disputes', ['status', 'queue_place', 'id'])
    op.create_index('ix_disputes_created', 'disputes', ['created_at', 'id'])
    op.create_index('ix_disputes_currency', 'disputes', ['currency', 'amount_minor', 'id'])
    op.create_index('ix_disputes_previous', 'disputes', ['previous'])
    op.create_table(
        'dispute_attempts',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('dispute_id', sa.String(80), nullable=False),
        sa.Column('operation', sa.String(20), nullable=False),
        sa.Column('idempotency_key', sa.String(64), nullable=False),
        sa.Column('request', JSON, nullable=False),
        sa.Column('request_key', sa.String(300), nullable=True),
        sa.Column('actor_kind', sa.String(20), nullable=False),
        sa.Column('actor_id', sa.String(40), nullable=True),
        sa.Column('actor_name', sa.String(200), nullable=False),
        sa.Column('opened_at', INSTANT, nullable=False),
        sa.Column('unanswered_at', INSTANT, nullable=True),
        sa.Column('last_error', sa.Text(), nullable=True),
        sa.Column('closed_at', INSTANT, nullable=True),
        sa.Column('outcome', sa.String(20), nullable=True),
        sa.Column('refusal', JSON, nullable=True),
        sa.ForeignKeyConstraint(['dispute_id'], ['disputes.id'], name=op.f('fk_dispute_attempts_dispute_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_dispute_attempts')),
        sa.UniqueConstraint('idempotency_key', name=op.f('uq_dispute_attempts_idempotency_key')),
        sa.UniqueConstraint('request_key', name=op.f('uq_dispute_attempts_request_key')),
    )
    op.create_index('ix_dispute_attempts_dispute', 'dispute_attempts', ['dispute_id', 'opened_at'])
    op.create_index(
        'uq_dispute_attempts_one_open',
        'dispute_attempts',
        ['dispute_id'],
        unique=True,
        sqlite_where=sa.text('closed_at IS NULL'),
        postgresql_where=sa.text('closed_at IS NULL'),
    )
    op.create_table(
        'evidence_files',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('dispute_id', sa.String(80), nullable=False),
        sa.Column('field', sa.String(60), nullable=False),
        sa.Column('name', sa.String(120), nullable=False),
        sa.Column('content_type', sa.String(60), nullable=False),
        sa.Column('size', sa.Integer(), nullable=False),
        sa.Column('sha256', sa.String(64), nullable=False),
        sa.Column('content', sa.LargeBinary(), nullable=False),
        sa.Column('added_by', sa.String(200), nullable=False),
        sa.Column('added_at', INSTANT, nullable=False),
        sa.ForeignKeyConstraint(['dispute_id'], ['disputes.id'], name=op.f('fk_evidence_files_dispute_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_evidence_files')),
    )
    op.create_index('ix_evidence_files_dispute', 'evidence_files', ['dispute_id', 'added_at'])


def downgrade() -> None:
    op.drop_table('evidence_files')
    op.drop_table('dispute_attempts')
    op.drop_table('disputes')
    op.drop_index('ix_refunds_status', 'refunds')
    with op.batch_alter_table('payments') as batch:
        batch.drop_column('amount_disputed_lost_minor')
        batch.drop_column('amount_disputed_minor')
