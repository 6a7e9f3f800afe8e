"""Taking held money: all of it, a part, or a last part that lets the rest go."""

from typing import Annotated

from pydantic import Field
from sqlalchemy import Connection, insert

from sandbox_gateway import jobs
from sandbox_gateway.accounts import Account
from sandbox_gateway.fields import Amount, Body
from sandbox_gateway.payments.kinds import HOLD_EXPIRES, PAYMENT_DISPUTED
from sandbox_gateway.payments.payment import Payment, find_payment, show, store
from sandbox_gateway.payments.schema import captures
from sandbox_gateway.payments.states import Action, Status
from sandbox_gateway.problems import Problem
from sandbox_gateway.routes import Answer
from sandbox_gateway.settlements import movements
from sandbox_gateway.statements import Statement
from sandbox_gateway.times import HOUR_US, to_wire

DISPUTED_AFTER_US = HOUR_US

_INSERT = Statement(insert(captures))


class CaptureCreate(Body):
    amount: Annotated[Amount | None, Field(description="Default: all that is capturable.")] = None
    final: Annotated[bool, Field(description="Release what this capture leaves.")] = False


def create_capture(tx: Connection, account: Account, payment_id: str, body: CaptureCreate) -> Answer:
    payment = find_payment(tx, account, payment_id)
    payment.check_allows(Action.CAPTURE)
    capturable = payment.amount_capturable
    amount = capturable if body.amount is None else body.amount
    if amount > capturable:
        raise Problem(
            "amount_too_large",
            f"At most {capturable} {payment.currency} (in the minor unit) can be captured.",
            param="/amount",
            amount_capturable=capturable,
        )
    is_last = body.final or amount == capturable
    taken = take(tx, account, payment, amount, final=is_last, why="request: captured by the merchant")
    if taken and is_last:
        jobs.cancel(tx, account, HOLD_EXPIRES, payment.id)
    return Answer(show(account, payment))


def take(tx: Connection, account: Account, payment: Payment, amount: int, *, final: bool, why: str) -> bool:
    """Take `amount` of the hold; a final capture releases the rest. The caller has checked that it may be.

    Returns whether the issuer gave the money. If it did not, the hold stays as it is.
    """
    if payment.story.capture_fails:
        _fail(tx, account, payment, amount)
        return False
    payment.capture_failure = None
    capture_id = account.new_id("cap")
    _INSERT.run(
        tx,
        {
            "account_id": account.id,
            "id": capture_id,
            "payment_row": payment.row,
            "amount": amount,
            "final": final,
            "created_us": account.now_us,
        },
    )
    payment.captures.append(
        {
            "id": capture_id,
            "object": "capture",
            "amount": amount,
            "currency": payment.currency,
            "final": final,
            "created_at": to_wire(account.now_us),
        }
    )
    if payment.story.dispute is not None and len(payment.captures) == 1:
        jobs.schedule(tx, account, PAYMENT_DISPUTED, payment.id, account.now_us + DISPUTED_AFTER_US)
    movements.book(
        tx, account, "capture", source_id=capture_id, payment=payment, amount=amount, currency=payment.currency
    )
    payment.amount_captured += amount
    if final:
        payment.amount_released = payment.amount - payment.amount_captured
        payment.expires_us = None
        payment.move(Status.CAPTURED, why)
        store(tx, account, payment, "payment.captured")
    else:
        payment.move(Status.PARTIALLY_CAPTURED, why)
        store(tx, account, payment, "payment.partially_captured")
    return True


def _fail(tx: Connection, account: Account, payment: Payment, amount: int) -> None:
    payment.capture_failure = {
        "code": "authorization_not_honored",
        "message": "The bank no longer honors its authorization. No money moved.",
        "amount": amount,
        "currency": payment.currency,
        "failed_at": to_wire(account.now_us),
    }
    payment.why = payment.story.why
    store(tx, account, payment, "payment.capture_failed")
