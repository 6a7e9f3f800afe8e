"""From settled money to money at the merchant's bank: made, sent, paid; or refused or returned, and tried again."""

from typing import Any

from sqlalchemy import BigInteger, Connection, Row, bindparam, insert, select, update

from sandbox_gateway import jobs
from sandbox_gateway.accounts import Account
from sandbox_gateway.events import emit
from sandbox_gateway.outside import CHOSEN, Move
from sandbox_gateway.settlements.banks import BANKS
from sandbox_gateway.settlements.days import add_business_days, date_of, day_of, start_of
from sandbox_gateway.settlements.kinds import PAYOUT_ARRIVES, PAYOUT_DUE, PAYOUT_RETURNS, PAYOUT_SENT
from sandbox_gateway.settlements.payout import find_payout, show
from sandbox_gateway.settlements.schema import payout_settlements, payouts, settlements
from sandbox_gateway.times import HOUR_US
from sandbox_gateway.webhooks.endpoints import EventType

_SENT_AFTER_US = HOUR_US
_ARRIVES_AFTER_US = 12 * HOUR_US

_UNPAID = (
    select(settlements.c.row, settlements.c.net, settlements.c.available_us)
    .where(
        settlements.c.account_id == bindparam("account_id"),
        settlements.c.currency == bindparam("currency"),
        settlements.c.payout_row.is_(None),
        settlements.c.available_us <= bindparam("now_us", type_=BigInteger),
    )
    .order_by(settlements.c.day)
)
_INSERT = insert(payouts)
_LIST = insert(payout_settlements)
_TAKE = (
    update(settlements)
    .where(settlements.c.row.in_(bindparam("settlement_rows", expanding=True)))
    .values(payout_row=bindparam("taken_by"))
)
_GIVE_BACK = update(settlements).where(settlements.c.payout_row == bindparam("failed_row")).values(payout_row=None)
_SAVE = (
    update(payouts)
    .where(payouts.c.row == bindparam("changed_row"))
    .values(
        version=payouts.c.version + 1,
        status=bindparam("new_status"),
        failure_code=bindparam("new_failure_code"),
        paid_us=bindparam("new_paid_us"),
        failed_us=bindparam("new_failed_us"),
        why=bindparam("new_why"),
    )
)


def plan(tx: Connection, account: Account, currency: str, at_us: int) -> None:
    """See to it that this currency's balance is paid out at that moment, once however often it is planned."""
    day = f"{currency}-{date_of(day_of(at_us))}"
    jobs.cancel(tx, account, PAYOUT_DUE, day)
    jobs.schedule(tx, account, PAYOUT_DUE, day, at_us)


def _make(tx: Connection, account: Account, planned: str) -> None:
    """Pay out all that is available in the currency. Too little, or less than nothing, stays for the next time."""
    currency = planned.partition("-")[0]
    terms = account.settings.payouts
    waiting = tx.execute(_UNPAID, {"account_id": account.id, "currency": currency, "now_us": account.now_us}).all()
    amount = sum(batch.net for batch in waiting)
    if amount < max(terms.minimum.get(currency, 0), 1):
        return
    today = start_of(day_of(account.now_us))
    payout_id = account.new_id("po")
    made = tx.execute(
        _INSERT,
        {
            "account_id": account.id,
            "id": payout_id,
            "version": 1,
            "status": "pending",
            "amount": amount,
            "currency": currency,
            "carried_over": sum(batch.net for batch in waiting if batch.available_us < today),
            "destination": terms.destination,
            "failure_code": None,
            "created_us": account.now_us,
            "arrives_us": account.now_us + _ARRIVES_AFTER_US,
            "paid_us": None,
            "failed_us": None,
            "why": "clock: its day has come",
        },
    )
    assert made.inserted_primary_key is not None
    row: int = made.inserted_primary_key[0]
    tx.execute(
        _LIST,
        [{"account_id": account.id, "payout_row": row, "settlement_row": batch.row} for batch in waiting],
    )
    tx.execute(_TAKE, {"settlement_rows": [batch.row for batch in waiting], "taken_by": row})
    jobs.schedule(tx, account, PAYOUT_SENT, payout_id, account.now_us + _SENT_AFTER_US)
    jobs.schedule(tx, account, PAYOUT_ARRIVES, payout_id, account.now_us + _ARRIVES_AFTER_US)
    emit(tx, account, "payout.created", show(tx, account, payout_id))


