"""What should happen, in a few hundred lines without a database: payments, refunds, disputes, and their clock.

`World` is told what the merchant, the customer and the bank do, and lists in `told` the events that must come of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

MINUTE, HOUR, DAY = 60, 3600, 86_400

Wire = dict[str, Any]


@dataclass(frozen=True)
class Claims:
    """The disputes that come an hour after the first capture: one for each share, in percent."""

    ends: Literal["by_evidence", "won", "lost", "closed", "escalated"] = "by_evidence"
    shares: tuple[int, ...] = (100,)
    comes_back: bool = False

    @property
    def kind(self) -> str:
        return "inquiry" if self.ends in ("closed", "escalated") else "chargeback"


@dataclass(frozen=True)
class Bank:
    """What the bank behind a card does."""

    challenge: bool = False
    processing: Literal["no", "resolves", "fails"] = "no"
    declines: bool = False
    capture_fails: bool = False
    refund: Literal["succeeds", "pending", "fails", "fails_later"] = "succeeds"
    claims: Claims | None = None


BANKS = {
    "visa_success": Bank(),
    "visa_insufficient_funds": Bank(declines=True),
    "visa_challenge": Bank(challenge=True),
    "visa_challenge_declined": Bank(challenge=True, declines=True),
    "visa_challenge_processing": Bank(challenge=True, processing="resolves"),
    "visa_processing_approved": Bank(processing="resolves"),
    "visa_processing_declined": Bank(processing="resolves", declines=True),
    "visa_processing_failed": Bank(processing="fails"),
    "visa_capture_fails": Bank(capture_fails=True),
    "visa_refund_pending": Bank(refund="pending"),
    "visa_refund_fails": Bank(refund="fails"),
    "visa_refund_fails_later": Bank(refund="fails_later"),
    "visa_dispute_fraudulent": Bank(claims=Claims()),
    "visa_dispute_duplicate_won": Bank(claims=Claims(ends="won")),
    "visa_dispute_not_received_lost": Bank(claims=Claims(ends="lost")),
    "visa_dispute_twice": Bank(claims=Claims(shares=(50, 30))),
    "visa_dispute_second_round": Bank(claims=Claims(ends="won", comes_back=True)),
    "visa_inquiry": Bank(claims=Claims(ends="closed")),
    "visa_inquiry_escalates": Bank(claims=Claims(ends="escalated")),
}

ACTIONS: dict[str, list[str]] = {
    "requires_action": ["void"],
    "authorized": ["capture", "void"],
    "partially_captured": ["capture", "void", "refund"],
    "captured": ["refund"],
}


@dataclass(eq=False)
class Payment:
    id: str
    bank: Bank
    amount: int
    currency: str
    captures_at_once: bool
    status: str = "new"
    version: int = 0
    captures: int = 0
    captured: int = 0
    released: int = 0
    refunded: int = 0
    held: int = 0
    lost: int = 0
    refunds: list[Refund] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)
    secret: str | None = None

    @property
    def capturable(self) -> int:
        holds = self.status in ("authorized", "partially_captured")
        return self.amount - self.captured - self.released if holds else 0

    @property
    def refundable(self) -> int:
        return self.captured - self.refunded - self.lost

    @property
    def free(self) -> int:
        return self.refundable - self.held

    @property
    def shown_status(self) -> str:
        if self.status == "captured" and self.refunded:
            return "refunded" if self.refunded == self.captured else "partially_refunded"
        return self.status

    @property
    def actions(self) -> list[str]:
        return [name for name in ACTIONS.get(self.status, []) if name != "refund" or self.refundable > 0]

    def wire(self) -> Wire:
        return {
            "id": self.id,
            "version": self.version,
            "status": self.shown_status,
            "amount": self.amount,
            "currency": self.currency,
            "amount_capturable": self.capturable,
            "amount_captured": self.captured,
            "amount_refunded": self.refunded,
            "amount_refundable": self.refundable,
        }


@dataclass(eq=False)
class Refund:
    id: str
    payment: Payment
    amount: int
    status: str = "pending"
    version: int = 0

    def wire(self) -> Wire:
        return {
            "id": self.id,
            "version": self.version,
            "payment": self.payment.id,
            "status": self.status,
            "amount": self.amount,
        }


@dataclass(eq=False)
class Dispute:
    """`id` and `required` are known when its first event has come."""

    payment: Payment
    amount: int
    kind: str
    ends: str
    comes_back: bool = False
    round: int = 1
    id: str = ""
    required: frozenset[str] = frozenset()
    given: set[str] = field(default_factory=set)
    status: str = "needs_response"
    version: int = 0
    followed: bool = False

    @property
    def is_open(self) -> bool:
        return self.status in ("needs_response", "under_review")

    @property
    def actions(self) -> list[str]:
        if self.status != "needs_response":
            return []
        return ["submit", "accept"] if self.kind == "chargeback" else ["submit"]

    def wire(self) -> Wire:
        return {
            "version": self.version,
            "payment": self.payment.id,
            "kind": self.kind,
            "round": self.round,
            "status": self.status,
            "amount": self.amount,
            "allowed_actions": self.actions,
        }


Thing = Payment | Refund | Dispute


@dataclass(frozen=True)
class Told:
    """An event that must have come, and what it says of its object as that was then."""

    type: str
    thing: Thing
    wire: Wire


@dataclass(frozen=True)
class Refusal:
    """An answer that changes nothing."""

    status: int
    code: str


@dataclass
class _Timer:
    due: int
    order: int
    kind: str
    thing: Thing
    act: Callable[[], None]


class World:
    """All of one account. Seconds since the epoch."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.payments: list[Payment] = []
        self.refunds: list[Refund] = []
        self.disputes: list[Dispute] = []
        self.told: list[Told] = []
        self._timers: list[_Timer] = []
        self._order = itertools.count()

    # The clock.

    def advance(self, to: int) -> None:
        """Everything that falls due by then happens, in order, at its own time."""
        while due := [timer for timer in self._timers if timer.due <= to]:
            first = min(due, key=lambda timer: (timer.due, timer.order))
            self._timers.remove(first)
            self.now = first.due
            first.act()
        self.now = to

    @property
    def next_due(self) -> int | None:
        return min((timer.due for timer in self._timers), default=None)

    def _after(self, seconds: int, kind: str, thing: Thing, act: Callable[[], None]) -> None:
        self._timers.append(_Timer(self.now + seconds, next(self._order), kind, thing, act))

    def _forestall(self, thing: Thing, *kinds: str) -> None:
        self._timers = [timer for timer in self._timers if not (timer.thing is thing and timer.kind in kinds)]

    def _tell(self, type_: str, thing: Thing) -> None:
        thing.version += 1
        self.told.append(Told(type_, thing, thing.wire()))

    # Paying.

    def pay(self, payment: Payment) -> None:
        self.payments.append(payment)
        if payment.bank.challenge:
            self._move(payment, "requires_action")
            self._after(15 * MINUTE, "challenge", payment, partial(self.abandon, payment))
        else:
            self._ask_bank(payment)

    def _move(self, payment: Payment, status: str) -> None:
        payment.status = status
        self._tell(f"payment.{status}", payment)

    def approve_challenge(self, payment: Payment) -> None:
        self._forestall(payment, "challenge")
        self._ask_bank(payment)

    def refuse_challenge(self, payment: Payment) -> None:
        self._forestall(payment, "challenge")
        self._move(payment, "declined")

    def abandon(self, payment: Payment) -> None:
        self._forestall(payment, "challenge")
        self._move(payment, "expired")

    def _ask_bank(self, payment: Payment) -> None:
        if payment.bank.processing == "no":
            self._bank_answers(payment)
        else:
            self._move(payment, "processing")
            self._after(10 * MINUTE, "processing", payment, partial(self._bank_answers, payment))

    def _bank_answers(self, payment: Payment) -> None:
        if payment.bank.processing == "fails":
            self.end_processing(payment, "failed")
        elif payment.bank.declines:
            self.end_processing(payment, "declined")
        else:
            self.approve(payment)

    def end_processing(self, payment: Payment, status: str) -> None:
        self._forestall(payment, "processing")
        self._move(payment, status)

    def approve(self, payment: Payment) -> None:
        self._forestall(payment, "processing")
        self._move(payment, "authorized")
        if payment.captures_at_once:
            self._take(payment, payment.amount, final=True)
        if payment.status == "authorized":
            self._after(7 * DAY, "hold", payment, partial(self.end_hold, payment))

    def end_hold(self, payment: Payment) -> None:
        self._forestall(payment, "hold")
        payment.released = payment.amount - payment.captured
        self._move(payment, "captured" if payment.captured else "expired")

    # Capturing and voiding.

    def capture(self, payment: Payment, amount: int | None, *, final: bool) -> Refusal | None:
        if "capture" not in payment.actions:
            return Refusal(409, "invalid_transition")
        amount = payment.capturable if amount is None else amount
        if amount > payment.capturable:
            return Refusal(422, "amount_too_large")
        self._take(payment, amount, final=final or amount == payment.capturable)
        return None

    def _take(self, payment: Payment, amount: int, *, final: bool) -> None:
        if payment.bank.capture_fails:
            self._tell("payment.capture_failed", payment)
            return
        payment.captures += 1
        payment.captured += amount
        if payment.bank.claims is not None and payment.captures == 1:
            self._after(HOUR, "claims", payment, partial(self._claim, payment, payment.bank.claims))
        if final:
            self._forestall(payment, "hold")
            payment.released = payment.amount - payment.captured
        self._move(payment, "captured" if final else "partially_captured")

    def void(self, payment: Payment) -> Refusal | None:
        if "void" not in payment.actions:
            return Refusal(409, "invalid_transition")
        if payment.status != "requires_action":
            payment.released = payment.amount - payment.captured
        self._forestall(payment, "challenge", "hold")
        self._move(payment, "captured" if payment.captured else "voided")
        return None

    # Refunding.

    def refuse_refund(self, payment: Payment, amount: int | None) -> Refusal | None:
        wanted = payment.refundable if amount is None else amount
        if "refund" not in payment.actions:
            return Refusal(409, "invalid_transition")
        if wanted > payment.refundable:
            return Refusal(422, "amount_too_large")
        return Refusal(409, "refund_blocked_by_dispute") if wanted > payment.free else None

    def refund(self, refund: Refund) -> None:
        payment = refund.payment
        payment.refunds.append(refund)
        self.refunds.append(refund)
        payment.refunded += refund.amount
        payment.version += 1
        self._tell("refund.created", refund)
        if payment.free == 0:
            for dispute in [one for one in payment.disputes if one.kind == "inquiry" and one.is_open]:
                self.close(dispute)
        match payment.bank.refund:
            case "pending":
                self._after(DAY, "refund", refund, partial(self.end_refund, refund, "succeeded"))
            case "fails":
                self._after(DAY, "refund", refund, partial(self.end_refund, refund, "failed"))
            case other:
                refund.status = "succeeded"
                self._tell("refund.succeeded", refund)
                if other == "fails_later":
                    self._after(3 * DAY, "refund", refund, partial(self.end_refund, refund, "failed"))

    def end_refund(self, refund: Refund, status: str) -> None:
        self._forestall(refund, "refund")
        refund.status = status
        if status == "failed":
            refund.payment.refunded -= refund.amount
        refund.payment.version += 1
        self._tell(f"refund.{status}", refund)

    # Disputes.

    def _claim(self, payment: Payment, claims: Claims) -> None:
        captured = payment.captured
        for share in claims.shares:
            if payment.free == 0:
                return
            wanted = max(1, captured * share // 100)
            self.open(Dispute(payment, wanted, claims.kind, claims.ends, claims.comes_back))

    def open(self, dispute: Dispute) -> None:
        payment = dispute.payment
        dispute.amount = min(dispute.amount, payment.free)
        payment.disputes.append(dispute)
        self.disputes.append(dispute)
        if dispute.kind == "chargeback":
            payment.held += dispute.amount
        payment.version += 1
        self._tell("dispute.opened", dispute)
        self._after(10 * DAY, "deadline", dispute, partial(self.miss_deadline, dispute))

    def give_evidence(self, dispute: Dispute, fields: set[str]) -> Refusal | None:
        if dispute.status != "needs_response":
            return Refusal(409, "invalid_transition")
        if not fields <= dispute.given:
            dispute.given |= fields
            self._tell("dispute.updated", dispute)
        return None

    def submit(self, dispute: Dispute) -> Refusal | None:
        if "submit" not in dispute.actions:
            return Refusal(409, "invalid_transition")
        self._forestall(dispute, "deadline")
        dispute.status = "under_review"
        dispute.payment.version += 1
        self._tell("dispute.updated", dispute)
        self._after(7 * DAY, "decision", dispute, partial(self._decide, dispute))
        return None

    def accept(self, dispute: Dispute) -> Refusal | None:
        if "accept" not in dispute.actions:
            return Refusal(409, "invalid_transition")
        self.lose(dispute, "accepted")
        return None

    def miss_deadline(self, dispute: Dispute) -> None:
        if dispute.kind == "chargeback":
            self.lose(dispute, "expired")
        else:
            self._decide(dispute)

    def _decide(self, dispute: Dispute) -> None:
        if dispute.kind == "inquiry":
            escalates = dispute.ends == "escalated" and dispute.payment.free
            (self.escalate if escalates else self.close)(dispute)
        elif dispute.ends == "won" or (dispute.ends == "by_evidence" and dispute.required <= dispute.given):
            self.win(dispute)
        else:
            self.lose(dispute, "lost")

    def win(self, dispute: Dispute) -> None:
        dispute.payment.held -= dispute.amount
        self._end(dispute, "won", "dispute.won")
        if dispute.comes_back:
            self._after(5 * DAY, "return", dispute, partial(self.come_back, dispute))

    def lose(self, dispute: Dispute, status: str) -> None:
        dispute.payment.held -= dispute.amount
        dispute.payment.lost += dispute.amount
        self._end(dispute, status, "dispute.lost")

    def close(self, dispute: Dispute) -> None:
        self._end(dispute, "closed", "dispute.closed")

    def _end(self, dispute: Dispute, status: str, type_: str) -> None:
        self._forestall(dispute, "deadline", "decision")
        dispute.status = status
        dispute.payment.version += 1
        self._tell(type_, dispute)

    def escalate(self, dispute: Dispute) -> None:
        self._forestall(dispute, "deadline", "decision")
        dispute.kind, dispute.status, dispute.ends = "chargeback", "needs_response", "by_evidence"
        dispute.amount = min(dispute.amount, dispute.payment.free)
        dispute.payment.held += dispute.amount
        dispute.payment.version += 1
        self._tell("dispute.updated", dispute)
        self._after(10 * DAY, "deadline", dispute, partial(self.miss_deadline, dispute))

    def come_back(self, dispute: Dispute) -> None:
        self._forestall(dispute, "return")
        if dispute.payment.free:
            dispute.followed = True
            self.open(Dispute(dispute.payment, dispute.amount, "chargeback", "by_evidence", round=dispute.round + 1))

    def dispute_now(self, payment: Payment, kind: str, parts: int = 1) -> None:
        """The cardholder disputes what is left, or one of so many parts of it."""
        ends = "closed" if kind == "inquiry" else "by_evidence"
        self.open(Dispute(payment, payment.free // parts, kind, ends))
        if payment.free == 0:
            self._forestall(payment, "claims")

    # What the outside world could do, as `/_sandbox/…/next` has it.

    def moves_of_payment(self, payment: Payment) -> dict[str, Callable[[], None]]:
        """Declines and reasons of disputes stand for all of their kind."""
        moves: dict[str, Callable[[], None]] = {}
        match payment.status:
            case "requires_action":
                moves = {
                    "approve_challenge": partial(self.approve_challenge, payment),
                    "fail_challenge": partial(self.refuse_challenge, payment),
                    "cancel_challenge": partial(self.refuse_challenge, payment),
                    "abandon_challenge": partial(self.abandon, payment),
                }
            case "processing":
                moves = {
                    "approve": partial(self.approve, payment),
                    "decline_stolen_card": partial(self.end_processing, payment, "declined"),
                    "fail": partial(self.end_processing, payment, "failed"),
                }
            case "authorized" | "partially_captured":
                moves = {"expire_hold": partial(self.end_hold, payment)}
        if payment.free:
            moves["dispute_fraudulent"] = partial(self.dispute_now, payment, "chargeback")
            moves["inquire"] = partial(self.dispute_now, payment, "inquiry")
        if payment.free > 1:
            moves["dispute_partly"] = partial(self.dispute_now, payment, "chargeback", 2)
        return moves

    def moves_of_refund(self, refund: Refund) -> dict[str, Callable[[], None]]:
        moves: dict[str, Callable[[], None]] = {}
        if refund.status == "pending":
            moves["succeed"] = partial(self.end_refund, refund, "succeeded")
        if refund.status != "failed":
            moves["fail"] = partial(self.end_refund, refund, "failed")
        return moves

    def moves_of_dispute(self, dispute: Dispute) -> dict[str, Callable[[], None]]:
        free = dispute.payment.free > 0
        match dispute.kind, dispute.status:
            case "inquiry", "needs_response" | "under_review":
                escalate = {"escalate": partial(self.escalate, dispute)} if free else {}
                return {"close": partial(self.close, dispute), **escalate}
            case "chargeback", "needs_response":
                return {"withdraw": partial(self.win, dispute), "expire": partial(self.lose, dispute, "expired")}
            case "chargeback", "under_review":
                return {"win": partial(self.win, dispute), "lose": partial(self.lose, dispute, "lost")}
            case "chargeback", "won" if free and dispute.round == 1 and not dispute.followed:
                return {"open_second_round": partial(self.come_back, dispute)}
        return {}
