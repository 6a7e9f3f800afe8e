"""Reading settlements, payouts and the balance."""

from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import BigInteger, Connection, bindparam, case, func, select
from typing_extensions import TypedDict

from sandbox_gateway import lists
from sandbox_gateway.accounts import Account
from sandbox_gateway.fields import CurrencyCode, text_field
from sandbox_gateway.routes import Answer
from sandbox_gateway.settlements import payout, settlement
from sandbox_gateway.settlements.payout import PayoutStatus
from sandbox_gateway.settlements.schema import REPORT, payout_settlements, payouts, settlement_lines, settlements


class SettlementQuery(lists.PageQuery):
    currency: CurrencyCode | None = None
    date: (
        Annotated[str, text_field(10), Field(description="The batches of one day.", examples=["2026-03-02"])] | None
    ) = None
    payout: Annotated[str, text_field(40), Field(description="What this payout pays, or tried to.")] | None = None


class PayoutQuery(lists.PageQuery):
    currency: CurrencyCode | None = None
    status: PayoutStatus | None = None


class CurrencyBalance(TypedDict):
    """One currency's money, in minor units. All four and what was paid add up to the net of all lines."""

    currency: str
    pending: Annotated[int, Field(description="Moved, and its day of payout has not come.")]
    available: Annotated[int, Field(description="Waits for the next payout; below zero it is carried over.")]
    in_transit: Annotated[int, Field(description="On its way to the bank.")]
    reserved: Annotated[int, Field(description="Held back, and given back later by a line of its own.")]


class BalanceBody(TypedDict):
    object: Literal["balance"]
    data: list[CurrencyBalance]


_SETTLED = (
    select(
        settlements.c.currency,
        func.sum(
            case(((settlements.c.available_us > bindparam("now_us", type_=BigInteger)), settlements.c.net), else_=0)
        ).label("pending"),
        func.sum(
            case(
                (
                    (settlements.c.available_us <= bindparam("now_us", type_=BigInteger))
                    & settlements.c.payout_row.is_(None),
                    settlements.c.net,
                ),
                else_=0,
            )
        ).label("available"),
        func.sum(case((settlements.c.reserve_released.is_(False), settlements.c.reserved), else_=0)).label("reserved"),
    )
    .where(settlements.c.account_id == bindparam("account_id"))
    .group_by(settlements.c.currency)
    .order_by(settlements.c.currency)
)
_OPEN = (
    select(settlements.c.currency, func.sum(settlement_lines.c.net))
    .join_from(settlements, settlement_lines, settlement_lines.c.settlement_row == settlements.c.row)
    .where(
        settlements.c.account_id == bindparam("account_id"),
        settlements.c.closed_us.is_(None),
        settlement_lines.c.appears != REPORT,
    )
    .group_by(settlements.c.currency)
)
_IN_TRANSIT = (
    select(payouts.c.currency, func.sum(payouts.c.amount))
    .where(payouts.c.account_id == bindparam("account_id"), payouts.c.status.in_(("pending", "in_transit")))
    .group_by(payouts.c.currency)
)


def list_settlements(tx: Connection, account: Account, query: SettlementQuery) -> Answer:
    rows = settlement.MINE.params(account_id=account.id)
    if query.currency is not None:
        rows = rows.where(settlements.c.currency == query.currency)
    if query.date is not None:
        rows = rows.where(settlements.c.day == settlement.day_named(query.date))
    if query.payout is not None:
        paid = (
            select(payout_settlements.c.settlement_row)
            .join_from(payout_settlements, payouts, payout_settlements.c.payout_row == payouts.c.row)
            .where(payouts.c.account_id == account.id, payouts.c.id == query.payout)
        )
        rows = rows.where(settlements.c.row.in_(paid))
    found, cursor = lists.fetch(tx, account, "settlements", rows, (settlements.c.closed_us, settlements.c.row), query)
    return Answer(lists.page_of(found, cursor, settlement.show))


def get_settlement(tx: Connection, account: Account, settlement_id: str) -> Answer:
    return Answer(settlement.show(settlement.find_settlement(tx, account, settlement_id)))


def list_payouts(tx: Connection, account: Account, query: PayoutQuery) -> Answer:
    rows = payout.MINE.params(account_id=account.id)
    if query.currency is not None:
        rows = rows.where(payouts.c.currency == query.currency)
    if query.status is not None:
        rows = rows.where(payouts.c.status == query.status)
    found, cursor = lists.fetch(tx, account, "payouts", rows, (payouts.c.created_us, payouts.c.row), query)
    shown = payout.show_all(tx, found)
    return Answer(lists.page_of(found, cursor, lambda row: shown[row.row]))


def get_payout(tx: Connection, account: Account, payout_id: str) -> Answer:
    return Answer(payout.show(tx, account, payout_id))


def get_balance(tx: Connection, account: Account) -> Answer:
    mine = {"account_id": account.id}
    open_net: dict[str, int] = dict(tx.execute(_OPEN, mine).tuples().all())
    in_transit: dict[str, int] = dict(tx.execute(_IN_TRANSIT, mine).tuples().all())
    settled = tx.execute(_SETTLED, {**mine, "now_us": account.now_us}).all()
    data: list[CurrencyBalance] = [
        {
            "currency": row.currency,
            "pending": int(row.pending) + int(open_net.get(row.currency, 0)),
            "available": int(row.available),
            "in_transit": int(in_transit.get(row.currency, 0)),
            "reserved": int(row.reserved),
        }
        for row in settled
    ]
    return Answer({"object": "balance", "data": data})
