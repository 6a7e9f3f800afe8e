"""What the shop chooses about its payments, and what operators are told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')


def upgrade() -> None:
    op.create_table(
        'policies',
        sa.Column('id', BIG_ID, autoincrement=True, nullable=False),
        sa.Column('choices', JSON, nullable=False),
        sa.Column('reason', sa.String(500), nullable=False),
        sa.Column('actor_kind', sa.String(20), nullable=False),
        sa.Column('actor_id', sa.String(40), nullable=True),
        sa.Column('actor_name', sa.String(200), nullable=False),
        sa.Column('at', INSTANT, nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_policies'),
    )
    op.create_table(
        'notices',
        sa.Column('id', BIG_ID, autoincrement=True, nullable=False),
        sa.Column('kind', sa.String(40), nullable=False),
        sa.Column('subject_id', sa.String(80), nullable=False),
        sa.Column('occasion', sa.String(80), nullable=False),
        sa.Column('title', sa.String(200), nullable=False),
        sa.Column('detail', sa.String(1000), nullable=False),
        sa.Column('order_id', sa.String(40), nullable=True),
        sa.Column('payment_id', sa.String(40), nullable=True),
        sa.Column('at', INSTANT, nullable=False),
        sa.Column('recorded_at', INSTANT, nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_notices'),
        sa.UniqueConstraint('kind', 'subject_id', 'occasion', name='uq_notices_kind_subject_id_occasion'),
    )
    op.create_index('ix_notices_order', 'notices', ['order_id', 'id'])


def downgrade() -> None:
    op.drop_table('notices')
    op.drop_table('policies')
