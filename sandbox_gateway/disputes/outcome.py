"""How disputes end: by the issuer's decision, by the merchant's giving in, or by a deadline that nobody met."""

from sqlalchemy import Connection

from sandbox_gateway import jobs
from sandbox_gateway.accounts import Account
from sandbox_gateway.disputes import evidence, money
from sandbox_gateway.disputes.dispute import Dispute, find_with_payment, store_both
from sandbox_gateway.disputes.kinds import COMES_BACK, DEADLINE, DECISION
from sandbox_gateway.disputes.open import RESPONSE_US
from sandbox_gateway.disputes.states import OPEN, Kind, Status
from sandbox_gateway.payments.payment import Payment
from sandbox_gateway.times import DAY_US

BACK_US = 5 * DAY_US


def win(tx: Connection, account: Account, dispute: Dispute, payment: Payment, why: str) -> None:
    _end(tx, account, dispute, Status.WON, why)
    money.give_back(tx, account, dispute, payment)
    store_both(tx, account, dispute, payment, "dispute.won")
    if dispute.comes_back:
        jobs.schedule(tx, account, COMES_BACK, dispute.id, account.now_us + BACK_US)


def lose(tx: Connection, account: Account, dispute: Dispute, payment: Payment, why: str, status: Status) -> None:
    """The money, which left at the opening, stays away. `status`: lost, accepted or expired."""
    _end(tx, account, dispute, status, why)
    payment.amount_disputed -= dispute.amount
    payment.amount_disputed_lost += dispute.amount
    store_both(tx, account, dispute, payment, "dispute.lost")


def close(tx: Connection, account: Account, dispute: Dispute, payment: Payment, why: str) -> None:
    """The end of an inquiry, which held no money."""
    _end(tx, account, dispute, Status.CLOSED, why)
    store_both(tx, account, dispute, payment, "dispute.closed")


def escalate(tx: Connection, account: Account, dispute: Dispute, payment: Payment, why: str) -> None:
    """The inquiry becomes a chargeback, for as much as is still free, and needs an answer of its own."""
    _forestall(tx, account, dispute)
    dispute.kind = Kind.CHARGEBACK
    dispute.status = Status.NEEDS_RESPONSE
    dispute.amount = min(dispute.amount, payment.amount_free)
    dispute.outcome = "evidence"
    dispute.submitted_us = None
    dispute.respond_by_us = account.now_us + RESPONSE_US
    dispute.why = why
    money.take(tx, account, dispute, payment)
    store_both(tx, account, dispute, payment, "dispute.updated")
    jobs.schedule(tx, account, DEADLINE, dispute.id, dispute.respond_by_us)


def close_refunded_inquiries(tx: Connection, account: Account, payment: Payment) -> None:
    """An inquiry is answered for good once nothing is left to ask back."""
    if payment.amount_free:
        return
    asked = [one["id"] for one in payment.disputes if one["kind"] == "inquiry" and one["status"] in OPEN]
    for dispute_id in asked:
        dispute, _ = find_with_payment(tx, account, dispute_id)
        close(tx, account, dispute, payment, "request: nothing is left of the payment to ask back")


def _decide(tx: Connection, account: Account, dispute_id: str) -> None:
    """What the issuer makes of the answer, or of an inquiry without one."""
    dispute, payment = find_with_payment(tx, account, dispute_id)
    story = payment.story.why
    lacking = evidence.missing(dispute.reason, dispute.evidence, dispute.files)
    if not dispute.is_chargeback:
        if dispute.outcome == "escalated" and payment.amount_free:
            escalate(tx, account, dispute, payment, f"{story} The inquiry became a chargeback.")
        else:
            close(tx, account, dispute, payment, "clock: the issuer asked no further")
    elif dispute.outcome == "won":
        win(tx, account, dispute, payment, story)
    elif dispute.outcome == "lost":
        lose(tx, account, dispute, payment, story, Status.LOST)
    elif lacking:
        why = f"evidence: {', '.join(lacking)} was missing, without which the issuer is not convinced"
        lose(tx, account, dispute, payment, why, Status.LOST)
    else:
        win(tx, account, dispute, payment, "evidence: all that the reason requires was given")


def _miss_deadline(tx: Connection, account: Account, dispute_id: str) -> None:
    dispute, payment = find_with_payment(tx, account, dispute_id)
    if dispute.is_chargeback:
        lose(tx, account, dispute, payment, "clock: no answer within 10 days", Status.EXPIRED)
    else:
        _decide(tx, account, dispute_id)


def _end(tx: Connection, account: Account, dispute: Dispute, status: Status, why: str) -> None:
    _forestall(tx, account, dispute)
    dispute.move(status, why)
    dispute.decided_us = account.now_us


def _forestall(tx: Connection, account: Account, dispute: Dispute) -> None:
    for kind in (DEADLINE, DECISION):
        jobs.cancel(tx, account, kind, dispute.id)


jobs.register(DEADLINE, _miss_deadline, "The time for an answer to the dispute ends.")
jobs.register(DECISION, _decide, "The issuer decides the dispute.")
