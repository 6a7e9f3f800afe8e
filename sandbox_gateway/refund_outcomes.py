"""What becomes of a refund: it succeeds or fails, at once, a day later, or after it had succeeded."""

from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from sandbox_gateway import jobs, outside
from sandbox_gateway.accounts import Account
from sandbox_gateway.events import emit
from sandbox_gateway.outside import CHOSEN, Move
from sandbox_gateway.payments.payment import Payment, find_payment, store
from sandbox_gateway.payments.schema import payments
from sandbox_gateway.problems import not_found
from sandbox_gateway.refund_rows import RefundBody, RefundStatus, refunds, show
from sandbox_gateway.settlements import movements
from sandbox_gateway.settlements.kinds import LineType
from sandbox_gateway.statements import Statement
from sandbox_gateway.times import DAY_US

PENDING_US = DAY_US
COMES_BACK_US = 3 * DAY_US

SUCCEEDS, FAILS, COMES_BACK = "refund.succeeds", "refund.fails", "refund.comes_back"

_NOT_TAKEN = "The customer's bank did not take the money: the account behind the card is closed."
_RETURNED = "The customer's bank sent the money back: the account behind the card is closed."

_FIND = (
    select(refunds, payments.c.id.label("payment_id"), payments.c.currency, payments.c.reference, payments.c.test_card)
    .join_from(refunds, payments, refunds.c.payment_row == payments.c.row)
    .where(refunds.c.account_id == bindparam("account_id"), refunds.c.id == bindparam("refund_id"))
)
_CHANGE = Statement(
    update(refunds)
    .where(refunds.c.account_id == bindparam("owner_id"), refunds.c.id == bindparam("refund_id"))
    .values(
        status=bindparam("new_status"),
        failure=bindparam("new_failure"),
        why=bindparam("new_why"),
        version=bindparam("new_version"),
    )
)


def find_refund(tx: Connection, account: Account, refund_id: str) -> Row[Any]:
    """The refund with `payment_id`, `currency`, `reference` and `test_card` of its payment. Problem: `not_found`."""
    found = tx.execute(_FIND, {"account_id": account.id, "refund_id": refund_id}).first()
    if found is None:
        raise not_found("refund")
    return found


def follow_story(tx: Connection, account: Account, payment: Payment, refund: RefundBody) -> RefundBody:
    """What the card's bank does with a refund that was just created."""
    story = payment.story
    match story.refund:
        case "pending":
            jobs.schedule(tx, account, SUCCEEDS, refund["id"], account.now_us + PENDING_US)
            return refund
        case "fails":
            jobs.schedule(tx, account, FAILS, refund["id"], account.now_us + PENDING_US)
            return refund
        case "fails_later":
            jobs.schedule(tx, account, COMES_BACK, refund["id"], account.now_us + COMES_BACK_US)
    return _succeed(tx, account, payment, refund, story.why)


def _succeed(tx: Connection, account: Account, payment: Payment, refund: RefundBody, why: str) -> RefundBody:
    _book(tx, account, payment, refund, "refund", -refund["amount"])
    refund = _change(tx, account, refund, "succeeded", None, why)
    emit(tx, account, "refund.succeeded", refund)
    return refund


def _fail(tx: Connection, account: Account, payment: Payment, refund: RefundBody, why: str) -> None:
    """The money is the merchant's again, and can be refunded another time."""
    had_left = refund["status"] == "succeeded"
    if had_left:
        _book(tx, account, payment, refund, "refund_failure", refund["amount"])
    payment.amount_refunded -= refund["amount"]
    emit(
        tx,
        account,
        "refund.failed",
        _change(tx, account, refund, "failed", _RETURNED if had_left else _NOT_TAKEN, why),
    )


def _book(tx: Connection, account: Account, payment: Payment, refund: RefundBody, type_: LineType, amount: int) -> None:
    movements.book(
        tx, account, type_, source_id=refund["id"], payment=payment, amount=amount, currency=payment.currency
    )


def _change(
    tx: Connection, account: Account, refund: RefundBody, status: RefundStatus, failure: str | None, why: str
) -> RefundBody:
    version = refund["version"] + 1
    _CHANGE.run(
        tx,
        {
            "owner_id": account.id,
            "refund_id": refund["id"],
            "new_status": status,
            "new_failure": failure,
            "new_why": why,
            "new_version": version,
        },
    )
    return {**refund, "version": version, "status": status, "failure": failure, "why": why}


def _later(tx: Connection, account: Account, refund_id: str, *, succeeds: bool, why: str | None = None) -> None:
    """Let a refund that exists succeed or fail. `why`: by default its card."""
    found = find_refund(tx, account, refund_id)
    payment = find_payment(tx, account, found.payment_id)
    refund = show(found, payment.id, payment.currency)
    if succeeds:
        _succeed(tx, account, payment, refund, why or payment.story.why)
    else:
        _fail(tx, account, payment, refund, why or payment.story.why)
    # The payment shows its refunds, so it changes with them; the refund's event tells of both.
    store(tx, account, payment, None)


def find_moves(tx: Connection, account: Account, refund_id: str) -> list[Move]:
    """Problem: `not_found`."""
    status = find_refund(tx, account, refund_id).status
    moves = []
    if status == "pending":
        moves.append(Move("succeed", "The customer's bank takes the money.", _choose_success))
        moves.append(Move("fail", "The customer's bank does not take the money.", _choose_failure))
    elif status == "succeeded":
        moves.append(Move("fail", "The customer's bank sends the money back.", _choose_failure))
    return moves


def _choose_success(tx: Connection, account: Account, refund_id: str) -> None:
    _forestall(tx, account, refund_id)
    _later(tx, account, refund_id, succeeds=True, why=f"{CHOSEN}: the customer's bank took the money")


def _choose_failure(tx: Connection, account: Account, refund_id: str) -> None:
    _forestall(tx, account, refund_id)
    _later(tx, account, refund_id, succeeds=False, why=f"{CHOSEN}: the customer's bank did not keep the money")


def _forestall(tx: Connection, account: Account, refund_id: str) -> None:
    for kind in (SUCCEEDS, FAILS, COMES_BACK):
        jobs.cancel(tx, account, kind, refund_id)


def show_refund(tx: Connection, account: Account, refund_id: str) -> RefundBody:
    """Problem: `not_found`."""
    found = find_refund(tx, account, refund_id)
    return show(found, found.payment_id, found.currency)


jobs.register(SUCCEEDS, partial(_later, succeeds=True), "The customer's bank takes the refund.")
jobs.register(FAILS, partial(_later, succeeds=False), "The customer's bank does not take the refund.")
jobs.register(COMES_BACK, partial(_later, succeeds=False), "The customer's bank sends the refund back.")

ROUTES = outside.register("refunds", find_moves, show_refund, RefundBody)
