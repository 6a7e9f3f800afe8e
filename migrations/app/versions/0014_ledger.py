"""The ledger: accounts, transactions, postings and the chain over them; merchants' accounts and commission plans."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')

KEPT = ('ledger_accounts', 'ledger_transactions', 'ledger_postings', 'ledger_seals')

# SQLite has no deferred triggers, so a ledger transaction's row is written after its postings and judged then.
SQLITE = (
    """
    CREATE TRIGGER ledger_transactions_balanced BEFORE INSERT ON ledger_transactions BEGIN
      SELECT RAISE(ABORT, 'a ledger transaction stands and is not replaced')
        WHERE EXISTS (SELECT 1 FROM ledger_transactions WHERE id = NEW.id OR reverses = NEW.reverses OR (
          source_type = NEW.source_type AND source_id = NEW.source_id AND kind = NEW.kind AND round = NEW.round));
      SELECT RAISE(ABORT, 'a ledger transaction has two postings at least')
        WHERE (SELECT count(*) FROM ledger_postings WHERE transaction_id = NEW.id) < 2;
      SELECT RAISE(ABORT, 'a ledger transaction balances in each currency')
        WHERE EXISTS (SELECT 1 FROM ledger_postings WHERE transaction_id = NEW.id
          GROUP BY currency HAVING sum(amount_minor) <> 0);
    END
    """,
    """
    CREATE TRIGGER ledger_postings_closed BEFORE INSERT ON ledger_postings BEGIN
      SELECT RAISE(ABORT, 'a ledger transaction that stands takes no further posting')
        WHERE EXISTS (SELECT 1 FROM ledger_transactions WHERE id = NEW.transaction_id);
      SELECT RAISE(ABORT, 'a posting stands and is not replaced')
        WHERE EXISTS (SELECT 1 FROM ledger_postings WHERE id = NEW.id);
      SELECT RAISE(ABORT, 'a posting is in the currency of its account')
        WHERE NEW.currency <> (SELECT currency FROM ledger_accounts WHERE id = NEW.account_id);
    END
    """,
    """
    CREATE TRIGGER ledger_seals_kept BEFORE INSERT ON ledger_seals BEGIN
      SELECT RAISE(ABORT, 'a link stands and is not replaced')
        WHERE EXISTS (SELECT 1 FROM ledger_seals WHERE number = NEW.number OR transaction_id = NEW.transaction_id);
    END
    """,
)

POSTGRESQL = (
    """
    CREATE FUNCTION ledger_refuses() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the ledger is only ever added to'; END $$
    """,
    """
    CREATE FUNCTION ledger_balances() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      mine text := CASE TG_TABLE_NAME WHEN 'ledger_postings' THEN to_jsonb(NEW)->>'transaction_id' ELSE NEW.id END;
    BEGIN
      IF (SELECT count(*) FROM ledger_postings WHERE transaction_id = mine) < 2 THEN
        RAISE EXCEPTION 'a ledger transaction has two postings at least';
      END IF;
      IF EXISTS (SELECT 1 FROM ledger_postings WHERE transaction_id = mine
          GROUP BY currency HAVING sum(amount_minor) <> 0) THEN
        RAISE EXCEPTION 'a ledger transaction balances in each currency';
      END IF;
      RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION ledger_posting_fits() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (SELECT 1 FROM ledger_transactions WHERE id = NEW.transaction_id) THEN
        RAISE EXCEPTION 'a ledger transaction that stands takes no further posting';
      END IF;
      IF NEW.currency <> (SELECT currency FROM ledger_accounts WHERE id = NEW.account_id) THEN
        RAISE EXCEPTION 'a posting is in the currency of its account';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER ledger_postings_fit BEFORE INSERT ON ledger_postings
      FOR EACH ROW EXECUTE FUNCTION ledger_posting_fits()
    """,
    """
    CREATE CONSTRAINT TRIGGER ledger_postings_balanced AFTER INSERT ON ledger_postings
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balances()
    """,
    """
    CREATE CONSTRAINT TRIGGER ledger_transactions_balanced AFTER INSERT ON ledger_transactions
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balances()
    """,
)


def upgrade() -> None:
    op.create_table(
        'ledger_accounts',
        sa.Column('id', sa.String(80), nullable=False),
        sa.Column('owner', sa.String(40), nullable=False),
        sa.Column('code', sa.String(30), nullable=False),
        sa.Column('currency', sa.String(3), nullable=False),
        sa.CheckConstraint("id = owner || ':' || code || ':' || currency", name=op.f('ck_ledger_accounts_id')),
        sa.PrimaryKeyConstraint('id', name='pk_ledger_accounts'),
        sa.UniqueConstraint('owner', 'code', 'currency', name='uq_ledger_accounts_owner_code_currency'),
    )
    op.create_table(
        'ledger_transactions',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('source_type', sa.String(30), nullable=False),
        sa.Column('source_id', sa.String(120), nullable=False),
        sa.Column('kind', sa.String(40), nullable=False),
        sa.Column('round', sa.Integer(), nullable=False),
        sa.Column('reverses', sa.String(40), nullable=True),
        sa.Column('owner', sa.String(40), nullable=False),
        sa.Column('order_id', sa.String(40), nullable=True),
        sa.Column('payment_id', sa.String(40), nullable=True),
        sa.Column('cause', sa.String(128), nullable=True),
        sa.Column('happened_at', INSTANT, nullable=False),
        sa.Column('at', INSTANT, nullable=False),
        sa.Column('recorded_at', INSTANT, nullable=False),
        sa.Column('digest', sa.String(64), nullable=False),
        sa.CheckConstraint('round >= 0', name=op.f('ck_ledger_transactions_round')),
        sa.ForeignKeyConstraint(
            ['reverses'], ['ledger_transactions.id'], name='fk_ledger_transactions_reverses'
        ),
        sa.PrimaryKeyConstraint('id', name='pk_ledger_transactions'),
        sa.UniqueConstraint('reverses', name='uq_ledger_transactions_reverses'),
        sa.UniqueConstraint(
            'source_type', 'source_id', 'kind', 'round', name='uq_ledger_transactions_source_type_source_id_kind_round'
        ),
    )
    op.create_index('ix_ledger_transactions_at', 'ledger_transactions', ['at', 'id'])
    op.create_index('ix_ledger_transactions_kind', 'ledger_transactions', ['kind', 'at', 'id'])
    op.create_index('ix_ledger_transactions_owner', 'ledger_transactions', ['owner', 'at', 'id'])
    op.create_index('ix_ledger_transactions_recorded', 'ledger_transactions', ['recorded_at', 'id'])
    known = sa.text('payment_id IS NOT NULL')
    op.create_index(
        'ix_ledger_transactions_payment',
        'ledger_transactions',
        ['payment_id'],
        sqlite_where=known,
        postgresql_where=known,
    )
    op.create_table(
        'ledger_postings',
        sa.Column('id', sa.String(50), nullable=False),
        sa.Column('transaction_id', sa.String(40), nullable=False),
        sa.Column('account_id', sa.String(80), nullable=False),
        sa.Column('currency', sa.String(3), nullable=False),
        sa.Column('amount_minor', sa.BigInteger(), nullable=False),
        sa.Column('at', INSTANT, nullable=False),
        sa.CheckConstraint('amount_minor <> 0', name=op.f('ck_ledger_postings_amount')),
        sa.ForeignKeyConstraint(
            ['transaction_id'],
            ['ledger_transactions.id'],
            name='fk_ledger_postings_transaction_id',
            deferrable=True,
            initially='DEFERRED',
        ),
        sa.ForeignKeyConstraint(['account_id'], ['ledger_accounts.id'], name='fk_ledger_postings_account_id'),
        sa.PrimaryKeyConstraint('id', name='pk_ledger_postings'),
    )
    op.create_index('ix_ledger_postings_transaction', 'ledger_postings', ['transaction_id'])
    op.create_index('ix_ledger_postings_account', 'ledger_postings', ['account_id', 'at', 'id', 'amount_minor'])
    op.create_table(
        'ledger_seals',
        sa.Column('number', BIG_ID, autoincrement=False, nullable=False),
        sa.Column('transaction_id', sa.String(40), nullable=False),
        sa.Column('hash', sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint('number', name='pk_ledger_seals'),
        sa.UniqueConstraint('transaction_id', name='uq_ledger_seals_transaction_id'),
    )
    is_postgresql = op.get_bind().dialect.name == 'postgresql'
    for statement in POSTGRESQL if is_postgresql else SQLITE:
        op.execute(statement)
    for name in KEPT:
        if is_postgresql:
            op.execute(
                f'CREATE TRIGGER {name}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {name}'
                ' FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses()'
            )
        else:
            for verb in ('UPDATE', 'DELETE'):
                op.execute(
                    f'CREATE TRIGGER {name}_{verb.lower()}_refused BEFORE {verb} ON {name}'
                    " BEGIN SELECT RAISE(ABORT, 'the ledger is only ever added to'); END"
                )


    _merchants()


def _merchants() -> None:
    op.add_column('merchants', sa.Column('currency', sa.String(3), nullable=True))
    op.add_column('merchants', sa.Column('schedule', sa.String(20), nullable=False, server_default='daily'))
    op.add_column(
        'merchants',
        sa.Column(
            'payout_day',
            sa.Integer(),
            sa.CheckConstraint('payout_day BETWEEN 1 AND 31', name=op.f('ck_merchants_payout_day')),
            nullable=False,
            server_default='1',
        ),
    )
    op.add_column('merchants', sa.Column('version', sa.Integer(), nullable=False, server_default='1'))
    op.create_index('ix_orders_merchant', 'orders', ['merchant_id', 'created_at', 'id'])
    op.create_table(
        'beneficiaries',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('merchant_id', sa.String(40), nullable=False),
        sa.Column('kind', sa.String(20), nullable=False),
        sa.Column('holder', sa.String(140), nullable=False),
        sa.Column('number', sa.String(40), nullable=False),
        sa.Column('routing', sa.String(11), nullable=True),
        sa.Column('reason', sa.String(500), nullable=False),
        sa.Column('actor_name', sa.String(200), nullable=False),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name='fk_beneficiaries_merchant_id'),
        sa.PrimaryKeyConstraint('id', name='pk_beneficiaries'),
    )
    op.create_index('ix_beneficiaries_merchant', 'beneficiaries', ['merchant_id', 'id'])
    op.create_table(
        'commission_plans',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('merchant_id', sa.String(40), nullable=False),
        sa.Column('valid_from', INSTANT, nullable=False),
        sa.Column('terms', JSON, nullable=False),
        sa.Column('reason', sa.String(500), nullable=False),
        sa.Column('actor_name', sa.String(200), nullable=False),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name='fk_commission_plans_merchant_id'),
        sa.PrimaryKeyConstraint('id', name='pk_commission_plans'),
    )
    op.create_index('ix_commission_plans_merchant', 'commission_plans', ['merchant_id', 'valid_from', 'id'])


    _settlements()


def _settlements() -> None:
    op.create_table(
        'settlements',
        sa.Column('id', sa.String(80), nullable=False),
        sa.Column('status', sa.String(20), nullable=False),
        sa.Column('currency', sa.String(3), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('lines', sa.Integer(), nullable=False),
        *(sa.Column(f'{name}_minor', sa.BigInteger(), nullable=False) for name in ('gross', 'fee', 'net')),
        sa.Column('totals', JSON, nullable=False),
        sa.Column('available_on', sa.Date(), nullable=False),
        sa.Column('payout_id', sa.String(80), nullable=True),
        sa.Column('lines_read', sa.Integer(), nullable=False),
        sa.Column('net_read_minor', sa.BigInteger(), nullable=False),
        sa.Column('parts', JSON, nullable=False),
        sa.Column('breaks', sa.Integer(), nullable=False),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.Column('booked_at', INSTANT, nullable=True),
        sa.PrimaryKeyConstraint('id', name='pk_settlements'),
    )
    op.create_index('ix_settlements_created', 'settlements', ['created_at', 'id'])
    op.create_index('ix_settlements_status', 'settlements', ['status', 'created_at', 'id'])
    op.create_index('ix_settlements_currency', 'settlements', ['currency', 'day', 'id'])
    op.create_index('ix_settlements_payout', 'settlements', ['payout_id'])
    op.create_table(
        'settlement_lines',
        sa.Column('settlement_id', sa.String(80), nullable=False),
        sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('line_id', sa.String(80), nullable=False),
        sa.Column('type', sa.String(30), nullable=False),
        sa.Column('gateway_payment', sa.String(80), nullable=True),
        sa.Column('source_id', sa.String(80), nullable=False),
        sa.Column('payment_id', sa.String(40), nullable=True),
        sa.Column('owner', sa.String(40), nullable=False),
        sa.Column('currency', sa.String(3), nullable=False),
        *(sa.Column(f'{name}_minor', sa.BigInteger(), nullable=False) for name in ('gross', 'fee', 'net')),
        sa.Column('outcome', sa.String(20), nullable=False),
        sa.Column('expected_minor', sa.BigInteger(), nullable=True),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.ForeignKeyConstraint(['settlement_id'], ['settlements.id'], name='fk_settlement_lines_settlement_id'),
        sa.PrimaryKeyConstraint('settlement_id', 'number', name='pk_settlement_lines'),
    )
    op.create_index('ix_settlement_lines_source', 'settlement_lines', ['source_id', 'type'])
    op.create_index('ix_settlement_lines_payment', 'settlement_lines', ['payment_id'])
    differing = sa.text("outcome <> 'matched'")
    op.create_index(
        'ix_settlement_lines_differing',
        'settlement_lines',
        ['settlement_id', 'number'],
        sqlite_where=differing,
        postgresql_where=differing,
    )
    op.create_table(
        'payouts',
        sa.Column('id', sa.String(80), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('status', sa.String(20), nullable=False),
        sa.Column('amount_minor', sa.BigInteger(), nullable=False),
        sa.Column('currency', sa.String(3), nullable=False),
        sa.Column('settled_minor', sa.BigInteger(), nullable=False),
        sa.Column('carried_over_minor', sa.BigInteger(), nullable=False),
        sa.Column('settlements', JSON, nullable=False),
        sa.Column('parts', JSON, nullable=False),
        sa.Column('destination', JSON, nullable=False),
        sa.Column('failure', JSON, nullable=True),
        sa.Column('why', JSON, nullable=True),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.Column('arrives_at', INSTANT, nullable=True),
        sa.Column('paid_at', INSTANT, nullable=True),
        sa.Column('failed_at', INSTANT, nullable=True),
        sa.PrimaryKeyConstraint('id', name='pk_payouts'),
    )
    op.create_index('ix_payouts_created', 'payouts', ['created_at', 'id'])
    op.create_index('ix_payouts_status', 'payouts', ['status', 'created_at', 'id'])
    op.create_index('ix_payouts_currency', 'payouts', ['currency', 'amount_minor', 'id'])
    op.create_table(
        'breaks',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('kind', sa.String(20), nullable=False),
        sa.Column('status', sa.String(20), nullable=False),
        sa.Column('settlement_id', sa.String(80), nullable=False),
        sa.Column('line_id', sa.String(80), nullable=False),
        sa.Column('source_id', sa.String(80), nullable=False),
        sa.Column('payment_id', sa.String(40), nullable=True),
        sa.Column('currency', sa.String(3), nullable=False),
        sa.Column('said_minor', sa.BigInteger(), nullable=True),
        sa.Column('expected_minor', sa.BigInteger(), nullable=True),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.Column('resolved_at', INSTANT, nullable=True),
        sa.Column('resolved_by', sa.String(200), nullable=True),
        sa.Column('reason', sa.String(500), nullable=True),
        sa.ForeignKeyConstraint(['settlement_id'], ['settlements.id'], name='fk_breaks_settlement_id'),
        sa.PrimaryKeyConstraint('id', name='pk_breaks'),
    )
    op.create_index('ix_breaks_status', 'breaks', ['status', 'created_at', 'id'])
    op.create_index('ix_breaks_seen', 'breaks', ['created_at', 'id'])
    op.create_index('ix_breaks_settlement', 'breaks', ['settlement_id'])
    op.create_index('uq_breaks_one', 'breaks', ['kind', 'settlement_id', 'source_id', 'line_id'], unique=True)
    op.create_table(
        'merchant_payouts',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('merchant_id', sa.String(40), nullable=False),
        sa.Column('beneficiary_id', sa.String(40), nullable=False),
        sa.Column('status', sa.String(20), nullable=False),
        sa.Column('amount_minor', sa.BigInteger(), nullable=False),
        sa.Column('currency', sa.String(3), nullable=False),
        sa.Column('settled_until', INSTANT, nullable=False),
        sa.Column('made_by', sa.String(200), nullable=False),
        sa.Column('sent_by', sa.String(200), nullable=True),
        sa.Column('note', sa.String(500), nullable=True),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.Column('sent_at', INSTANT, nullable=True),
        sa.Column('ended_at', INSTANT, nullable=True),
        sa.CheckConstraint('amount_minor >= 1', name=op.f('ck_merchant_payouts_amount_positive')),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name='fk_merchant_payouts_merchant_id'),
        sa.ForeignKeyConstraint(['beneficiary_id'], ['beneficiaries.id'], name='fk_merchant_payouts_beneficiary_id'),
        sa.PrimaryKeyConstraint('id', name='pk_merchant_payouts'),
    )
    op.create_index('ix_merchant_payouts_merchant', 'merchant_payouts', ['merchant_id', 'currency', 'id'])
    op.create_index('ix_merchant_payouts_status', 'merchant_payouts', ['status', 'created_at', 'id'])
    op.create_index('ix_merchant_payouts_created', 'merchant_payouts', ['created_at', 'id'])
    proposed = sa.text("status = 'proposed'")
    op.create_index(
        'uq_merchant_payouts_one_proposed',
        'merchant_payouts',
        ['merchant_id', 'currency'],
        unique=True,
        sqlite_where=proposed,
        postgresql_where=proposed,
    )
    op.create_table(
        'gateway_terms',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('valid_from', INSTANT, nullable=False),
        sa.Column('fees', JSON, nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_gateway_terms'),
    )


def downgrade() -> None:
    for name in ('gateway_terms', 'merchant_payouts', 'breaks', 'payouts', 'settlement_lines', 'settlements'):
        op.drop_table(name)
    op.drop_table('commission_plans')
    op.drop_table('beneficiaries')
    op.drop_index('ix_orders_merchant', 'orders')
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('ALTER TABLE merchants DROP CONSTRAINT ck_merchants_payout_day')
    for name in ('version', 'payout_day', 'schedule', 'currency'):
        op.execute(f'ALTER TABLE merchants DROP COLUMN {name}')  # in place: other tables refer to it
    for name in ('ledger_seals', 'ledger_postings', 'ledger_transactions', 'ledger_accounts'):
        op.drop_table(name)
    if op.get_bind().dialect.name == 'postgresql':
        for name in ('ledger_posting_fits', 'ledger_balances', 'ledger_refuses'):
            op.execute(f'DROP FUNCTION {name}()')
