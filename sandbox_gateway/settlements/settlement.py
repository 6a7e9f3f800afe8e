"""One settlement as answers and events carry it."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Connection, Row, bindparam, select
from typing_extensions import TypedDict

from sandbox_gateway.accounts import Account
from sandbox_gateway.problems import invalid, not_found
from sandbox_gateway.settlements import totals
from sandbox_gateway.settlements.days import date_of, day_of
from sandbox_gateway.settlements.fees import PARTS, FeeParts
from sandbox_gateway.settlements.schema import payouts, settlements
from sandbox_gateway.settlements.totals import Total
from sandbox_gateway.times import EPOCH, to_wire


class SettlementBody(TypedDict):
    """All that moved in one currency on one day, netted. Amounts in minor units; gross - fee = net."""

    id: str
    object: Literal["settlement"]
    currency: str
    date: Annotated[str, Field(description="The day, from 00:00 to 24:00 UTC of the account's clock.")]
    lines: int
    gross: int
    fee: Annotated[int, Field(description="Positive when it is taken.")]
    fee_parts: FeeParts
    net: int
    totals: Annotated[list[Total], Field(description="The same by type of line; they add up to the batch.")]
    available_on: Annotated[str, Field(description="The day of its payout, unless that has to wait.")]
    payout: Annotated[str | None, Field(description="The payout that pays it, once there is one that has not failed.")]
    created_at: str


# Open ones are left out: they are not made yet.
MINE = (
    select(settlements, payouts.c.id.label("payout_id"))
    .join_from(settlements, payouts, settlements.c.payout_row == payouts.c.row, isouter=True)
    .where(settlements.c.account_id == bindparam("account_id"), settlements.c.closed_us.is_not(None))
)
_FIND = MINE.where(settlements.c.id == bindparam("settlement_id"))


def find_settlement(tx: Connection, account: Account, settlement_id: str) -> Row[Any]:
    """A closed batch of this account. Problem: `not_found`."""
    found = tx.execute(_FIND, {"account_id": account.id, "settlement_id": settlement_id}).first()
    if found is None:
        raise not_found("settlement")
    return found


def day_named(date: str) -> int:
    """The day of `2026-03-02`. Problem: `validation_failed`."""
    try:
        moment = datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise invalid("/date", "must be a day such as 2026-03-02") from None
    return (moment - EPOCH).days


def show(row: Row[Any]) -> SettlementBody:
    """As the report says."""
    return _body(row, totals.parsed(row.reported_totals))


def show_truth(row: Row[Any]) -> SettlementBody:
    """As it is."""
    return _body(row, totals.parsed(row.totals))


def _body(row: Row[Any], by_type: list[Total]) -> SettlementBody:
    parts: Any = {part: sum(total["fee_parts"][part] for total in by_type) for part in PARTS}  # type: ignore[literal-required]  # PARTS are its members
    return {
        "id": row.id,
        "object": "settlement",
        "currency": row.currency,
        "date": date_of(row.day),
        "lines": sum(total["lines"] for total in by_type),
        "gross": sum(total["gross"] for total in by_type),
        "fee": sum(total["fee"] for total in by_type),
        "fee_parts": parts,
        "net": sum(total["net"] for total in by_type),
        "totals": by_type,
        "available_on": date_of(day_of(row.available_us)),
        "payout": row.payout_id,
        "created_at": to_wire(row.closed_us),
    }
