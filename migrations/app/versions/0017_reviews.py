"""Reviews and rules: conditions tried on simulated months."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')


def upgrade() -> None:
    op.create_table(
        'risk_trials',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('condition', sa.String(2000), nullable=False),
        sa.Column('state', sa.String(20), nullable=False),
        sa.Column('doing', sa.String(100), nullable=False),
        sa.Column('done', sa.Integer(), nullable=False),
        sa.Column('of', sa.Integer(), nullable=False),
        sa.Column('result', JSON, nullable=True),
        sa.Column('begun_at', INSTANT, nullable=False),
        sa.Column('begun_by', sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_risk_trials'),
    )
    op.create_index('ix_risk_trials_begun', 'risk_trials', ['begun_at'])


def downgrade() -> None:
    op.drop_table('risk_trials')