def _send(tx: Connection, account: Account, payout_id: str, why: str = "clock: sent to the bank") -> None:
    jobs.cancel(tx, account, PAYOUT_SENT, payout_id)
    _change(tx, account, find_payout(tx, account, payout_id), None, status="in_transit", why=why)


def _arrive(tx: Connection, account: Account, payout_id: str) -> None:
    """What the bank does with it is the destination's story."""
    payout = find_payout(tx, account, payout_id)
    bank = BANKS[payout.destination]
    why = f"setting payouts.destination {payout.destination}: {bank.story}"
    if bank.takes:
        _pay(tx, account, payout_id, why)
    else:
        _fail(tx, account, payout_id, bank.failure_code, why)


def _pay(tx: Connection, account: Account, payout_id: str, why: str) -> None:
    payout = find_payout(tx, account, payout_id)
    jobs.cancel(tx, account, PAYOUT_ARRIVES, payout_id)
    if BANKS[payout.destination].returns_later:
        returned_on = add_business_days(day_of(account.now_us), 1)
        jobs.schedule(tx, account, PAYOUT_RETURNS, payout_id, start_of(returned_on) + _ARRIVES_AFTER_US)
    _change(tx, account, payout, "payout.paid", status="paid", paid_us=account.now_us, why=why)


def _return(tx: Connection, account: Account, payout_id: str) -> None:
    destination = find_payout(tx, account, payout_id).destination
    _fail(tx, account, payout_id, "returned", f"setting payouts.destination {destination}: {BANKS[destination].story}")


def _fail(tx: Connection, account: Account, payout_id: str, code: str, why: str) -> None:
    """The money is back in the balance, and goes out again on the next business day."""
    payout = find_payout(tx, account, payout_id)
    for kind in (PAYOUT_SENT, PAYOUT_ARRIVES, PAYOUT_RETURNS):
        jobs.cancel(tx, account, kind, payout_id)
    tx.execute(_GIVE_BACK, {"failed_row": payout.row})
    plan(tx, account, payout.currency, start_of(add_business_days(day_of(account.now_us), 1)))
    _change(tx, account, payout, "payout.failed", status="failed", failed_us=account.now_us, failure_code=code, why=why)


def _change(
    tx: Connection,
    account: Account,
    payout: Row[Any],
    event: EventType | None,
    *,
    status: str,
    why: str,
    paid_us: int | None = None,
    failed_us: int | None = None,
    failure_code: str | None = None,
) -> None:
    tx.execute(
        _SAVE,
        {
            "changed_row": payout.row,
            "new_status": status,
            "new_failure_code": failure_code,
            "new_paid_us": paid_us or payout.paid_us,
            "new_failed_us": failed_us,
            "new_why": why,
        },
    )
    if event is not None:
        emit(tx, account, event, show(tx, account, payout.id))


def moves_of_payout(tx: Connection, account: Account, payout_id: str) -> list[Move]:
    """What the gateway's bank and the merchant's could do now."""
    match find_payout(tx, account, payout_id).status:
        case "pending":
            return [_SEND, _REFUSE]
        case "in_transit":
            return [_PAY, _REFUSE]
        case "paid":
            return [_GIVE_BACK_LATE]
    return []


_SEND = Move(
    "send",
    "The gateway's bank sends it; it is in transit then.",
    lambda tx, account, payout_id: _send(tx, account, payout_id, f"{CHOSEN}: sent to the bank"),
)
_PAY = Move(
    "pay",
    "The merchant's bank takes it.",
    lambda tx, account, payout_id: _pay(tx, account, payout_id, f"{CHOSEN}: the merchant's bank took it"),
)
_REFUSE = Move(
    "fail",
    "The merchant's bank refuses it; the money is tried again with the next payout.",
    lambda tx, account, payout_id: _fail(
        tx, account, payout_id, "rejected", f"{CHOSEN}: the merchant's bank refused it"
    ),
)
_GIVE_BACK_LATE = Move(
    "return",
    "The merchant's bank returns it after having taken it.",
    lambda tx, account, payout_id: _fail(
        tx, account, payout_id, "returned", f"{CHOSEN}: the merchant's bank returned it"
    ),
)

jobs.register(PAYOUT_DUE, _make, "What is available is paid out.")
jobs.register(PAYOUT_SENT, _send, "The payout is on its way to the merchant's bank.")
jobs.register(PAYOUT_ARRIVES, _arrive, "The payout arrives at the merchant's bank.")
jobs.register(PAYOUT_RETURNS, _return, "The merchant's bank sends the payout back.")
