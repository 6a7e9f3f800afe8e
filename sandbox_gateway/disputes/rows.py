"""The table of disputes, and disputes as their payment shows them."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    bindparam,
    select,
)
from typing_extensions import TypedDict

from sandbox_gateway.disputes.reasons import DisputeKind, DisputeReason
from sandbox_gateway.schema import (
    BIG_ID,
    account_column,
    amount_column,
    instant_column,
    json_column,
    metadata,
    optional_instant_column,
    public_id_column,
    row_column,
)
from sandbox_gateway.times import to_wire

DisputeStatus = Literal["needs_response", "under_review", "won", "lost", "accepted", "expired", "closed"]

disputes = Table(
    "disputes",
    metadata,
    row_column(),
    account_column(),
    public_id_column(),
    Column("payment_row", BIG_ID, ForeignKey("payments.row"), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("round", Integer, nullable=False),
    # The dispute of the round before, by its id.
    Column("previous", String(40), nullable=True),
    Column("status", String(20), nullable=False),
    amount_column(),
    amount_column("fee"),
    Column("reason", String(30), nullable=False),
    Column("network_reason_code", String(10), nullable=False),
    # How the issuer will decide, and whether it will then come back; see `stories.DisputeStory`.
    Column("outcome", String(10), nullable=False),
    Column("comes_back", Boolean, nullable=False),
    json_column("evidence"),
    Column("evidence_files", Text, nullable=False, server_default="[]"),
    instant_column("respond_by"),
    optional_instant_column("submitted"),
    optional_instant_column("decided"),
    instant_column("created"),
    Column("why", Text, nullable=False),
    CheckConstraint("amount > 0 AND fee >= 0", name="amount"),
    CheckConstraint("kind = 'chargeback' OR fee = 0", name="inquiry"),
    CheckConstraint("(round = 1) = (previous IS NULL)", name="round"),
    Index("uq_disputes_account_id_id", "account_id", "id", unique=True),
    Index("uq_disputes_account_id_previous", "account_id", "previous", unique=True),
    Index(None, "account_id", "created_us", "row"),
    Index(None, "account_id", "status", "created_us", "row"),
)

_OF_PAYMENTS = (
    select(disputes)
    .where(disputes.c.payment_row.in_(bindparam("payment_rows", expanding=True)))
    .order_by(disputes.c.payment_row, disputes.c.row)
)


class PaymentDispute(TypedDict):
    """A dispute in short, as its payment shows it. `GET /v1/disputes/{id}` has it whole."""

    id: str
    kind: Annotated[DisputeKind, Field(description="An inquiry holds no money; a chargeback has taken it.")]
    round: int
    status: DisputeStatus
    amount: int
    currency: str
    reason: DisputeReason
    created_at: str


def of_payments(tx: Connection, payment_rows: Sequence[int]) -> Sequence[Row[Any]]:
    """All disputes of these payments, each payment's oldest first."""
    return tx.execute(_OF_PAYMENTS, {"payment_rows": payment_rows}).all()


def show_short(row: Row[Any], currency: str) -> PaymentDispute:
    return {
        "id": row.id,
        "kind": row.kind,
        "round": row.round,
        "status": row.status,
        "amount": row.amount,
        "currency": currency,
        "reason": row.reason,
        "created_at": to_wire(row.created_us),
    }
