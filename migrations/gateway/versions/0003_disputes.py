"""Disputes and their evidence; what of a payment they hold and what was lost to them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("payments", sa.Column("amount_disputed", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("payments", sa.Column("disputed_times", sa.Integer(), server_default="0", nullable=False))
    # Both databases take a check along with a new column; SQLite could not add it later without copying the table.
    op.execute(
        "ALTER TABLE payments ADD COLUMN amount_disputed_lost BIGINT DEFAULT '0' NOT NULL"
        " CONSTRAINT ck_payments_disputed CHECK (amount_disputed >= 0 AND amount_disputed_lost >= 0"
        " AND amount_refunded + amount_disputed + amount_disputed_lost <= amount_captured)"
    )
    op.create_table(
        "disputes",
        sa.Column("row", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("payment_row", _ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("previous", sa.String(length=40), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("network_reason_code", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("comes_back", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("respond_by_us", sa.BigInteger(), nullable=False),
        sa.Column("submitted_us", sa.BigInteger(), nullable=True),
        sa.Column("decided_us", sa.BigInteger(), nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.CheckConstraint("amount > 0 AND fee >= 0", name=op.f("ck_disputes_amount")),
        sa.CheckConstraint("kind = 'chargeback' OR fee = 0", name=op.f("ck_disputes_inquiry")),
        sa.CheckConstraint("(round = 1) = (previous IS NULL)", name=op.f("ck_disputes_round")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_disputes_account_id")),
        sa.ForeignKeyConstraint(["payment_row"], ["payments.row"], name=op.f("fk_disputes_payment_row")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_disputes")),
    )
    op.create_index("uq_disputes_account_id_id", "disputes", ["account_id", "id"], unique=True)
    op.create_index("uq_disputes_account_id_previous", "disputes", ["account_id", "previous"], unique=True)
    op.create_index(op.f("ix_disputes_payment_row"), "disputes", ["payment_row"])
    op.create_index(op.f("ix_disputes_account_id_created_us_row"), "disputes", ["account_id", "created_us", "row"])
    op.create_index(
        op.f("ix_disputes_account_id_status_created_us_row"),
        "disputes",
        ["account_id", "status", "created_us", "row"],
    )


def downgrade() -> None:
    op.drop_table("disputes")
    # The check goes with the column that brought it.
    for column in ("amount_disputed_lost", "disputed_times", "amount_disputed"):
        op.drop_column("payments", column)
