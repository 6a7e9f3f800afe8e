"""What settling an unknown outcome, an outage, a soft decline, a shipment and the end of a hold need to be kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')
HELD = sa.text("status IN ('authorized', 'partially_captured')")
RETRY = sa.text('retry_at IS NOT NULL')
FOR_A_PERSON = sa.text('escalated_at IS NOT NULL AND closed_at IS NULL')

ADDED = {
    'attempts': (
        ('begun_at', INSTANT),
        ('known_before', JSON),
        ('waits_since', INSTANT),
        ('escalated_at', INSTANT),
        ('then_ship', JSON),
    ),
    'payments': (
        ('test_card', sa.String(100)),
        ('retry_of', sa.String(40)),
        ('retry_at', INSTANT),
        ('hold_warned_at', INSTANT),
        ('hold_taken_at', INSTANT),
    ),
    'orders': (('shipped_at', INSTANT),),
}


def upgrade() -> None:
    for table, columns in ADDED.items():
        for name, kind in columns:
            op.add_column(table, sa.Column(name, kind, nullable=True))
    op.create_index(
        'ix_payments_hold', 'payments', ['expires_at', 'id'], sqlite_where=HELD, postgresql_where=HELD
    )
    op.create_index('ix_payments_retry', 'payments', ['retry_at'], sqlite_where=RETRY, postgresql_where=RETRY)
    op.create_index(
        'ix_attempts_for_a_person',
        'attempts',
        ['escalated_at'],
        sqlite_where=FOR_A_PERSON,
        postgresql_where=FOR_A_PERSON,
    )
    op.create_table(
        'shipments',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('order_id', sa.String(40), nullable=False),
        sa.Column('tracking', sa.String(200), nullable=True),
        sa.Column('actor_name', sa.String(200), nullable=False),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_shipments'),
        sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name='fk_shipments_order_id'),
    )
    op.create_index('ix_shipments_order', 'shipments', ['order_id', 'created_at'])
    op.create_table(
        'event_cursors',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('account', sa.String(300), nullable=False),
        sa.Column('event_id', sa.String(200), nullable=False),
        sa.Column('walked_at', INSTANT, nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_event_cursors'),
        sa.CheckConstraint('id = 1', name='ck_event_cursors_one_row'),
    )
    op.create_table(
        'breakers',
        sa.Column('operation', sa.String(20), nullable=False),
        sa.Column('failures', sa.Integer(), nullable=False),
        sa.Column('began_at', INSTANT, nullable=False),
        sa.Column('opened_at', INSTANT, nullable=True),
        sa.Column('probe_at', INSTANT, nullable=True),
        sa.Column('failed_at', INSTANT, nullable=False),
        sa.Column('last_error', sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint('operation', name='pk_breakers'),
    )


def downgrade() -> None:
    op.drop_table('breakers')
    op.drop_table('event_cursors')
    op.drop_table('shipments')
    op.drop_index('ix_attempts_for_a_person', 'attempts')
    op.drop_index('ix_payments_retry', 'payments')
    op.drop_index('ix_payments_hold', 'payments')
    for table, columns in ADDED.items():
        for name, _ in columns:
            op.drop_column(table, name)
