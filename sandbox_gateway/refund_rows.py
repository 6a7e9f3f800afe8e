"""The table of refunds, and refunds as they are shown: alone, and within their payment."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import (
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

from sandbox_gateway.schema import (
    BIG_ID,
    account_column,
    amount_column,
    instant_column,
    metadata,
    public_id_column,
    row_column,
)
from sandbox_gateway.statements import Statement
from sandbox_gateway.times import to_wire

Reason = Literal["requested_by_customer", "duplicate", "fraudulent", "other"]
RefundStatus = Literal["pending", "succeeded", "failed"]

refunds = Table(
    "refunds",
    metadata,
    row_column(),
    account_column(),
    public_id_column(),
    Column("payment_row", BIG_ID, ForeignKey("payments.row"), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    amount_column(),
    Column("status", String(20), nullable=False),
    Column("reason", String(30), nullable=False),
    Column("note", Text, nullable=True),
    Column("failure", Text, nullable=True),
    # As with payments: in words of that time.
    Column("why", Text, nullable=False, server_default="unknown"),
    instant_column("created"),
    CheckConstraint("amount > 0", name="amount"),
    Index("uq_refunds_account_id_id", "account_id", "id", unique=True),
)

_OF_PAYMENTS = (
    select(refunds)
    .where(refunds.c.payment_row.in_(bindparam("payment_rows", expanding=True)))
    .order_by(refunds.c.payment_row, refunds.c.row)
)
_OF_ONE = Statement(select(refunds).where(refunds.c.payment_row == bindparam("payment_row")).order_by(refunds.c.row))


class RefundBody(TypedDict):
    """The refund whole, as answers and events carry it."""

    id: str
    object: Literal["refund"]
    version: Annotated[int, Field(description="One more with each change.")]
    payment: str
    amount: int
    currency: str
    status: RefundStatus
    reason: Reason
    note: str | None
    failure: Annotated[str | None, Field(description="Why it failed, in plain words.")]
    why: Annotated[str, Field(description="The card or the move under /_sandbox that brought this outcome.")]
    created_at: str


def of_payments(tx: Connection, payment_rows: Sequence[int]) -> Sequence[Row[Any]]:
    """All refunds of these payments, each payment's oldest first."""
    if len(payment_rows) == 1:
        return _OF_ONE.all(tx, {"payment_row": payment_rows[0]})
    return tx.execute(_OF_PAYMENTS, {"payment_rows": payment_rows}).all()


def show(row: Row[Any], payment_id: str, currency: str) -> RefundBody:
    return {
        "id": row.id,
        "object": "refund",
        "version": row.version,
        "payment": payment_id,
        "amount": row.amount,
        "currency": currency,
        "status": row.status,
        "reason": row.reason,
        "note": row.note,
        "failure": row.failure,
        "why": row.why,
        "created_at": to_wire(row.created_us),
    }
