"""Tables of settlements (one per currency and day), their lines, payouts, and errors planted in reports.

A line belongs to its batch from the moment it is booked, so closing a day touches no line, however many there are.
"""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from sandbox_gateway.schema import (
    BIG_ID,
    PLACED_BY_ORDER,
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
from sandbox_gateway.settlements.fees import PARTS

# Where a line is to be seen: nearly always in both. A planted error takes it out of the report, or is in it alone.
BOTH, TRUTH, REPORT = "both", "truth", "report"

payouts = Table(
    "payouts",
    metadata,
    row_column(),
    account_column(),
    public_id_column(),
    Column("version", Integer, nullable=False),
    Column("status", String(12), nullable=False),
    amount_column(),
    currency_column(),
    # What of the amount was settled earlier and had to wait; negative where more was owed than earned.
    amount_column("carried_over"),
    Column("destination", String(30), nullable=False),
    Column("failure_code", String(30), nullable=True),
    instant_column("created"),
    instant_column("arrives"),
    optional_instant_column("paid"),
    optional_instant_column("failed"),
    Column("why", Text, nullable=False),
    CheckConstraint("amount > 0", name="amount"),
    Index("uq_payouts_account_id_id", "account_id", "id", unique=True),
    Index(None, "account_id", "created_us", "row"),
)

settlements = Table(
    "settlements",
    metadata,
    row_column(),
    account_column(),
    public_id_column(),
    currency_column(),
    Column("day", Integer, nullable=False),
    # Until its day is over a batch is open: it takes lines and is not shown.
    optional_instant_column("closed"),
    optional_instant_column("available"),
    # The number of the line that came last.
    Column("last_number", Integer, nullable=False),
    Column("lines", Integer, nullable=False),
    amount_column("gross"),
    amount_column("fee"),
    amount_column("net"),
    # By type, as it is and as the report says.
    json_column("totals"),
    json_column("reported_totals"),
    amount_column("reserved"),
    Column("reserve_released", Boolean, nullable=False),
    # The payout that pays it; none while it waits, and none again after that one failed.
    Column("payout_row", BIG_ID, ForeignKey("payouts.row"), nullable=True),
    Index("uq_settlements_account_id_id", "account_id", "id", unique=True),
    Index("uq_settlements_account_id_currency_day", "account_id", "currency", "day", unique=True),
    Index(None, "account_id", "closed_us", "row"),
    Index(None, "account_id", "currency", "payout_row"),
    Index(None, "payout_row"),
)

settlement_lines = Table(
    "settlement_lines",
    metadata,
    row_column(),
    account_column(),
    public_id_column(),
    Column("settlement_row", BIG_ID, ForeignKey("settlements.row"), nullable=False),
    # Its place among the batch's lines. A line that only the report has stands in that of the one that it replaces.
    Column("number", Integer, nullable=False),
    Column("appears", String(6), nullable=False),
    Column("type", String(20), nullable=False),
    Column("payment_id", String(40), nullable=True),
    Column("source_id", String(40), nullable=False),
    amount_column("gross"),
    amount_column("fee"),
    *(amount_column(part) for part in PARTS),
    amount_column("net"),
    instant_column("created"),
    CheckConstraint("gross - fee = net", name="net"),
    CheckConstraint(f"{' + '.join(PARTS)} = fee", name="parts"),
    Index(None, "settlement_row", "number"),
    Index(None, "account_id", "payment_id"),
    info=PLACED_BY_ORDER,
)

# Which batches a payout paid, or tried to: a failed one's are in the next one's list too.
payout_settlements = Table(
    "payout_settlements",
    metadata,
    row_column(),
    account_column(),
    Column("payout_row", BIG_ID, ForeignKey("payouts.row"), nullable=False),
    Column("settlement_row", BIG_ID, ForeignKey("settlements.row"), nullable=False, index=True),
    Index(None, "payout_row", "row"),
)

plants = Table(
    "plants",
    metadata,
    row_column(),
    account_column(),
    public_id_column(),
    Column("kind", String(20), nullable=False),
    # None while it waits for the next batch, in this currency if one is named.
    Column("settlement_row", BIG_ID, ForeignKey("settlements.row"), nullable=True, index=True),
    Column("currency", String(3), nullable=True),
    # The true line that it is about, and the line that it put into a report.
    Column("line_row", BIG_ID, ForeignKey("settlement_lines.row"), nullable=True),
    Column("planted_row", BIG_ID, ForeignKey("settlement_lines.row"), nullable=True),
    instant_column("created"),
    Index("uq_plants_account_id_id", "account_id", "id", unique=True),
)
