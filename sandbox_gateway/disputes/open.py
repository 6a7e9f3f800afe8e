"""Opening disputes: the card's story an hour after the capture, a choice of the tester's, or a second round."""

from dataclasses import dataclass

from sqlalchemy import Connection

from sandbox_gateway import jobs
from sandbox_gateway.accounts import Account
from sandbox_gateway.disputes import money
from sandbox_gateway.disputes.dispute import Dispute, find_with_payment, store_both
from sandbox_gateway.disputes.kinds import COMES_BACK, DEADLINE
from sandbox_gateway.disputes.reasons import DisputeOutcome, DisputeReason, network_code
from sandbox_gateway.disputes.states import Kind
from sandbox_gateway.payments.kinds import PAYMENT_DISPUTED
from sandbox_gateway.payments.payment import Payment, find_payment
from sandbox_gateway.times import DAY_US

RESPONSE_US = 10 * DAY_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the cardholder wants back and why; `outcome` and `comes_back` as in a story."""

    reason: DisputeReason
    amount: int
    kind: Kind = Kind.CHARGEBACK
    outcome: DisputeOutcome = "evidence"
    comes_back: bool = False
    previous: Dispute | None = None


def open_dispute(tx: Connection, account: Account, payment: Payment, claim: Claim, why: str) -> Dispute:
    """A new dispute. Its amount is at most what is free of the payment, of which there must be some."""
    dispute = Dispute(
        id=account.new_id("dp"),
        payment=payment.id,
        currency=payment.currency,
        kind=claim.kind,
        round=1 if claim.previous is None else claim.previous.round + 1,
        previous=None if claim.previous is None else claim.previous.id,
        amount=min(claim.amount, payment.amount_free),
        fee=0,
        reason=claim.reason,
        network_reason_code=network_code(payment.story.network, claim.reason),
        outcome=claim.outcome,
        comes_back=claim.comes_back,
        respond_by_us=account.now_us + RESPONSE_US,
        created_us=account.now_us,
        why=why,
    )
    assert dispute.amount > 0
    payment.disputed_times += 1
    if claim.kind is Kind.CHARGEBACK:
        money.take(tx, account, dispute, payment)
    store_both(tx, account, dispute, payment, "dispute.opened")
    jobs.schedule(tx, account, DEADLINE, dispute.id, dispute.respond_by_us)
    return dispute


def follow_story(tx: Connection, account: Account, payment_id: str) -> None:
    """Open the disputes of the card's story, as far as there is money left that was not refunded or disputed."""
    payment = find_payment(tx, account, payment_id)
    story = payment.story.dispute
    assert story is not None
    captured = payment.amount_captured
    for share in story.shares:
        if payment.amount_free == 0:
            break
        claim = Claim(
            reason=story.reason,
            amount=max(1, captured * share // 100),
            kind=Kind(story.kind),
            outcome=story.outcome,
            comes_back=story.comes_back,
        )
        open_dispute(tx, account, payment, claim, payment.story.why)


def open_second_round(tx: Connection, account: Account, dispute_id: str, why: str) -> None:
    """The issuer does not accept that it lost and takes the money again. Nothing happens if none is left."""
    dispute, payment = find_with_payment(tx, account, dispute_id)
    if payment.amount_free:
        claim = Claim(reason=dispute.reason, amount=dispute.amount, previous=dispute)
        open_dispute(tx, account, payment, claim, why)


def _comes_back(tx: Connection, account: Account, dispute_id: str) -> None:
    _, payment = find_with_payment(tx, account, dispute_id)
    open_second_round(tx, account, dispute_id, payment.story.why)


jobs.register(PAYMENT_DISPUTED, follow_story, "The cardholder disputes the payment.")
jobs.register(COMES_BACK, _comes_back, "The issuer comes back with a second round.")
