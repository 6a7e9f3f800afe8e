"""Faults in full, webhook chaos, and the request log."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("webhook_deliveries") as batch:
        batch.add_column(sa.Column("faults", sa.Text(), nullable=True))
        batch.add_column(sa.Column("held", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        "ix_webhook_deliveries_held",
        "webhook_deliveries",
        ["account_id"],
        unique=False,
        sqlite_where=sa.text("held"),
        postgresql_where=sa.text("held"),
    )
    with op.batch_alter_table("webhook_endpoints") as batch:
        batch.add_column(sa.Column("disabled_us", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("failing_since_us", sa.BigInteger(), nullable=True))
    op.create_table(
        "request_log",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("received_us", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("operation", sa.String(length=10), nullable=True),
        sa.Column("key", sa.String(length=255), nullable=True),
        sa.Column("verdict", sa.String(length=20), nullable=True),
        sa.Column("reference", sa.String(length=255), nullable=True),
        sa.Column("payment_id", sa.String(length=64), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("true_status", sa.SmallInteger(), nullable=True),
        sa.Column("error_code", sa.String(length=40), nullable=True),
        sa.Column("client_saw", sa.String(length=20), nullable=True),
        sa.Column("fault_id", sa.String(length=40), nullable=True),
        sa.Column("duration_us", sa.BigInteger(), nullable=True),
        sa.Column("request_body", sa.Text(), nullable=True),
        sa.Column("response_body", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_request_log")),
    )
    op.create_index(op.f("ix_request_log_account_id_row"), "request_log", ["account_id", "row"], unique=False)


def downgrade() -> None:
    op.drop_table("request_log")
    with op.batch_alter_table("webhook_endpoints") as batch:
        batch.drop_column("failing_since_us")
        batch.drop_column("disabled_us")
    op.drop_index("ix_webhook_deliveries_held", "webhook_deliveries")
    with op.batch_alter_table("webhook_deliveries") as batch:
        batch.drop_column("held")
        batch.drop_column("faults")
