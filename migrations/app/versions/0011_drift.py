"""What a webhook event came with and how often it was tried; refused deliveries; discrepancies and comparisons."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')
OPEN = sa.text("status <> 'resolved'")


def upgrade() -> None:
    with op.batch_alter_table('webhook_events') as table:
        table.add_column(sa.Column('raw', sa.Text(), nullable=True))
        table.add_column(sa.Column('headers', JSON, nullable=True))
        table.add_column(sa.Column('tries', sa.Integer(), nullable=False, server_default=sa.text('1')))
    op.execute("UPDATE webhook_events SET outcome = 'waiting' WHERE outcome IS NULL")
    with op.batch_alter_table('webhook_events') as table:
        table.alter_column('outcome', existing_type=sa.String(30), nullable=False)
        table.alter_column('tries', existing_type=sa.Integer(), server_default=None)
    op.create_index('ix_webhook_events_outcome', 'webhook_events', ['outcome', 'received_at', 'id'])
    op.create_table(
        'webhook_refusals',
        sa.Column('hour', INSTANT, nullable=False),
        sa.Column('reason', sa.String(40), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('last_at', INSTANT, nullable=False),
        sa.PrimaryKeyConstraint('hour', 'reason', name='pk_webhook_refusals'),
    )
    with op.batch_alter_table('clock_readings') as table:
        table.add_column(sa.Column('skew_seconds', sa.Double(), nullable=True))
    op.create_table(
        'discrepancies',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('subject', sa.String(120), nullable=False),
        sa.Column('kind', sa.String(30), nullable=False),
        sa.Column('status', sa.String(20), nullable=False),
        sa.Column('order_id', sa.String(40), nullable=True),
        sa.Column('payment_id', sa.String(40), nullable=True),
        sa.Column('gateway_id', sa.String(80), nullable=True),
        sa.Column('reference', sa.String(255), nullable=True),
        sa.Column('amount_minor', sa.BigInteger(), nullable=False),
        sa.Column('currency', sa.String(3), nullable=False),
        sa.Column('facts', JSON, nullable=False),
        sa.Column('told', JSON, nullable=True),
        sa.Column('fingerprint', sa.String(64), nullable=False),
        sa.Column('first_seen_at', INSTANT, nullable=False),
        sa.Column('last_seen_at', INSTANT, nullable=False),
        sa.Column('suspected_at', INSTANT, nullable=False),
        sa.Column('resolved_at', INSTANT, nullable=True),
        sa.Column('resolution', sa.String(20), nullable=True),
        sa.Column('resolved_by_kind', sa.String(20), nullable=True),
        sa.Column('resolved_by_id', sa.String(40), nullable=True),
        sa.Column('resolved_by_name', sa.String(200), nullable=True),
        sa.Column('reason', sa.String(500), nullable=True),
        sa.PrimaryKeyConstraint('id', name='pk_discrepancies'),
    )
    op.create_index('ix_discrepancies_status', 'discrepancies', ['status', 'first_seen_at', 'id'])
    op.create_index('ix_discrepancies_seen', 'discrepancies', ['first_seen_at', 'id'])
    op.create_index('ix_discrepancies_subject', 'discrepancies', ['subject', 'fingerprint'])
    op.create_index('uq_discrepancies_one_open', 'discrepancies', ['subject'], unique=True,
                    sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_table(
        'comparisons',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('began_at', INSTANT, nullable=False),
        sa.Column('ended_at', INSTANT, nullable=True),
        sa.Column('expected', sa.Integer(), nullable=False),
        sa.Column('compared', sa.Integer(), nullable=False),
        sa.Column('found', sa.Integer(), nullable=False),
        sa.Column('trouble', sa.String(500), nullable=True),
        sa.Column('actor_kind', sa.String(20), nullable=False),
        sa.Column('actor_id', sa.String(40), nullable=True),
        sa.Column('actor_name', sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_comparisons'),
    )
    op.create_index('ix_comparisons_began', 'comparisons', ['began_at', 'id'])
    op.create_table(
        'comparison_places',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('cursor', sa.String(300), nullable=True),
        sa.Column('before', INSTANT, nullable=True),
        sa.Column('round_at', INSTANT, nullable=True),
        sa.Column('lap_began_at', INSTANT, nullable=True),
        sa.Column('lap_ended_at', INSTANT, nullable=True),
        sa.Column('lap_compared', sa.Integer(), nullable=False),
        sa.Column('last_lap_compared', sa.Integer(), nullable=False),
        sa.CheckConstraint('id = 1', name='ck_comparison_places_one_row'),
        sa.PrimaryKeyConstraint('id', name='pk_comparison_places'),
    )


def downgrade() -> None:
    op.drop_table('comparison_places')
    op.drop_table('comparisons')
    op.drop_table('discrepancies')
    with op.batch_alter_table('clock_readings') as table:
        table.drop_column('skew_seconds')
    op.drop_table('webhook_refusals')
    op.drop_index('ix_webhook_events_outcome', table_name='webhook_events')
    with op.batch_alter_table('webhook_events') as table:
        table.alter_column('outcome', existing_type=sa.String(30), nullable=True)
        table.drop_column('tries')
        table.drop_column('headers')
        table.drop_column('raw')
    op.execute("UPDATE webhook_events SET outcome = NULL WHERE outcome IN ('waiting', 'failed')")
