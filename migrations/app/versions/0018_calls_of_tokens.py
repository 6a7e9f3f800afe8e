"""How often each API token called within the minute."""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'api_token_calls',
        sa.Column('token_id', sa.String(40), nullable=False),
        sa.Column('minute', sa.BigInteger(), nullable=False),
        sa.Column('calls', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['token_id'], ['api_tokens.id'], name='fk_api_token_calls_token_id'),
        sa.PrimaryKeyConstraint('token_id', name='pk_api_token_calls'),
    )


def downgrade() -> None:
    op.drop_table('api_token_calls')
