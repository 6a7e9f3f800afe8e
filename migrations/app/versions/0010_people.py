"""People: passwords, second factors and invitations; a second person for money; what was done, chained and kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')

APPEND_ONLY = ('audit_entries', 'audit_seals')



def added():
    """Columns of tables that stand, made anew each time: a column belongs to one table."""
    return (
        ('operators', sa.Column('email', sa.String(254), nullable=True)),
        ('operators', sa.Column('password_hash', sa.String(200), nullable=True)),
        ('operators', sa.Column('password_set_at', INSTANT, nullable=True)),
        ('operators', sa.Column('totp_seed', sa.String(64), nullable=True)),
        ('operators', sa.Column('totp_confirmed_at', INSTANT, nullable=True)),
        ('operators', sa.Column('totp_last_step', sa.BigInteger(), nullable=True)),
        ('operators', sa.Column('suspended_at', INSTANT, nullable=True)),
        ('operators', sa.Column('is_local', sa.Boolean(), nullable=False, server_default=sa.false())),
        ('operator_sessions', sa.Column('id', sa.String(40), nullable=True)),
        ('operator_sessions', sa.Column('address', sa.String(60), nullable=True)),
        ('operator_sessions', sa.Column('agent', sa.String(300), nullable=True)),
        ('operator_sessions', sa.Column('how', sa.String(20), nullable=True)),
        ('sign_in_links', sa.Column('purpose', sa.String(20), nullable=False, server_default='sign_in')),
        ('api_tokens', sa.Column('owner_id', sa.String(40), nullable=True)),
    )


INDEXES = (
    ('uq_operators_email', 'operators', ['email'], True),
    ('uq_operator_sessions_id', 'operator_sessions', ['id'], True),
    ('ix_operator_sessions_operator', 'operator_sessions', ['operator_id', 'created_at'], False),
    ('ix_sign_in_links_operator', 'sign_in_links', ['operator_id'], False),
)


def upgrade() -> None:
    op.create_table(
        'approvals',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('kind', sa.String(40), nullable=False),
        sa.Column('subject_id', sa.String(80), nullable=False),
        sa.Column('order_id', sa.String(40), nullable=True),
        sa.Column('payment_id', sa.String(40), nullable=True),
        sa.Column('amount_minor', sa.BigInteger(), nullable=False),
        sa.Column('currency', sa.String(3), nullable=False),
        sa.Column('payload', JSON, nullable=False),
        sa.Column('reason', sa.String(1000), nullable=False),
        sa.Column('request_key', sa.String(300), nullable=True),
        sa.Column('status', sa.String(20), nullable=False),
        sa.Column('asked_by_kind', sa.String(20), nullable=False),
        sa.Column('asked_by_id', sa.String(40), nullable=True),
        sa.Column('asked_by_name', sa.String(200), nullable=False),
        sa.Column('asked_by_person', sa.String(40), nullable=True),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.Column('expires_at', INSTANT, nullable=False),
        sa.Column('decided_by_id', sa.String(40), nullable=True),
        sa.Column('decided_by_name', sa.String(200), nullable=True),
        sa.Column('decided_at', INSTANT, nullable=True),
        sa.Column('decision_reason', sa.String(1000), nullable=True),
        sa.Column('outcome', sa.String(1000), nullable=True),
        sa.PrimaryKeyConstraint('id', name='pk_approvals'),
        sa.UniqueConstraint('request_key', name='uq_approvals_request_key'),
        sa.CheckConstraint('amount_minor >= 1', name=op.f('ck_approvals_amount_positive')),
        sa.CheckConstraint(
            'decided_by_id IS NULL OR asked_by_person IS NULL OR decided_by_id <> asked_by_person',
            name=op.f('ck_approvals_second_person'),
        ),
    )
    op.create_index('ix_approvals_status', 'approvals', ['status', 'created_at', 'id'])
    op.create_index('ix_approvals_created', 'approvals', ['created_at', 'id'])
    op.create_index(
        'uq_approvals_one_asked',
        'approvals',
        ['kind', 'subject_id'],
        unique=True,
        sqlite_where=sa.text("status = 'asked'"),
        postgresql_where=sa.text("status = 'asked'"),
    )

    for table, column in added():
        op.add_column(table, column)
    for index, table, columns, is_unique in INDEXES:
        op.create_index(index, table, columns, unique=is_unique)
    op.execute("UPDATE operators SET is_local = (1 = 1) WHERE name LIKE 'Local %'")
    op.create_table(
        'recovery_codes',
        sa.Column('code_hash', sa.String(64), nullable=False),
        sa.Column('operator_id', sa.String(40), nullable=False),
        sa.Column('used_at', INSTANT, nullable=True),
        sa.ForeignKeyConstraint(['operator_id'], ['operators.id'], name='fk_recovery_codes_operator_id'),
        sa.PrimaryKeyConstraint('code_hash', name='pk_recovery_codes'),
    )
    op.create_index('ix_recovery_codes_operator', 'recovery_codes', ['operator_id'])
    op.create_table(
        'sign_in_failures',
        sa.Column('id', BIG_ID, autoincrement=True, nullable=False),
        sa.Column('account', sa.String(64), nullable=False),
        sa.Column('address', sa.String(60), nullable=False),
        sa.Column('device', sa.String(64), nullable=True),
        sa.Column('at', INSTANT, nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_sign_in_failures'),
    )
    op.create_index('ix_sign_in_failures_account', 'sign_in_failures', ['account', 'at'])
    op.create_index('ix_sign_in_failures_address', 'sign_in_failures', ['address', 'at'])

    op.create_table(
        'audit_entries',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.Column('act', sa.String(60), nullable=False),
        sa.Column('actor_kind', sa.String(20), nullable=False),
        sa.Column('actor_id', sa.String(40), nullable=True),
        sa.Column('actor_name', sa.String(200), nullable=False),
        sa.Column('role', sa.String(20), nullable=True),
        sa.Column('address', sa.String(60), nullable=True),
        sa.Column('request_id', sa.String(64), nullable=True),
        sa.Column('subject_id', sa.String(80), nullable=False),
        sa.Column('summary', sa.String(500), nullable=False),
        sa.Column('before', sa.Text(), nullable=True),
        sa.Column('after', sa.Text(), nullable=True),
        sa.Column('reason', sa.String(1000), nullable=True),
        sa.Column('digest', sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_audit_entries'),
    )
    op.create_index('ix_audit_entries_created', 'audit_entries', ['created_at', 'id'])
    op.create_index('ix_audit_entries_act', 'audit_entries', ['act', 'created_at', 'id'])
    op.create_index('ix_audit_entries_actor', 'audit_entries', ['actor_name', 'created_at', 'id'])
    op.create_index('ix_audit_entries_subject', 'audit_entries', ['subject_id', 'created_at', 'id'])
    op.create_table(
        'audit_seals',
        sa.Column('number', BIG_ID, autoincrement=False, nullable=False),
        sa.Column('entry_id', sa.String(40), nullable=False),
        sa.Column('hash', sa.String(64), nullable=False),
        sa.Column('at', INSTANT, nullable=False),
        sa.PrimaryKeyConstraint('number', name='pk_audit_seals'),
        sa.UniqueConstraint('entry_id', name='uq_audit_seals_entry_id'),
    )
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(
            'CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS'
            " $$ BEGIN RAISE EXCEPTION 'the audit log is only ever added to'; END $$"
        )
    for name in APPEND_ONLY:
        if op.get_bind().dialect.name == 'postgresql':
            op.execute(
                f'CREATE TRIGGER {name}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {name}'
                ' FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()'
            )
        else:
            for verb in ('UPDATE', 'DELETE'):
                op.execute(
                    f'CREATE TRIGGER {name}_{verb.lower()}_refused BEFORE {verb} ON {name}'
                    " BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END"
                )


def downgrade() -> None:
    for name in reversed(APPEND_ONLY):
        op.drop_table(name)
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP FUNCTION audit_refuses()')
    op.drop_table('sign_in_failures')
    op.drop_table('recovery_codes')
    for index, table, _, _ in reversed(INDEXES):
        op.drop_index(index, table)
    for table, column in reversed(added()):
        op.execute(f'ALTER TABLE {table} DROP COLUMN {column.name}')  # in place: other tables refer to these
    op.drop_table('approvals')
