"""From the customer's authentication to the issuer's answer, at once, after a challenge, or minutes later."""

from dataclasses import asdict

from sqlalchemy import Connection

from sandbox_gateway import issuer, jobs
from sandbox_gateway.accounts import Account
from sandbox_gateway.issuer import ThreeDs
from sandbox_gateway.payments.capture import capture
from sandbox_gateway.payments.kinds import CHALLENGE_EXPIRES, HOLD_EXPIRES, PROCESSING_ENDS
from sandbox_gateway.payments.payment import Payment, find_payment, store
from sandbox_gateway.payments.states import Status
from sandbox_gateway.test_cards import CARDS, DECLINES, Decline, TestCard
from sandbox_gateway.times import DAY_US, MINUTE_US

CHALLENGE_LIFE_US = 15 * MINUTE_US
HOLD_US = 7 * DAY_US
PROCESSING_US = 10 * MINUTE_US


def begin(tx: Connection, account: Account, payment: Payment, three_ds: ThreeDs) -> None:
    """The first step of every payment: authentication, as far as the issuer and the request want it."""
    card = CARDS[payment.test_card]
    answer = issuer.authenticate(card, three_ds)
    payment.authentication = answer.authentication
    if answer.decline is not None:
        asked = "" if answer.authentication is not None else " three_ds: skip was asked for."
        _decline(tx, account, payment, answer.decline, _why(card) + asked)
    elif answer.needs_challenge:
        payment.challenge_secret = account.new_secret()
        payment.expires_us = account.now_us + CHALLENGE_LIFE_US
        payment.move(Status.REQUIRES_ACTION, _why(card))
        store(tx, account, payment, "payment.requires_action")
        jobs.schedule(tx, account, CHALLENGE_EXPIRES, payment.id, payment.expires_us)
    else:
        _ask_issuer(tx, account, payment, card)


def approve_challenge(tx: Connection, account: Account, payment: Payment) -> None:
    """The customer confirmed the payment on the issuer's page."""
    card = CARDS[payment.test_card]
    _end_challenge(tx, account, payment)
    payment.authentication = issuer.authentication(card, "challenge_passed")
    _ask_issuer(tx, account, payment, card)


def fail_challenge(tx: Connection, account: Account, payment: Payment) -> None:
    """The customer did not prove who they are."""
    _end_challenge(tx, account, payment)
    payment.authentication = issuer.authentication(CARDS[payment.test_card], "challenge_failed")
    _decline(tx, account, payment, DECLINES["authentication_failed"], "challenge: failed on the issuer's page")


def cancel_challenge(tx: Connection, account: Account, payment: Payment) -> None:
    """The customer chose not to go on."""
    _end_challenge(tx, account, payment)
    payment.authentication = issuer.authentication(CARDS[payment.test_card], "challenge_canceled")
    _decline(tx, account, payment, DECLINES["authentication_canceled"], "challenge: canceled by the customer")


def _end_challenge(tx: Connection, account: Account, payment: Payment) -> None:
    payment.expires_us = None
    jobs.cancel(tx, account, CHALLENGE_EXPIRES, payment.id)


def _ask_issuer(tx: Connection, account: Account, payment: Payment, card: TestCard) -> None:
    if card.processing:
        payment.move(Status.PROCESSING, _why(card))
        store(tx, account, payment, "payment.processing")
        jobs.schedule(tx, account, PROCESSING_ENDS, payment.id, account.now_us + PROCESSING_US)
    else:
        _settle(tx, account, payment, card)


def _settle(tx: Connection, account: Account, payment: Payment, card: TestCard) -> None:
    decline = issuer.authorize(card)
    if decline is not None:
        _decline(tx, account, payment, decline, _why(card))
        return
    payment.authorization_code = account.chance.digits(6)
    payment.authorized_us = account.now_us
    payment.expires_us = account.now_us + HOLD_US
    payment.move(Status.AUTHORIZED, _why(card))
    store(tx, account, payment, "payment.authorized")
    if payment.captures_at_once:
        capture(tx, account, payment, payment.amount, final=True, why=_why(card))
    else:
        jobs.schedule(tx, account, HOLD_EXPIRES, payment.id, payment.expires_us)


def _decline(tx: Connection, account: Account, payment: Payment, decline: Decline, why: str) -> None:
    payment.decline = asdict(decline)  # type: ignore[assignment]  # the same four members
    payment.move(Status.DECLINED, why)
    store(tx, account, payment, "payment.declined")


def _why(card: TestCard) -> str:
    return f"card {card.name}: {card.story}"


def _challenge_expires(tx: Connection, account: Account, payment_id: str) -> None:
    payment = find_payment(tx, account, payment_id)
    payment.expires_us = None
    payment.authentication = issuer.authentication(CARDS[payment.test_card], "challenge_abandoned")
    payment.move(Status.EXPIRED, "clock: 15 minutes without a decision on the issuer's page")
    store(tx, account, payment, "payment.expired")


def _hold_expires(tx: Connection, account: Account, payment_id: str) -> None:
    payment = find_payment(tx, account, payment_id)
    payment.expires_us = None
    payment.amount_released = payment.amount - payment.amount_captured
    why = "clock: the hold ended after 7 days"
    if payment.amount_captured:
        payment.move(Status.CAPTURED, f"{why}, and the rest was released")
        store(tx, account, payment, "payment.captured")
    else:
        payment.move(Status.EXPIRED, why)
        store(tx, account, payment, "payment.expired")


def _processing_ends(tx: Connection, account: Account, payment_id: str) -> None:
    payment = find_payment(tx, account, payment_id)
    _settle(tx, account, payment, CARDS[payment.test_card])


jobs.register(CHALLENGE_EXPIRES, _challenge_expires)
jobs.register(HOLD_EXPIRES, _hold_expires)
jobs.register(PROCESSING_ENDS, _processing_ends)
