"""Letting a hold go: the whole of it, or what partial captures have left."""

from sqlalchemy import Connection

from sandbox_gateway import jobs
from sandbox_gateway.accounts import Account
from sandbox_gateway.payments.kinds import CHALLENGE_EXPIRES, HOLD_EXPIRES
from sandbox_gateway.payments.payment import find_payment, show, store
from sandbox_gateway.payments.states import Action, Status
from sandbox_gateway.routes import Answer


def void_payment(tx: Connection, account: Account, payment_id: str) -> Answer:
    payment = find_payment(tx, account, payment_id)
    payment.check_allows(Action.VOID)
    had_hold = payment.status is not Status.REQUIRES_ACTION
    payment.expires_us = None
    if had_hold:
        payment.amount_released = payment.amount - payment.amount_captured
    if payment.amount_captured:
        payment.move(Status.CAPTURED, "request: the merchant released the rest")
        store(tx, account, payment, "payment.captured")
    else:
        payment.move(Status.VOIDED, "request: voided by the merchant")
        store(tx, account, payment, "payment.voided")
    jobs.cancel(tx, account, HOLD_EXPIRES if had_hold else CHALLENGE_EXPIRES, payment.id)
    return Answer(show(account, payment))
