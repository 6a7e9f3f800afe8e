"""What is thought of payments before they are authorized: assessments, rules, lists, reviews, labels."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')


def _where(condition: str) -> dict[str, sa.TextClause]:
    return {'sqlite_where': sa.text(condition), 'postgresql_where': sa.text(condition)}


def upgrade() -> None:
    op.create_table(
        'risk_assessments',
        sa.Column('id', BIG_ID, autoincrement=True, nullable=False),
        sa.Column('payment_id', sa.String(40), nullable=False),
        sa.Column('order_id', sa.String(40), nullable=False),
        sa.Column('customer_id', sa.String(40), nullable=False),
        sa.Column('merchant_id', sa.String(40), nullable=False),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.Column('decision', sa.String(20), nullable=False),
        sa.Column('why', sa.String(200), nullable=False),
        sa.Column('score', sa.Integer(), nullable=True),
        sa.Column('probability', sa.String(30), nullable=True),
        sa.Column('not_assessed', sa.String(200), nullable=True),
        sa.Column('reasons', JSON, nullable=False),
        sa.Column('points', JSON, nullable=False),
        sa.Column('hits', JSON, nullable=False),
        sa.Column('fired', sa.Integer(), nullable=False),
        sa.Column('model_version', sa.String(80), nullable=True),
        sa.Column('challenger_version', sa.String(80), nullable=True),
        sa.Column('challenger_score', sa.Integer(), nullable=True),
        sa.Column('challenger_probability', sa.String(30), nullable=True),
        sa.Column('rules_version', sa.BigInteger(), nullable=False),
        sa.Column('features', JSON, nullable=False),
        sa.Column('facts', JSON, nullable=False),
        sa.Column('took_us', sa.Integer(), nullable=False),
        sa.Column('tail_us', sa.Integer(), nullable=False),
        sa.Column('amount_minor', sa.BigInteger(), nullable=False),
        sa.Column('currency', sa.String(3), nullable=False),
        sa.Column('card_fingerprint', sa.String(80), nullable=True),
        sa.Column('card', JSON, nullable=False),
        sa.Column('email_key', sa.String(254), nullable=True),
        sa.Column('ip', sa.String(45), nullable=True),
        sa.Column('ip_country', sa.String(2), nullable=True),
        sa.Column('device_id', sa.String(100), nullable=True),
        sa.Column('was_declined', sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint('id', name='pk_risk_assessments'),
        sa.UniqueConstraint('payment_id', name='uq_risk_assessments_payment_id'),
    )
    op.create_index('ix_risk_assessments_created', 'risk_assessments', ['created_at', 'id'])
    op.create_index('ix_risk_assessments_order', 'risk_assessments', ['order_id'])
    op.create_index('ix_risk_assessments_fired', 'risk_assessments', ['created_at'], **_where('fired > 0'))
    op.create_index('ix_risk_assessments_customer', 'risk_assessments', ['customer_id', 'created_at'])
    for name, column in (('card', 'card_fingerprint'), ('email', 'email_key'), ('ip', 'ip'), ('device', 'device_id')):
        op.create_index(
            f'ix_risk_assessments_{name}',
            'risk_assessments',
            [column, 'created_at'],
            **_where(f'{column} IS NOT NULL'),
        )
    op.create_table(
        'risk_rules',
        sa.Column('id', BIG_ID, autoincrement=True, nullable=False),
        sa.Column('rule_id', sa.String(40), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(100), nullable=False),
        sa.Column('action', sa.String(20), nullable=False),
        sa.Column('condition', sa.String(2000), nullable=False),
        sa.Column('mode', sa.String(20), nullable=False),
        sa.Column('reason', sa.String(500), nullable=False),
        sa.Column('actor_name', sa.String(200), nullable=False),
        sa.Column('actor_id', sa.String(40), nullable=True),
        sa.Column('at', INSTANT, nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_risk_rules'),
        sa.UniqueConstraint('rule_id', 'version', name='uq_risk_rules_rule_id_version'),
    )
    op.create_table(
        'risk_lists',
        sa.Column('name', sa.String(60), nullable=False),
        sa.Column('words', sa.String(300), nullable=False),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.PrimaryKeyConstraint('name', name='pk_risk_lists'),
    )
    op.create_table(
        'risk_list_entries',
        sa.Column('id', BIG_ID, autoincrement=True, nullable=False),
        sa.Column('list_name', sa.String(60), nullable=False),
        sa.Column('value', sa.String(254), nullable=False),
        sa.Column('note', sa.String(300), nullable=False),
        sa.Column('expires_at', INSTANT, nullable=True),
        sa.Column('actor_name', sa.String(200), nullable=False),
        sa.Column('added_at', INSTANT, nullable=False),
        sa.Column('removed_at', INSTANT, nullable=True),
        sa.Column('removed_by', sa.String(200), nullable=True),
        sa.PrimaryKeyConstraint('id', name='pk_risk_list_entries'),
    )
    op.create_index('ix_risk_list_entries_value', 'risk_list_entries', ['list_name', 'value'])
    op.create_index('ix_risk_list_entries_removed', 'risk_list_entries', ['removed_at'])
    op.create_table(
        'risk_reviews',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('payment_id', sa.String(40), nullable=False),
        sa.Column('order_id', sa.String(40), nullable=False),
        sa.Column('assessment_id', sa.BigInteger(), nullable=False),
        sa.Column('state', sa.String(20), nullable=False),
        sa.Column('why', sa.String(200), nullable=False),
        sa.Column('expected_loss_minor', sa.BigInteger(), nullable=False),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.Column('due_at', INSTANT, nullable=False),
        sa.Column('decided_at', INSTANT, nullable=True),
        sa.Column('decided_by', sa.String(200), nullable=True),
        sa.Column('reason', sa.String(500), nullable=True),
        sa.PrimaryKeyConstraint('id', name='pk_risk_reviews'),
        sa.UniqueConstraint('payment_id', name='uq_risk_reviews_payment_id'),
    )
    op.create_index('ix_risk_reviews_queue', 'risk_reviews', ['state', 'expected_loss_minor'])
    op.create_index('ix_risk_reviews_due', 'risk_reviews', ['state', 'due_at'])
    op.create_table(
        'risk_labels',
        sa.Column('id', BIG_ID, autoincrement=True, nullable=False),
        sa.Column('payment_id', sa.String(40), nullable=False),
        sa.Column('is_fraud', sa.Boolean(), nullable=False),
        sa.Column('source', sa.String(40), nullable=False),
        sa.Column('arrived_at', INSTANT, nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_risk_labels'),
        sa.UniqueConstraint('payment_id', 'source', name='uq_risk_labels_payment_id_source'),
    )
    op.create_index('ix_risk_labels_arrived', 'risk_labels', ['arrived_at', 'id'])
    op.create_table(
        'risk_news',
        sa.Column('id', BIG_ID, autoincrement=True, nullable=False),
        sa.Column('payment_id', sa.String(40), nullable=False),
        sa.Column('what', sa.String(20), nullable=False),
        sa.Column('at', INSTANT, nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_risk_news'),
    )
    op.create_table(
        'risk_models',
        sa.Column('version', sa.String(80), nullable=False),
        sa.Column('content', sa.Text(), nullable=False),
        sa.Column('duel', JSON, nullable=True),
        sa.Column('made_at', INSTANT, nullable=False),
        sa.Column('made_by', sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint('version', name='pk_risk_models'),
    )
    op.create_table(
        'risk_model_changes',
        sa.Column('id', BIG_ID, autoincrement=True, nullable=False),
        sa.Column('role', sa.String(20), nullable=False),
        sa.Column('version', sa.String(80), nullable=True),
        sa.Column('reason', sa.String(500), nullable=False),
        sa.Column('actor_name', sa.String(200), nullable=False),
        sa.Column('actor_id', sa.String(40), nullable=True),
        sa.Column('at', INSTANT, nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_risk_model_changes'),
    )
    op.create_table(
        'risk_trainings',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('state', sa.String(20), nullable=False),
        sa.Column('doing', sa.String(100), nullable=False),
        sa.Column('done', sa.Integer(), nullable=False),
        sa.Column('of', sa.Integer(), nullable=False),
        sa.Column('words', sa.String(500), nullable=True),
        sa.Column('version', sa.String(80), nullable=True),
        sa.Column('begun_at', INSTANT, nullable=False),
        sa.Column('begun_by', sa.String(200), nullable=False),
        sa.Column('ended_at', INSTANT, nullable=True),
        sa.PrimaryKeyConstraint('id', name='pk_risk_trainings'),
    )
    op.add_column('payments', sa.Column('in_review', sa.Boolean(), nullable=False, server_default=sa.false()))
    _one_live('blocked', 'declined', 'expired', 'failed', 'voided')


def _one_live(*over: str) -> None:
    """An order has one payment at most that is not over."""
    op.drop_index('uq_payments_one_live', 'payments')
    statuses = ', '.join(f"'{status}'" for status in over)
    condition = _where(f'status NOT IN ({statuses})')
    op.create_index('uq_payments_one_live', 'payments', ['order_id'], unique=True, **condition)


def downgrade() -> None:
    op.execute("UPDATE payments SET status = 'failed' WHERE status = 'blocked'")
    _one_live('declined', 'expired', 'failed', 'voided')
    with op.batch_alter_table('payments') as table:
        table.drop_column('in_review')
    for table in ('trainings', 'model_changes', 'models', 'news', 'labels', 'reviews', 'list_entries', 'lists', 'rules', 'assessments'):
        op.drop_table(f'risk_{table}')
