"""Who else sells items of an order, so that lists of orders find it by them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')
AT_ONCE = 1000


def upgrade() -> None:
    sellers = op.create_table(
        'item_sellers',
        sa.Column('merchant_id', sa.String(40), nullable=False),
        sa.Column('order_id', sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name='fk_item_sellers_merchant_id'),
        sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name='fk_item_sellers_order_id'),
        sa.PrimaryKeyConstraint('merchant_id', 'order_id', name='pk_item_sellers'),
    )
    orders = sa.table('orders', sa.column('id'), sa.column('merchant_id'), sa.column('items', JSON))
    connection = op.get_bind()
    placed = connection.execute(sa.select(orders.c.id, orders.c.merchant_id, orders.c['items']))
    while rows := placed.fetchmany(AT_ONCE):
        found = [
            {'merchant_id': seller, 'order_id': order_id}
            for order_id, merchant_id, items in rows
            for seller in {item.get('merchant') for item in items} - {None, merchant_id}
        ]
        if found:
            connection.execute(sa.insert(sellers), found)


def downgrade() -> None:
    op.drop_table('item_sellers')
