"""Reports that are made in the background, with their progress."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')


def upgrade() -> None:
    op.create_table(
        'made_reports',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('kind', sa.String(20), nullable=False),
        sa.Column('form', sa.String(10), nullable=False),
        sa.Column('asked', JSON, nullable=False),
        sa.Column('title', sa.String(300), nullable=False),
        sa.Column('name', sa.String(120), nullable=False),
        sa.Column('cut_link', sa.BigInteger(), nullable=False),
        sa.Column('cut_hash', sa.String(64), nullable=False),
        sa.Column('cut_at', INSTANT, nullable=False),
        sa.Column('status', sa.String(20), nullable=False),
        sa.Column('lines_done', sa.Integer(), nullable=False),
        sa.Column('lines', sa.Integer(), nullable=False),
        sa.Column('size', sa.BigInteger(), nullable=False),
        sa.Column('sha256', sa.String(64), nullable=True),
        sa.Column('problem', sa.String(500), nullable=True),
        sa.Column('operator_id', sa.String(40), nullable=False),
        sa.Column('asked_by', sa.String(200), nullable=False),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.Column('ended_at', INSTANT, nullable=True),
        sa.Column('expires_at', INSTANT, nullable=False),
        sa.ForeignKeyConstraint(['operator_id'], ['operators.id'], name=op.f('fk_made_reports_operator_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_made_reports')),
    )
    op.create_index('ix_made_reports_expires', 'made_reports', ['expires_at'])
    op.create_index('ix_made_reports_cut', 'made_reports', ['cut_link', 'kind'])
    op.create_table(
        'report_pieces',
        sa.Column('report_id', sa.String(40), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('content', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ['report_id'], ['made_reports.id'], name=op.f('fk_report_pieces_report_id'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('report_id', 'number', name=op.f('pk_report_pieces')),
    )
    op.add_column('notices', sa.Column('operator_id', sa.String(40), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('notices') as batch:
        batch.drop_column('operator_id')
    op.drop_table('report_pieces')
    op.drop_table('made_reports')
