"""One payout as answers and events carry it."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Connection, Row, bindparam, select
from typing_extensions import TypedDict

from sandbox_gateway.accounts import Account
from sandbox_gateway.problems import not_found
from sandbox_gateway.settlements.banks import BANKS
from sandbox_gateway.settlements.schema import payout_settlements, payouts, settlements
from sandbox_gateway.times import optional_to_wire, to_wire

PayoutStatus = Literal["pending", "in_transit", "paid", "failed"]


class DestinationBody(TypedDict):
    type: Literal["bank_account"]
    bank: str
    last4: str


class PayoutFailure(TypedDict):
    code: Literal["account_closed", "rejected", "returned"]
    message: str


class PayoutBody(TypedDict):
    """A bank transfer to the merchant: what its settlements come to, to the unit."""

    id: str
    object: Literal["payout"]
    version: Annotated[int, Field(description="One more with each change; that to in_transit has no event.")]
    status: PayoutStatus
    amount: int
    currency: str
    settled: Annotated[
        int, Field(description="Of settlements whose day of payout this is; with carried_over, the amount.")
    ]
    carried_over: Annotated[
        int, Field(description="Of earlier ones: a negative balance, too little to pay out, or a payout that failed.")
    ]
    settlements: Annotated[list[str], Field(description="What it pays, the earliest first.")]
    destination: DestinationBody
    failure: Annotated[PayoutFailure | None, Field(description="The money is back in the balance for the next one.")]
    created_at: str
    arrives_at: Annotated[str, Field(description="When the bank is to have it.")]
    paid_at: str | None
    failed_at: str | None
    why: Annotated[str, Field(description="The clock, setting or choice that brought its status.")]


MINE = select(payouts).where(payouts.c.account_id == bindparam("account_id"))
_FIND = MINE.where(payouts.c.id == bindparam("payout_id"))
_PAID = (
    select(payout_settlements.c.payout_row, settlements.c.id)
    .join_from(payout_settlements, settlements, payout_settlements.c.settlement_row == settlements.c.row)
    .where(payout_settlements.c.payout_row.in_(bindparam("payout_rows", expanding=True)))
    .order_by(payout_settlements.c.payout_row, payout_settlements.c.row)
)


def find_payout(tx: Connection, account: Account, payout_id: str) -> Row[Any]:
    """A payout of this account. Problem: `not_found`."""
    found = tx.execute(_FIND, {"account_id": account.id, "payout_id": payout_id}).first()
    if found is None:
        raise not_found("payout")
    return found


def show(tx: Connection, account: Account, payout_id: str) -> PayoutBody:
    row = find_payout(tx, account, payout_id)
    return show_all(tx, [row])[row.row]


def show_all(tx: Connection, rows: Sequence[Row[Any]]) -> dict[int, PayoutBody]:
    """Payouts by their rows."""
    paid: dict[int, list[str]] = {row.row: [] for row in rows}
    for payout_row, settlement_id in tx.execute(_PAID, {"payout_rows": list(paid)}):
        paid[payout_row].append(settlement_id)
    return {row.row: _body(row, paid[row.row]) for row in rows}


def _body(row: Row[Any], settlement_ids: list[str]) -> PayoutBody:
    bank = BANKS[row.destination]
    failure: PayoutFailure | None = None
    if row.failure_code is not None:
        words = {known.failure_code: known.failure for known in BANKS.values()}
        failure = {"code": row.failure_code, "message": words[row.failure_code]}
    return {
        "id": row.id,
        "object": "payout",
        "version": row.version,
        "status": row.status,
        "amount": row.amount,
        "currency": row.currency,
        "settled": row.amount - row.carried_over,
        "carried_over": row.carried_over,
        "settlements": settlement_ids,
        "destination": {"type": "bank_account", "bank": "Sandbox Bank", "last4": bank.last4},
        "failure": failure,
        "created_at": to_wire(row.created_us),
        "arrives_at": to_wire(row.arrives_us),
        "paid_at": optional_to_wire(row.paid_us),
        "failed_at": optional_to_wire(row.failed_us),
        "why": row.why,
    }
