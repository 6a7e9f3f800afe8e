"""Tables of payments and their captures. The database repeats the guards: no sum may pass the one before it."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from sandbox_gateway.schema import (
    BIG_ID,
    account_column,
    amount_column,
    currency_column,
    instant_column,
    json_column,
    metadata,
    optional_instant_column,
    public_id_column,
    row_column,
)

payments = Table(
    "payments",
    metadata,
    row_column(),
    account_column(),
    public_id_column(),
    Column("version", Integer, nullable=False),
    Column("status", String(20), nullable=False),
    amount_column(),
    currency_column(),
    amount_column("amount_captured"),
    # Held once and let go without being captured.
    amount_column("amount_released"),
    # A pending refund counts until it fails.
    amount_column("amount_refunded"),
    # Held by chargebacks that are open, and lost to those that were not won.
    Column("amount_disputed", BigInteger, nullable=False, server_default="0"),
    Column("amount_disputed_lost", BigInteger, nullable=False, server_default="0"),
    # How many disputes there are: nearly always none, and then nobody looks for them.
    Column("disputed_times", Integer, nullable=False, server_default="0"),
    Column("captures_at_once", Boolean, nullable=False),
    # The card's name in the catalogue, and the story that its bank follows, as it was told when the token was made.
    Column("test_card", String(60), nullable=False),
    Column("story", Text, nullable=False, server_default="{}"),
    json_column("card"),
    json_column("checks"),
    Column("authentication", Text, nullable=True),
    Column("decline", Text, nullable=True),
    Column("capture_failure", Text, nullable=True),
    Column("authorization_code", String(6), nullable=True),
    Column("reference", String(255), nullable=True),
    Column("description", Text, nullable=True),
    Column("statement_descriptor", String(22), nullable=True),
    Column("customer", Text, nullable=True),
    json_column("metadata"),
    Column("return_url", Text, nullable=True),
    Column("challenge_secret", String(52), nullable=True),
    instant_column("created"),
    optional_instant_column("authorized"),
    optional_instant_column("expires"),
    # What brought the present outcome, in words of that time: the catalogue may change, history does not.
    Column("why", Text, nullable=False),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("amount_captured >= 0 AND amount_released >= 0", name="counters"),
    CheckConstraint("amount_captured + amount_released <= amount", name="captured"),
    CheckConstraint("amount_refunded >= 0 AND amount_refunded <= amount_captured", name="refunded"),
    CheckConstraint(
        "amount_disputed >= 0 AND amount_disputed_lost >= 0"
        " AND amount_refunded + amount_disputed + amount_disputed_lost <= amount_captured",
        name="disputed",
    ),
    Index("uq_payments_account_id_id", "account_id", "id", unique=True),
    Index("uq_payments_challenge_secret", "challenge_secret", unique=True),
    Index(None, "account_id", "created_us", "row"),
    Index(None, "account_id", "reference", "created_us", "row"),
    Index(None, "account_id", "status", "created_us", "row"),
)

captures = Table(
    "captures",
    metadata,
    row_column(),
    account_column(),
    public_id_column(),
    Column("payment_row", BIG_ID, ForeignKey("payments.row"), nullable=False, index=True),
    amount_column(),
    Column("final", Boolean, nullable=False),
    instant_column("created"),
    CheckConstraint("amount > 0", name="amount"),
    Index("uq_captures_account_id_id", "account_id", "id", unique=True),
)
