"""Reconciliation: files that were brought, the bank's statements, who has a break and who writes it off."""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'imported_files',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('status', sa.String(20), nullable=False),
        sa.Column('kind', sa.String(20), nullable=False),
        sa.Column('layout', sa.String(40), nullable=False),
        sa.Column('name', sa.String(120), nullable=False),
        sa.Column('size', sa.BigInteger(), nullable=False),
        sa.Column('sha256', sa.String(64), nullable=False),
        sa.Column('rows', sa.Integer(), nullable=False),
        sa.Column('rows_read', sa.Integer(), nullable=False),
        sa.Column('matched', sa.Integer(), nullable=False),
        sa.Column('differing', sa.Integer(), nullable=False),
        sa.Column('begins', sa.Date(), nullable=False),
        sa.Column('ends', sa.Date(), nullable=False),
        sa.Column('brought_by', sa.String(200), nullable=False),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_imported_files'),
    )
    op.create_index('uq_imported_files_sha256', 'imported_files', ['sha256'], unique=True)
    op.create_index('ix_imported_files_created', 'imported_files', ['created_at', 'id'])
    op.create_table(
        'report_lines',
        sa.Column('file_id', sa.String(40), nullable=False),
        sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('line_id', sa.String(80), nullable=False),
        sa.Column('type', sa.String(30), nullable=False),
        sa.Column('source_id', sa.String(80), nullable=False),
        sa.Column('payment_id', sa.String(40), nullable=True),
        sa.Column('settlement_id', sa.String(80), nullable=True),
        sa.Column('owner', sa.String(40), nullable=False),
        sa.Column('currency', sa.String(3), nullable=False),
        sa.Column('gross_minor', sa.BigInteger(), nullable=False),
        sa.Column('fee_minor', sa.BigInteger(), nullable=False),
        sa.Column('net_minor', sa.BigInteger(), nullable=False),
        sa.Column('outcome', sa.String(20), nullable=False),
        sa.Column('expected_minor', sa.BigInteger(), nullable=True),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.ForeignKeyConstraint(['file_id'], ['imported_files.id'], name='fk_report_lines_file_id'),
        sa.PrimaryKeyConstraint('file_id', 'number', name='pk_report_lines'),
    )
    op.create_index('ix_report_lines_source', 'report_lines', ['source_id', 'type'])
    op.create_table(
        'bank_statements',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('file_id', sa.String(40), nullable=False),
        sa.Column('reference', sa.String(80), nullable=False),
        sa.Column('account', sa.String(40), nullable=False),
        sa.Column('currency', sa.String(3), nullable=False),
        sa.Column('begins', sa.Date(), nullable=False),
        sa.Column('ends', sa.Date(), nullable=False),
        sa.Column('opening_minor', sa.BigInteger(), nullable=False),
        sa.Column('closing_minor', sa.BigInteger(), nullable=False),
        sa.Column('entries', sa.Integer(), nullable=False),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.ForeignKeyConstraint(['file_id'], ['imported_files.id'], name='fk_bank_statements_file_id'),
        sa.PrimaryKeyConstraint('id', name='pk_bank_statements'),
    )
    op.create_index('uq_bank_statements_one', 'bank_statements', ['account', 'currency', 'reference'], unique=True)
    op.create_index('ix_bank_statements_file', 'bank_statements', ['file_id'])
    op.create_table(
        'bank_entries',
        sa.Column('statement_id', sa.String(40), nullable=False),
        sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('reference', sa.String(80), nullable=False),
        sa.Column('end_to_end', sa.String(80), nullable=False),
        sa.Column('amount_minor', sa.BigInteger(), nullable=False),
        sa.Column('currency', sa.String(3), nullable=False),
        sa.Column('booked_on', sa.Date(), nullable=False),
        sa.Column('valued_on', sa.Date(), nullable=False),
        sa.Column('payout_id', sa.String(80), nullable=True),
        sa.Column('merchant_payout_id', sa.String(40), nullable=True),
        sa.Column('outcome', sa.String(20), nullable=False),
        sa.Column('expected_minor', sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(['statement_id'], ['bank_statements.id'], name='fk_bank_entries_statement_id'),
        sa.PrimaryKeyConstraint('statement_id', 'number', name='pk_bank_entries'),
    )
    op.create_index('ix_bank_entries_payout', 'bank_entries', ['payout_id'])
    op.create_index('ix_bank_entries_merchant_payout', 'bank_entries', ['merchant_payout_id'])
    op.create_index('ix_bank_entries_reference', 'bank_entries', ['reference'])
    op.drop_index('uq_breaks_one', 'breaks')
    with op.batch_alter_table('breaks') as breaks:
        breaks.alter_column('settlement_id', existing_type=sa.String(80), nullable=True)
        breaks.add_column(sa.Column('side', sa.String(10), server_default='report', nullable=False))
        breaks.add_column(sa.Column('scope', sa.String(80), nullable=True))
        breaks.add_column(sa.Column('file_id', sa.String(40), nullable=True))
        breaks.add_column(sa.Column('assigned_id', sa.String(40), nullable=True))
        breaks.add_column(sa.Column('assigned_name', sa.String(200), nullable=True))
        breaks.add_column(sa.Column('way', sa.String(20), nullable=True))
    op.execute('UPDATE breaks SET scope = settlement_id')
    with op.batch_alter_table('breaks') as breaks:
        breaks.alter_column('scope', existing_type=sa.String(80), nullable=False)
    op.create_index('uq_breaks_one', 'breaks', ['kind', 'scope', 'source_id', 'line_id'], unique=True)
    op.create_index('ix_breaks_assigned', 'breaks', ['assigned_id', 'status', 'created_at', 'id'])


def downgrade() -> None:
    op.drop_index('ix_breaks_assigned', 'breaks')
    op.drop_index('uq_breaks_one', 'breaks')
    op.execute('DELETE FROM breaks WHERE settlement_id IS NULL')  # a file's or a bank's: nothing would show them
    op.execute("UPDATE breaks SET status = 'resolved' WHERE status = 'written_off'")
    with op.batch_alter_table('breaks') as breaks:
        for name in ('way', 'assigned_name', 'assigned_id', 'file_id', 'scope', 'side'):
            breaks.drop_column(name)
        breaks.alter_column('settlement_id', existing_type=sa.String(80), nullable=False)
    op.create_index('uq_breaks_one', 'breaks', ['kind', 'settlement_id', 'source_id', 'line_id'], unique=True)
    for name in ('bank_entries', 'bank_statements', 'report_lines', 'imported_files'):
        op.drop_table(name)
