"""The customer's own page: pay links, the browsers that opened them, and what was tried there."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'pay_links',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('order_id', sa.String(40), nullable=False),
        sa.Column('request_key', sa.String(300), nullable=True),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.Column('expires_at', INSTANT, nullable=False),
        sa.Column('revoked_at', INSTANT, nullable=True),
        sa.PrimaryKeyConstraint('id', name='pk_pay_links'),
        sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name='fk_pay_links_order_id'),
        sa.UniqueConstraint('request_key', name='uq_pay_links_request_key'),
    )
    op.create_index('ix_pay_links_order', 'pay_links', ['order_id', 'created_at'])
    op.create_table(
        'pay_visits',
        sa.Column('link_id', sa.String(40), nullable=False),
        sa.Column('device_id', sa.String(40), nullable=False),
        sa.Column('at', INSTANT, nullable=False),
        sa.PrimaryKeyConstraint('link_id', 'device_id', name='pk_pay_visits'),
        sa.ForeignKeyConstraint(['link_id'], ['pay_links.id'], name='fk_pay_visits_link_id'),
    )
    op.create_table(
        'pay_tries',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('link_id', sa.String(40), nullable=False),
        sa.Column('payment_id', sa.String(40), nullable=True),
        sa.Column('state_hash', sa.String(64), nullable=False),
        sa.Column('browser_hash', sa.String(64), nullable=False),
        sa.Column('ip', sa.String(45), nullable=False),
        sa.Column('at', INSTANT, nullable=False),
        sa.Column('returned_at', INSTANT, nullable=True),
        sa.PrimaryKeyConstraint('id', name='pk_pay_tries'),
        sa.ForeignKeyConstraint(['link_id'], ['pay_links.id'], name='fk_pay_tries_link_id'),
        sa.ForeignKeyConstraint(['payment_id'], ['payments.id'], name='fk_pay_tries_payment_id'),
        sa.UniqueConstraint('state_hash', name='uq_pay_tries_state_hash'),
    )
    op.create_index('ix_pay_tries_link', 'pay_tries', ['link_id', 'at'])
    op.create_index('ix_pay_tries_ip', 'pay_tries', ['ip', 'at'])


def downgrade() -> None:
    op.drop_table('pay_tries')
    op.drop_table('pay_visits')
    op.drop_table('pay_links')
