"""Settlements, their lines, payouts, and errors planted in reports."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payouts",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("carried_over", sa.BigInteger(), nullable=False),
        sa.Column("destination", sa.String(length=30), nullable=False),
        sa.Column("failure_code", sa.String(length=30), nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("arrives_us", sa.BigInteger(), nullable=False),
        sa.Column("paid_us", sa.BigInteger(), nullable=True),
        sa.Column("failed_us", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payouts_amount")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_payouts_account_id")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_payouts")),
    )
    op.create_index(
        op.f("ix_payouts_account_id_created_us_row"), "payouts", ["account_id", "created_us", "row"], unique=False
    )
    op.create_index("uq_payouts_account_id_id", "payouts", ["account_id", "id"], unique=True)
    op.create_table(
        "settlements",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("closed_us", sa.BigInteger(), nullable=True),
        sa.Column("available_us", sa.BigInteger(), nullable=True),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("totals", sa.Text(), nullable=False),
        sa.Column("reported_totals", sa.Text(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("reserve_released", sa.Boolean(), nullable=False),
        sa.Column("payout_row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_settlements_account_id")),
        sa.ForeignKeyConstraint(["payout_row"], ["payouts.row"], name=op.f("fk_settlements_payout_row")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_settlements")),
    )
    op.create_index(
        op.f("ix_settlements_account_id_closed_us_row"), "settlements", ["account_id", "closed_us", "row"], unique=False
    )
    op.create_index(
        op.f("ix_settlements_account_id_currency_payout_row"),
        "settlements",
        ["account_id", "currency", "payout_row"],
        unique=False,
    )
    op.create_index(op.f("ix_settlements_payout_row"), "settlements", ["payout_row"], unique=False)
    op.create_index(
        "uq_settlements_account_id_currency_day", "settlements", ["account_id", "currency", "day"], unique=True
    )
    op.create_index("uq_settlements_account_id_id", "settlements", ["account_id", "id"], unique=True)
    op.create_table(
        "payout_settlements",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payout_row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("settlement_row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_payout_settlements_account_id")),
        sa.ForeignKeyConstraint(["payout_row"], ["payouts.row"], name=op.f("fk_payout_settlements_payout_row")),
        sa.ForeignKeyConstraint(
            ["settlement_row"], ["settlements.row"], name=op.f("fk_payout_settlements_settlement_row")
        ),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_payout_settlements")),
    )
    op.create_index(
        op.f("ix_payout_settlements_payout_row_row"), "payout_settlements", ["payout_row", "row"], unique=False
    )
    op.create_index(
        op.f("ix_payout_settlements_settlement_row"), "payout_settlements", ["settlement_row"], unique=False
    )
    op.create_table(
        "settlement_lines",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("settlement_row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("appears", sa.String(length=6), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("payment_id", sa.String(length=40), nullable=True),
        sa.Column("source_id", sa.String(length=40), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("processing", sa.BigInteger(), nullable=False),
        sa.Column("interchange", sa.BigInteger(), nullable=False),
        sa.Column("scheme", sa.BigInteger(), nullable=False),
        sa.Column("markup", sa.BigInteger(), nullable=False),
        sa.Column("cross_border", sa.BigInteger(), nullable=False),
        sa.Column("currency_conversion", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("gross - fee = net", name=op.f("ck_settlement_lines_net")),
        sa.CheckConstraint(
            "processing + interchange + scheme + markup + cross_border + currency_conversion = fee",
            name=op.f("ck_settlement_lines_parts"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_settlement_lines_account_id")),
        sa.ForeignKeyConstraint(
            ["settlement_row"], ["settlements.row"], name=op.f("fk_settlement_lines_settlement_row")
        ),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_settlement_lines")),
    )
    op.create_index(
        op.f("ix_settlement_lines_account_id_payment_id"),
        "settlement_lines",
        ["account_id", "payment_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_settlement_lines_settlement_row_number"),
        "settlement_lines",
        ["settlement_row", "number"],
        unique=False,
    )
    op.create_table(
        "plants",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("settlement_row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("line_row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("planted_row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_plants_account_id")),
        sa.ForeignKeyConstraint(["line_row"], ["settlement_lines.row"], name=op.f("fk_plants_line_row")),
        sa.ForeignKeyConstraint(["planted_row"], ["settlement_lines.row"], name=op.f("fk_plants_planted_row")),
        sa.ForeignKeyConstraint(["settlement_row"], ["settlements.row"], name=op.f("fk_plants_settlement_row")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_plants")),
    )
    op.create_index(op.f("ix_plants_settlement_row"), "plants", ["settlement_row"], unique=False)
    op.create_index("uq_plants_account_id_id", "plants", ["account_id", "id"], unique=True)


def downgrade() -> None:
    op.drop_table("plants")
    op.drop_table("settlement_lines")
    op.drop_table("payout_settlements")
    op.drop_table("settlements")
    op.drop_table("payouts")
