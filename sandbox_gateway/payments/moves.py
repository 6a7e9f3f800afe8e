"""What banks, customers and time could do to a payment just now."""

from collections.abc import Callable, Iterable
from functools import partial

from sqlalchemy import Connection

from sandbox_gateway import jobs, outside
from sandbox_gateway.accounts import Account
from sandbox_gateway.declines import AUTHENTICATIONS, DECLINES, Decline
from sandbox_gateway.outside import CHOSEN, Move
from sandbox_gateway.payments.authorize import (
    abandon_challenge,
    approve,
    approve_challenge,
    cancel_challenge,
    decline,
    end_hold,
    fail_challenge,
    fail_submission,
)
from sandbox_gateway.payments.kinds import HOLD_EXPIRES, PROCESSING_ENDS
from sandbox_gateway.payments.payment import Payment, PaymentBody, find_payment, show
from sandbox_gateway.payments.states import Status

_Act = Callable[[Connection, Account, Payment], None]


def find_moves(tx: Connection, account: Account, payment_id: str) -> list[Move]:
    """Problem: `not_found`."""
    payment = find_payment(tx, account, payment_id)
    assert payment.status is not None
    return [Move(name, what, partial(_do, act)) for name, what, act in _possible(payment.status)]


def _possible(status: Status) -> Iterable[tuple[str, str, _Act]]:
    match status:
        case Status.REQUIRES_ACTION:
            yield "approve_challenge", "The customer confirms the payment on the issuer's page.", approve_challenge
            yield "fail_challenge", "The customer does not prove who they are.", fail_challenge
            yield "cancel_challenge", "The customer turns the confirmation away.", cancel_challenge
            yield "abandon_challenge", "The customer never decides, and the fifteen minutes are over.", _abandon
        case Status.PROCESSING:
            yield "approve", "The issuer approves the payment.", _approve
            for reason in DECLINES.values():
                if reason.code not in AUTHENTICATIONS:
                    yield f"decline_{reason.code}", f"The issuer declines. {reason.message}", partial(_decline, reason)
            yield "fail", "It turns out that the issuer never saw the payment.", _fail
        case Status.AUTHORIZED | Status.PARTIALLY_CAPTURED:
            yield "expire_hold", "The issuer lets go what it still holds, before its time.", _end_hold


def _do(act: _Act, tx: Connection, account: Account, payment_id: str) -> None:
    act(tx, account, find_payment(tx, account, payment_id))


def _abandon(tx: Connection, account: Account, payment: Payment) -> None:
    abandon_challenge(tx, account, payment, f"{CHOSEN}: nobody decided on the issuer's page")


def _approve(tx: Connection, account: Account, payment: Payment) -> None:
    jobs.cancel(tx, account, PROCESSING_ENDS, payment.id)
    approve(tx, account, payment, f"{CHOSEN}: the issuer approved")


def _decline(reason: Decline, tx: Connection, account: Account, payment: Payment) -> None:
    jobs.cancel(tx, account, PROCESSING_ENDS, payment.id)
    decline(tx, account, payment, reason, f"{CHOSEN}: the issuer declined with {reason.code}")


def _fail(tx: Connection, account: Account, payment: Payment) -> None:
    jobs.cancel(tx, account, PROCESSING_ENDS, payment.id)
    fail_submission(tx, account, payment, f"{CHOSEN}: the payment never reached the issuer")


def _end_hold(tx: Connection, account: Account, payment: Payment) -> None:
    jobs.cancel(tx, account, HOLD_EXPIRES, payment.id)
    end_hold(tx, account, payment, f"{CHOSEN}: the hold ended before its time")


def _show(tx: Connection, account: Account, payment_id: str) -> PaymentBody:
    return show(account, find_payment(tx, account, payment_id))


ROUTES = outside.register("payments", find_moves, _show, PaymentBody)
