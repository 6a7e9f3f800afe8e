"""Messages to customers and to the order service, each try at them, and which notices were read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')


def key(length):
    return sa.String(length).with_variant(sa.String(length, collation='C'), 'postgresql')


def upgrade() -> None:
    op.create_table(
        'messages',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('channel', sa.String(10), nullable=False),
        sa.Column('kind', sa.String(60), nullable=False),
        sa.Column('occasion', sa.String(160), nullable=False),
        sa.Column('status', sa.String(10), nullable=False),
        sa.Column('order_id', sa.String(40), nullable=True),
        sa.Column('reference', sa.String(100), nullable=True),
        sa.Column('customer_id', sa.String(40), nullable=True),
        sa.Column('recipient', sa.String(2048), nullable=False),
        sa.Column('recipient_key', key(254), nullable=False),
        sa.Column('language', sa.String(20), nullable=True),
        sa.Column('facts', JSON, nullable=False),
        sa.Column('subject', sa.String(300), nullable=True),
        sa.Column('body', sa.Text(), nullable=True),
        sa.Column('html', sa.Text(), nullable=True),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('last_error', sa.String(500), nullable=True),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.Column('recorded_at', INSTANT, nullable=False),
        sa.Column('next_try_at', INSTANT, nullable=True),
        sa.Column('ended_at', INSTANT, nullable=True),
        sa.PrimaryKeyConstraint('id', name='pk_messages'),
        sa.UniqueConstraint('occasion', name='uq_messages_occasion'),
    )
    op.create_index('ix_messages_created', 'messages', ['created_at', 'id'])
    op.create_index('ix_messages_status', 'messages', ['status', 'created_at', 'id'])
    op.create_index('ix_messages_channel', 'messages', ['channel', 'created_at', 'id'])
    op.create_index('ix_messages_recipient', 'messages', ['recipient_key', 'created_at', 'id'])
    op.create_index('ix_messages_order', 'messages', ['order_id', 'id'])
    op.create_index('ix_messages_customer', 'messages', ['customer_id', 'id'])
    op.create_table(
        'message_tries',
        sa.Column('id', BIG_ID, autoincrement=True, nullable=False),
        sa.Column('message_id', sa.String(40), nullable=False),
        sa.Column('started_at', INSTANT, nullable=False),
        sa.Column('duration_ms', sa.Integer(), nullable=False),
        sa.Column('status', sa.Integer(), nullable=True),
        sa.Column('error', sa.String(500), nullable=True),
        sa.Column('request', JSON, nullable=False),
        sa.Column('response', JSON, nullable=True),
        sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name='fk_message_tries_message_id'),
        sa.PrimaryKeyConstraint('id', name='pk_message_tries'),
    )
    op.create_index('ix_message_tries_message', 'message_tries', ['message_id', 'id'])
    op.create_table(
        'notice_reads',
        sa.Column('operator_id', sa.String(40), nullable=False),
        sa.Column('notice_id', BIG_ID, nullable=False),
        sa.Column('read_at', INSTANT, nullable=False),
        sa.ForeignKeyConstraint(['operator_id'], ['operators.id'], name='fk_notice_reads_operator_id'),
        sa.ForeignKeyConstraint(['notice_id'], ['notices.id'], name='fk_notice_reads_notice_id'),
        sa.PrimaryKeyConstraint('operator_id', 'notice_id', name='pk_notice_reads'),
    )
    op.create_table(
        'order_service',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('url', sa.String(2048), nullable=False),
        sa.Column('disabled_at', INSTANT, nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_order_service'),
    )
    with op.batch_alter_table('customers') as table:
        table.add_column(sa.Column('status', sa.String(10), nullable=False, server_default=sa.text("'active'")))
        table.add_column(sa.Column('name_key', key(200), nullable=False, server_default=sa.text("''")))
        table.add_column(sa.Column('merged_into', sa.String(40), nullable=True))
        table.add_column(sa.Column('changed_at', INSTANT, nullable=True))
    if op.get_bind().dialect.name == 'postgresql':
        op.alter_column('customers', 'email_key', type_=sa.String(254, collation='C'))
    op.execute(sa.text("UPDATE customers SET name_key = substr(lower(name), 1, 200)"))
    op.create_index('ix_customers_created', 'customers', ['created_at', 'id'])
    op.create_index('ix_customers_status', 'customers', ['status', 'created_at', 'id'])
    op.create_index('ix_customers_name_key', 'customers', ['name_key', 'created_at', 'id'])


def downgrade() -> None:
    op.drop_index('ix_customers_name_key', 'customers')
    op.drop_index('ix_customers_status', 'customers')
    op.drop_index('ix_customers_created', 'customers')
    with op.batch_alter_table('customers') as table:
        table.drop_column('changed_at')
        table.drop_column('merged_into')
        table.drop_column('name_key')
        table.drop_column('status')
    op.drop_table('order_service')
    op.drop_table('notice_reads')
    op.drop_table('message_tries')
    op.drop_table('messages')
