"""From the customer's authentication to the issuer's answer, at once, after a challenge, or minutes later."""

from sqlalchemy import Connection

from sandbox_gateway import issuer, jobs
from sandbox_gateway.accounts import Account
from sandbox_gateway.declines import DECLINES, Decline, advice_of
from sandbox_gateway.issuer import ThreeDs
from sandbox_gateway.payments.capture import take
from sandbox_gateway.payments.kinds import CHALLENGE_EXPIRES, HOLD_EXPIRES, PROCESSING_ENDS
from sandbox_gateway.payments.payment import Payment, find_payment, store
from sandbox_gateway.payments.states import Status
from sandbox_gateway.request_log import verdicts
from sandbox_gateway.times import DAY_US, MINUTE_US

CHALLENGE_LIFE_US = 15 * MINUTE_US
PROCESSING_US = 10 * MINUTE_US


def begin(tx: Connection, account: Account, payment: Payment, three_ds: ThreeDs) -> None:
    """The first step of every payment: authentication, as far as the issuer and the request want it."""
    story = payment.story
    answer = issuer.authenticate(story, three_ds)
    payment.authentication = answer.authentication
    if answer.decline is not None:
        asked = "" if answer.authentication is not None else " three_ds: skip was asked for."
        decline(tx, account, payment, answer.decline, story.why + asked)
    elif answer.needs_challenge:
        payment.challenge_secret = account.new_secret()
        payment.expires_us = account.now_us + CHALLENGE_LIFE_US
        payment.move(Status.REQUIRES_ACTION, story.why)
        store(tx, account, payment, "payment.requires_action")
        jobs.schedule(tx, account, CHALLENGE_EXPIRES, payment.id, payment.expires_us)
    else:
        _ask_issuer(tx, account, payment)


def approve_challenge(tx: Connection, account: Account, payment: Payment) -> None:
    """The customer confirmed the payment on the issuer's page."""
    _end_challenge(tx, account, payment)
    payment.authentication = issuer.authentication(payment.story, "challenge_passed")
    _ask_issuer(tx, account, payment)


def fail_challenge(tx: Connection, account: Account, payment: Payment) -> None:
    """The customer did not prove who they are."""
    _end_challenge(tx, account, payment)
    payment.authentication = issuer.authentication(payment.story, "challenge_failed")
    decline(tx, account, payment, DECLINES["authentication_failed"], "challenge: failed on the issuer's page")


def cancel_challenge(tx: Connection, account: Account, payment: Payment) -> None:
    """The customer chose not to go on."""
    _end_challenge(tx, account, payment)
    payment.authentication = issuer.authentication(payment.story, "challenge_canceled")
    decline(tx, account, payment, DECLINES["authentication_canceled"], "challenge: canceled by the customer")


def abandon_challenge(tx: Connection, account: Account, payment: Payment, why: str) -> None:
    """The time for the customer's decision is over."""
    _end_challenge(tx, account, payment)
    payment.authentication = issuer.authentication(payment.story, "challenge_abandoned")
    payment.move(Status.EXPIRED, why)
    store(tx, account, payment, "payment.expired")


def approve(tx: Connection, account: Account, payment: Payment, why: str) -> None:
    """The issuer holds the money; where the merchant asked for it, it is captured at once."""
    payment.authorization_code = account.chance.digits(6)
    payment.authorized_us = account.now_us
    payment.expires_us = account.now_us + account.settings.hold_days * DAY_US
    payment.move(Status.AUTHORIZED, why)
    was_waiting = payment.row != 0
    store(tx, account, payment, "payment.authorized")
    if was_waiting:
        verdicts.note_late(tx, account, payment.id, payment.reference)
    expires_us = payment.expires_us
    if payment.captures_at_once:
        take(tx, account, payment, payment.amount, final=True, why=why)
    if payment.status is Status.AUTHORIZED:
        jobs.schedule(tx, account, HOLD_EXPIRES, payment.id, expires_us)


def decline(tx: Connection, account: Account, payment: Payment, reason: Decline, why: str) -> None:
    """The issuer says no, or the customer was not authenticated."""
    payment.decline = {
        "code": reason.code,
        "network_code": reason.network_code,
        "kind": reason.kind,
        "message": reason.message,
        "advice": advice_of(reason, payment.story.network),
    }
    payment.move(Status.DECLINED, why)
    store(tx, account, payment, "payment.declined")


def fail_submission(tx: Connection, account: Account, payment: Payment, why: str) -> None:
    """It turns out that the issuer never saw the payment."""
    payment.move(Status.FAILED, why)
    store(tx, account, payment, "payment.failed")


def end_hold(tx: Connection, account: Account, payment: Payment, why: str) -> None:
    """The issuer lets go what is still held."""
    payment.expires_us = None
    payment.amount_released = payment.amount - payment.amount_captured
    if payment.amount_captured:
        payment.move(Status.CAPTURED, f"{why}, and the rest was released")
        store(tx, account, payment, "payment.captured")
    else:
        payment.move(Status.EXPIRED, why)
        store(tx, account, payment, "payment.expired")


def _end_challenge(tx: Connection, account: Account, payment: Payment) -> None:
    payment.expires_us = None
    jobs.cancel(tx, account, CHALLENGE_EXPIRES, payment.id)


def _ask_issuer(tx: Connection, account: Account, payment: Payment) -> None:
    if payment.story.processing == "none":
        _answer(tx, account, payment)
    else:
        payment.move(Status.PROCESSING, payment.story.why)
        store(tx, account, payment, "payment.processing")
        jobs.schedule(tx, account, PROCESSING_ENDS, payment.id, account.now_us + PROCESSING_US)


def _answer(tx: Connection, account: Account, payment: Payment) -> None:
    story = payment.story
    if story.decline is None:
        approve(tx, account, payment, story.why)
    else:
        decline(tx, account, payment, story.decline, story.why)


def _challenge_expires(tx: Connection, account: Account, payment_id: str) -> None:
    payment = find_payment(tx, account, payment_id)
    abandon_challenge(tx, account, payment, "clock: 15 minutes without a decision on the issuer's page")


def _hold_expires(tx: Connection, account: Account, payment_id: str) -> None:
    payment = find_payment(tx, account, payment_id)
    assert payment.authorized_us is not None
    held_days = (account.now_us - payment.authorized_us) // DAY_US
    end_hold(tx, account, payment, f"clock: the hold ended after {held_days} days")


def _processing_ends(tx: Connection, account: Account, payment_id: str) -> None:
    payment = find_payment(tx, account, payment_id)
    if payment.story.processing == "fails":
        fail_submission(tx, account, payment, payment.story.why)
    else:
        _answer(tx, account, payment)


jobs.register(CHALLENGE_EXPIRES, _challenge_expires, "The time for the customer's decision ends.")
jobs.register(HOLD_EXPIRES, _hold_expires, "The issuer lets go what is still held.")
jobs.register(PROCESSING_ENDS, _processing_ends, "The acquirer knows how the payment ended.")
