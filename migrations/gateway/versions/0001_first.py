"""The tables of the gateway's first version."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("publishable_key", sa.String(length=32), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("clock_mode", sa.String(length=8), nullable=False),
        sa.Column("clock_offset_us", sa.BigInteger(), nullable=False),
        sa.Column("clock_frozen_us", sa.BigInteger(), nullable=True),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.BigInteger(), nullable=False),
        sa.Column("opened_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_accounts_key_hash")),
        sa.UniqueConstraint("publishable_key", name=op.f("uq_accounts_publishable_key")),
    )
    op.create_table(
        "events",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("timestamp_us", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_events_account_id")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_events")),
        sa.UniqueConstraint("account_id", "id", name=op.f("uq_events_account_id_id")),
    )
    op.create_index(op.f("ix_events_account_id_row"), "events", ["account_id", "row"], unique=False)
    op.create_table(
        "faults",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("fired", sa.Integer(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_faults_account_id")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_faults")),
    )
    op.create_index("uq_faults_account_id_id", "faults", ["account_id", "id"], unique=True)
    op.create_table(
        "jobs",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=50), nullable=False),
        sa.Column("object_id", sa.String(length=40), nullable=False),
        sa.Column("due_us", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_jobs_account_id")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_jobs")),
        sa.UniqueConstraint("account_id", "object_id", "kind", name=op.f("uq_jobs_account_id_object_id_kind")),
    )
    op.create_index(op.f("ix_jobs_account_id_due_us_row"), "jobs", ["account_id", "due_us", "row"], unique=False)
    op.create_table(
        "kept_answers",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("content_type", sa.String(length=40), nullable=False),
        sa.Column("location", sa.String(length=200), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("expires_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_kept_answers_account_id")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_kept_answers")),
    )
    op.create_index("uq_kept_answers_account_id_key", "kept_answers", ["account_id", "key"], unique=True)
    op.create_table(
        "payments",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_captured", sa.BigInteger(), nullable=False),
        sa.Column("amount_released", sa.BigInteger(), nullable=False),
        sa.Column("amount_refunded", sa.BigInteger(), nullable=False),
        sa.Column("captures_at_once", sa.Boolean(), nullable=False),
        sa.Column("test_card", sa.String(length=60), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("checks", sa.Text(), nullable=False),
        sa.Column("authentication", sa.Text(), nullable=True),
        sa.Column("decline", sa.Text(), nullable=True),
        sa.Column("authorization_code", sa.String(length=6), nullable=True),
        sa.Column("reference", sa.String(length=255), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("statement_descriptor", sa.String(length=22), nullable=True),
        sa.Column("customer", sa.Text(), nullable=True),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("return_url", sa.Text(), nullable=True),
        sa.Column("challenge_secret", sa.String(length=52), nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("authorized_us", sa.BigInteger(), nullable=True),
        sa.Column("expires_us", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payments_amount")),
        sa.CheckConstraint("amount_captured + amount_released <= amount", name=op.f("ck_payments_captured")),
        sa.CheckConstraint("amount_captured >= 0 AND amount_released >= 0", name=op.f("ck_payments_counters")),
        sa.CheckConstraint(
            "amount_refunded >= 0 AND amount_refunded <= amount_captured", name=op.f("ck_payments_refunded")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_payments_account_id")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_payments")),
    )
    op.create_index(
        op.f("ix_payments_account_id_created_us_row"), "payments", ["account_id", "created_us", "row"], unique=False
    )
    op.create_index(
        op.f("ix_payments_account_id_reference_created_us_row"),
        "payments",
        ["account_id", "reference", "created_us", "row"],
        unique=False,
    )
    op.create_index(
        op.f("ix_payments_account_id_status_created_us_row"),
        "payments",
        ["account_id", "status", "created_us", "row"],
        unique=False,
    )
    op.create_index("uq_payments_account_id_id", "payments", ["account_id", "id"], unique=True)
    op.create_index("uq_payments_challenge_secret", "payments", ["challenge_secret"], unique=True)
    op.create_table(
        "rate_windows",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("window", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_rate_windows_account_id")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_rate_windows")),
        sa.UniqueConstraint("account_id", name=op.f("uq_rate_windows_account_id")),
    )
    op.create_table(
        "tokens",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("test_card", sa.String(length=60), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("has_line1", sa.Boolean(), nullable=False),
        sa.Column("has_postal_code", sa.Boolean(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("expires_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_tokens_account_id")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_tokens")),
    )
    op.create_index("uq_tokens_account_id_id", "tokens", ["account_id", "id"], unique=True)
    op.create_table(
        "webhook_endpoints",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.String(length=20), nullable=True),
        sa.Column("secrets", sa.Text(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_webhook_endpoints_account_id")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_webhook_endpoints")),
        sa.UniqueConstraint("account_id", "id", name=op.f("uq_webhook_endpoints_account_id_id")),
        info={"kept_on_reset": True},
    )
    op.create_index(
        op.f("ix_webhook_endpoints_account_id_row"), "webhook_endpoints", ["account_id", "row"], unique=False
    )
    op.create_table(
        "captures",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("payment_row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_captures_amount")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_captures_account_id")),
        sa.ForeignKeyConstraint(["payment_row"], ["payments.row"], name=op.f("fk_captures_payment_row")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_captures")),
    )
    op.create_index(op.f("ix_captures_payment_row"), "captures", ["payment_row"], unique=False)
    op.create_index("uq_captures_account_id_id", "captures", ["account_id", "id"], unique=True)
    op.create_table(
        "refunds",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("payment_row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refunds_amount")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_refunds_account_id")),
        sa.ForeignKeyConstraint(["payment_row"], ["payments.row"], name=op.f("fk_refunds_payment_row")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_refunds")),
    )
    op.create_index(op.f("ix_refunds_payment_row"), "refunds", ["payment_row"], unique=False)
    op.create_index("uq_refunds_account_id_id", "refunds", ["account_id", "id"], unique=True)
    op.create_table(
        "webhook_deliveries",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("event_row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("event_type", sa.String(length=40), nullable=False),
        sa.Column("endpoint_id", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("due_us", sa.BigInteger(), nullable=False),
        sa.Column("claimable_us", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.String(length=40), nullable=True),
        sa.Column("sent_us", sa.BigInteger(), nullable=True),
        sa.Column("duration_us", sa.BigInteger(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("request_headers", sa.Text(), nullable=True),
        sa.Column("response_status", sa.Integer(), nullable=True),
        sa.Column("response_headers", sa.Text(), nullable=True),
        sa.Column("response_body", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("next_attempt_us", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_webhook_deliveries_account_id")),
        sa.ForeignKeyConstraint(["event_row"], ["events.row"], name=op.f("fk_webhook_deliveries_event_row")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint("account_id", "id", name=op.f("uq_webhook_deliveries_account_id_id")),
    )
    op.create_index(
        op.f("ix_webhook_deliveries_account_id_row"), "webhook_deliveries", ["account_id", "row"], unique=False
    )
    op.create_index(
        op.f("ix_webhook_deliveries_claimable_us"),
        "webhook_deliveries",
        ["claimable_us"],
        unique=False,
        sqlite_where=sa.text("claimable_us IS NOT NULL"),
        postgresql_where=sa.text("claimable_us IS NOT NULL"),
    )
    op.create_index(op.f("ix_webhook_deliveries_event_row"), "webhook_deliveries", ["event_row"], unique=False)
