"""Customers: who merged or erased them and why; an erasure may take words, and only words, out of the audit log."""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

KEPT = (
    'id',
    'created_at',
    'act',
    'actor_kind',
    'actor_id',
    'actor_name',
    'role',
    'address',
    'request_id',
    'subject_id',
    'digest',
)
TAKES_WORDS_OUT = ' AND '.join(
    (
        *(f'NEW.{name} IS NOT DISTINCT FROM OLD.{name}' for name in KEPT),
        "lower(NEW.summary || coalesce(NEW.before, '') || coalesce(NEW.after, '') || coalesce(NEW.reason, ''))"
        " LIKE '%erased%'",
    )
)


def upgrade() -> None:
    op.add_column('customers', sa.Column('changed_by', sa.String(200), nullable=True))
    op.add_column('customers', sa.Column('changed_why', sa.String(500), nullable=True))
    for name, table, columns, where in (
        ('ix_customers_merged_into', 'customers', ['merged_into', 'id'], 'merged_into IS NOT NULL'),
        ('ix_timeline_of_no_order', 'timeline', ['subject_id', 'id'], 'order_id IS NULL'),
    ):
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP TRIGGER audit_entries_kept ON audit_entries')
        op.execute(
            'CREATE TRIGGER audit_entries_kept BEFORE DELETE OR TRUNCATE ON audit_entries'
            ' FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()'
        )
        op.execute(
            'CREATE TRIGGER audit_entries_update_refused BEFORE UPDATE ON audit_entries'
            f' FOR EACH ROW WHEN (NOT ({TAKES_WORDS_OUT})) EXECUTE FUNCTION audit_refuses()'
        )
    else:
        op.execute('DROP TRIGGER audit_entries_update_refused')
        takes_words_out = TAKES_WORDS_OUT.replace('IS NOT DISTINCT FROM', 'IS')
        op.execute(
            f'CREATE TRIGGER audit_entries_update_refused BEFORE UPDATE ON audit_entries WHEN NOT ({takes_words_out})'
            " BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP TRIGGER audit_entries_update_refused ON audit_entries')
        op.execute('DROP TRIGGER audit_entries_kept ON audit_entries')
        op.execute(
            'CREATE TRIGGER audit_entries_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries'
            ' FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()'
        )
    else:
        op.execute('DROP TRIGGER audit_entries_update_refused')
        op.execute(
            'CREATE TRIGGER audit_entries_update_refused BEFORE UPDATE ON audit_entries'
            " BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END"
        )
    op.drop_index('ix_timeline_of_no_order', 'timeline')
    op.drop_index('ix_customers_merged_into', 'customers')
    for name in ('changed_why', 'changed_by'):
        op.execute(f'ALTER TABLE customers DROP COLUMN {name}')  # in place: orders refer to this table
