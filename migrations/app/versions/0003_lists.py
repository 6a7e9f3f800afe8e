"""What lists filter, sort and search by: the card and decline of orders and payments, keys for prefixes; saved views."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
AT_ONCE = 1000


def _in_byte_order(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation='C'), 'postgresql')


def _partly(column: str) -> dict[str, sa.TextClause]:
    known = sa.text(f'{column} IS NOT NULL')
    return {'sqlite_where': known, 'postgresql_where': known}


def upgrade() -> None:
    op.add_column('orders', sa.Column('reference_key', _in_byte_order(100), nullable=False, server_default=sa.text("''")))
    op.add_column('orders', sa.Column('customer_name_key', _in_byte_order(200), nullable=False, server_default=sa.text("''")))
    for table in ('orders', 'payments'):
        op.add_column(table, sa.Column('card_network', sa.String(20), nullable=True))
        op.add_column(table, sa.Column('card_last4', sa.String(4), nullable=True))
    op.add_column('orders', sa.Column('decline_code', sa.String(60), nullable=True))
    if op.get_bind().dialect.name == 'postgresql':
        op.alter_column('orders', 'customer_email_key', type_=_in_byte_order(254), existing_type=sa.String(254))
    _fill()
    op.create_index('ix_orders_reference_key', 'orders', ['reference_key', 'created_at', 'id'])
    op.create_index('ix_orders_name_key', 'orders', ['customer_name_key', 'created_at', 'id'])
    for table in ('orders', 'payments'):
        op.create_index(f'ix_{table}_amount', table, ['currency', 'amount_minor', 'id'])
        op.create_index(f'ix_{table}_last4', table, ['card_last4', 'created_at', 'id'], **_partly('card_last4'))
        op.create_index(f'ix_{table}_network', table, ['card_network', 'created_at', 'id'], **_partly('card_network'))
        op.create_index(f'ix_{table}_decline', table, ['decline_code', 'created_at', 'id'], **_partly('decline_code'))
    op.create_index('ix_gateway_calls_request', 'gateway_calls', ['request_id'])
    op.create_table(
        'saved_views',
        sa.Column('id', sa.String(40), nullable=False),
        sa.Column('list', sa.String(20), nullable=False),
        sa.Column('name', sa.String(40), nullable=False),
        sa.Column('query', sa.String(2000), nullable=False),
        sa.Column('operator_id', sa.String(40), nullable=True),
        sa.Column('created_at', INSTANT, nullable=False),
        sa.ForeignKeyConstraint(['operator_id'], ['operators.id'], name=op.f('fk_saved_views_operator_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_views')),
    )
    op.create_index('ix_saved_views_list', 'saved_views', ['list', 'created_at', 'id'])


def _fill() -> None:
    """Give rows that stand already what new ones are written with."""
    connection = op.get_bind()
    orders = sa.table('orders', *map(sa.column, ('id', 'reference', 'reference_key', 'customer_name',
                                                 'customer_name_key', 'card_network', 'card_last4', 'decline_code')))
    payments = sa.table('payments', sa.column('id'), sa.column('order_id'), sa.column('created_at'),
                        sa.column('card', sa.JSON), sa.column('card_network'), sa.column('card_last4'),
                        sa.column('decline_code'))
    for rows in connection.execute(sa.select(payments.c.id, payments.c.card)).partitions(AT_ONCE):
        told = [{'row': row.id, 'network': row.card['network'], 'last4': row.card['last4']} for row in rows if row.card]
        if told:
            connection.execute(
                payments.update().where(payments.c.id == sa.bindparam('row')).values(
                    card_network=sa.bindparam('network'), card_last4=sa.bindparam('last4')), told)
    for rows in connection.execute(sa.select(orders.c.id, orders.c.reference, orders.c.customer_name)).partitions(AT_ONCE):
        connection.execute(
            orders.update().where(orders.c.id == sa.bindparam('row')).values(
                reference_key=sa.bindparam('reference'), customer_name_key=sa.bindparam('name')),
            [{'row': row.id, 'reference': row.reference.lower()[:100], 'name': row.customer_name.lower()[:200]} for row in rows])
    newest = payments.alias()
    of_order = (sa.select(newest.c.id).where(newest.c.order_id == orders.c.id)
                .order_by(newest.c.created_at.desc(), newest.c.id.desc()).limit(1).correlate(orders).scalar_subquery())
    for name in ('card_network', 'card_last4', 'decline_code'):
        value = sa.select(payments.c[name]).where(payments.c.id == of_order).correlate(orders).scalar_subquery()
        connection.execute(orders.update().values({name: value}))
