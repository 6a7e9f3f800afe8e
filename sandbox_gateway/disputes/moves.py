"""What issuers and cardholders could do now: to a dispute, and to a payment that could be disputed."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import Connection, bindparam, select

from sandbox_gateway import jobs, outside
from sandbox_gateway.accounts import Account
from sandbox_gateway.disputes.dispute import Dispute, DisputeBody, find_dispute, find_with_payment, show
from sandbox_gateway.disputes.kinds import COMES_BACK
from sandbox_gateway.disputes.open import Claim, open_dispute, open_second_round
from sandbox_gateway.disputes.outcome import close, escalate, lose, win
from sandbox_gateway.disputes.reasons import CLAIMS, DisputeReason
from sandbox_gateway.disputes.rows import disputes
from sandbox_gateway.disputes.states import Kind, Status
from sandbox_gateway.outside import CHOSEN, Move
from sandbox_gateway.payments import moves as _registered_first  # noqa: F401 - the moves of payments, to be added to
from sandbox_gateway.payments.kinds import PAYMENT_DISPUTED
from sandbox_gateway.payments.payment import find_payment

_FOLLOWING = (
    select(disputes.c.row)
    .where(disputes.c.account_id == bindparam("account_id"), disputes.c.previous == bindparam("dispute_id"))
    .limit(1)
)


def moves_of_dispute(tx: Connection, account: Account, dispute_id: str) -> list[Move]:
    dispute, payment = find_with_payment(tx, account, dispute_id)
    has_money = payment.amount_free > 0
    match dispute.kind, dispute.status:
        case Kind.INQUIRY, Status.NEEDS_RESPONSE | Status.UNDER_REVIEW:
            return [_CLOSE, _ESCALATE] if has_money else [_CLOSE]
        case Kind.CHARGEBACK, Status.NEEDS_RESPONSE:
            return [_WITHDRAW, _EXPIRE]
        case Kind.CHARGEBACK, Status.UNDER_REVIEW:
            return [_WIN, _LOSE]
        case Kind.CHARGEBACK, Status.WON if has_money and _can_come_back(tx, account, dispute):
            return [_COME_BACK]
    return []


def moves_of_payment(tx: Connection, account: Account, payment_id: str) -> list[Move]:
    """A chargeback for each reason, one for a part, and an inquiry; none once nothing is left to dispute."""
    free = find_payment(tx, account, payment_id).amount_free
    if free == 0:
        return []
    every = [
        Move(f"dispute_{reason}", f"The cardholder disputes all that is left: {claim}.", partial(_open, reason=reason))
        for reason, claim in CLAIMS.items()
    ]
    part = Move("dispute_partly", "The cardholder disputes half of what is left.", partial(_open, parts=2))
    inquiry = Move("inquire", "The issuer asks what this was; no money moves.", partial(_open, kind=Kind.INQUIRY))
    return [*every, *([part] if free > 1 else []), inquiry]


def _open(
    tx: Connection,
    account: Account,
    payment_id: str,
    *,
    reason: DisputeReason = "general",
    kind: Kind = Kind.CHARGEBACK,
    parts: int = 1,
) -> None:
    payment = find_payment(tx, account, payment_id)
    claim = Claim(
        reason=reason,
        amount=payment.amount_free // parts,
        kind=kind,
        outcome="closed" if kind is Kind.INQUIRY else "evidence",
    )
    words = "the issuer asked what this was" if kind is Kind.INQUIRY else "the cardholder disputed the payment"
    open_dispute(tx, account, payment, claim, f"{CHOSEN}: {words}: {CLAIMS[reason]}")
    if payment.amount_free == 0:
        # Nothing is left for the dispute of the card's own story.
        jobs.cancel(tx, account, PAYMENT_DISPUTED, payment.id)


def _can_come_back(tx: Connection, account: Account, dispute: Dispute) -> bool:
    keys = {"account_id": account.id, "dispute_id": dispute.id}
    return dispute.round == 1 and tx.execute(_FOLLOWING, keys).first() is None


def _withdraw(tx: Connection, account: Account, dispute_id: str) -> None:
    win(tx, account, *find_with_payment(tx, account, dispute_id), f"{CHOSEN}: the cardholder withdrew the claim")


def _win(tx: Connection, account: Account, dispute_id: str) -> None:
    win(tx, account, *find_with_payment(tx, account, dispute_id), f"{CHOSEN}: decided for the merchant")


def _lose(tx: Connection, account: Account, dispute_id: str) -> None:
    why = f"{CHOSEN}: decided for the cardholder"
    lose(tx, account, *find_with_payment(tx, account, dispute_id), why, Status.LOST)


def _expire(tx: Connection, account: Account, dispute_id: str) -> None:
    why = f"{CHOSEN}: the deadline passed without an answer"
    lose(tx, account, *find_with_payment(tx, account, dispute_id), why, Status.EXPIRED)


def _close(tx: Connection, account: Account, dispute_id: str) -> None:
    close(tx, account, *find_with_payment(tx, account, dispute_id), f"{CHOSEN}: the issuer asked no further")


def _escalate(tx: Connection, account: Account, dispute_id: str) -> None:
    escalate(tx, account, *find_with_payment(tx, account, dispute_id), f"{CHOSEN}: the inquiry became a chargeback")


def _come_back(tx: Connection, account: Account, dispute_id: str) -> None:
    jobs.cancel(tx, account, COMES_BACK, dispute_id)
    open_second_round(tx, account, dispute_id, f"{CHOSEN}: the issuer did not accept that it lost")


def _shown(tx: Connection, account: Account, dispute_id: str) -> Mapping[str, Any]:
    return show(find_dispute(tx, account, dispute_id))


_WITHDRAW = Move("withdraw", "The cardholder withdraws the claim: won.", _withdraw)
_EXPIRE = Move("expire", "The deadline passes without an answer: lost.", _expire)
_WIN = Move("win", "The issuer decides for the merchant.", _win)
_LOSE = Move("lose", "The issuer decides for the cardholder.", _lose)
_CLOSE = Move("close", "The issuer asks no further.", _close)
_ESCALATE = Move("escalate", "The inquiry becomes a chargeback.", _escalate)
_COME_BACK = Move("open_second_round", "The issuer does not accept that it lost, and opens a second round.", _come_back)

ROUTES = outside.register("disputes", moves_of_dispute, _shown, DisputeBody)
outside.add_moves("payments", moves_of_payment)
