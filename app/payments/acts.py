"""The timeline as a story: what belongs to one act stands together, whoever or whatever told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from app.gateway.calls import GatewayCall
from app.gateway.received import WebhookEvent
from app.money import Money
from app.payments.attempts import Attempt
from app.payments.models import Payment
from app.timeline import Entry, Kind

_OF_ATTEMPT = (Kind.ATTEMPT_OPENED, Kind.ATTEMPT_CLOSED, Kind.ATTEMPT_UNANSWERED)
_KIND_OF = {
    Kind.ORDER_STATUS: "order",
    Kind.PAYMENT_STATUS: "payment",
    Kind.REFUND_STATUS: "refund",
    Kind.DISPUTE_STATUS: "dispute",
}
_CHANGES = tuple(_KIND_OF)
_SPOKEN = (
    Kind.ATTEMPT_UNANSWERED,
    Kind.ATTEMPT_ESCALATED,
    Kind.ATTEMPT_DECIDED,
    Kind.DISCREPANCY,
    Kind.SHIPMENT,
)
"""Entries that are said in an act's words, beside what it changed."""
_BEGINS = (Kind.DISCREPANCY_RESOLVED, Kind.RETRY, Kind.HOLD)
"""Entries that are acts of their own, though the payment itself is their cause."""


class Asked(Protocol):
    """What was asked of the gateway, from the intent to its answer: an attempt, of whichever room."""

    id: str
    opened_at: datetime
    unanswered_at: datetime | None
    outcome: str | None
    refusal: dict[str, Any] | None
    request_key: str | None
    actor_name: str

    @property
    def noun(self) -> str: ...
    @property
    def is_open(self) -> bool: ...


@dataclass(frozen=True)
class Change:
    """A status that came of it: of what (`order`, `payment`, `refund` or `dispute`), from which, to which."""

    kind: str
    after: str
    before: str | None
    subject_id: str


@dataclass
class Act:
    """One thing that somebody did or that came in, with all that it brought.

    `at` is the account's time at which it began, `recorded_at` the wall's.
    """

    id: str
    title: str
    actor: str
    at: datetime
    recorded_at: datetime
    payment_id: str | None = None
    cause: str | None = None
    attempt: Asked | None = None
    result_id: str | None = None
    """The refund that came of it."""
    amount: Money | None = None
    webhook: WebhookEvent | None = None
    entries: list[Entry] = field(default_factory=list)
    calls: list[GatewayCall] = field(default_factory=list)
    confirmed_by: list[WebhookEvent] = field(default_factory=list)
    """Events that told the same as the answer, after it or before."""

    @property
    def changes(self) -> list[Change]:
        """The statuses that it brought, in order."""
        found = [entry for entry in self.entries if entry.kind in _CHANGES and entry.to_status]
        return [
            Change(_KIND_OF[Kind(entry.kind)], entry.to_status or "", entry.from_status, entry.subject_id)
            for entry in found
            if entry.kind != Kind.ORDER_STATUS or len(found) == 1 or entry is found[-1]
        ]

    @property
    def tone(self) -> str:
        """What its mark looks like, where no status says so."""
        kinds = {entry.kind for entry in self.entries}
        if Kind.DISCREPANCY in kinds or (self.attempt is not None and self.attempt.outcome == "refused"):
            return "bad"
        if self.attempt is not None and self.attempt.is_open and self.attempt.unanswered_at is not None:
            return "ask"
        return "quiet"

    @property
    def notes(self) -> list[str]:
        """What else is to be said of it, in sentences."""
        notes = [entry.summary for entry in self.entries if entry.kind in _SPOKEN and entry.summary != self.title]
        if self.attempt is not None and self.attempt.refusal is not None:
            notes.append(f"Refused: {self.attempt.refusal['detail']}")
        return notes

    @property
    def duration_ms(self) -> int | None:
        """How long the gateway took over it, all tries together."""
        return sum(call.duration_ms for call in self.calls) if self.calls else None


def tell(
    entries: Sequence[Entry],
    payments: Sequence[Payment],
    calls: Sequence[GatewayCall],
    webhooks: Sequence[WebhookEvent],
    others: Mapping[str, tuple[Asked, Payment]] | None = None,
) -> list[Act]:
    """Everything that happened, one act after the other, newest first.

    An attempt gathers its calls, what they changed and the events that tell the same; another webhook event what it
    changed; anything else stands alone. `others` are attempts of rooms above, by their id, with their payment.
    """
    acts: dict[str, Act] = {}
    attempts: dict[str, tuple[Asked, Payment]] = {
        attempt.id: (attempt, payment) for payment in payments for attempt in payment.attempts
    }
    attempts |= others or {}
    of_attempt: dict[str, list[GatewayCall]] = {}
    for call in sorted(calls, key=lambda one: one.id):
        of_attempt.setdefault(call.attempt_id, []).append(call)
    ours = {payment.gateway_id: payment.id for payment in payments}
    received = {webhook.id: webhook for webhook in webhooks}
    for entry in sorted(entries, key=lambda one: one.id):
        key = entry.subject_id if entry.kind in _OF_ATTEMPT else entry.cause
        if entry.kind in _BEGINS and key in acts:
            before = acts.pop(key)
            acts[before.id] = before  # what comes under this cause from now on belongs to the new one
        if key is not None and key in acts:
            act = acts[key]
        elif key in attempts:
            act = acts[key] = _of_attempt(entry, *attempts[key], of_attempt.get(key, []))
        elif key in received:
            act = acts[key] = _of_webhook(received[key], entry, entry.payment_id)
        else:
            act = Act(f"entry-{entry.id}", entry.summary, entry.actor_name, entry.at, entry.recorded_at)
            act.cause, act.payment_id = entry.cause, entry.payment_id
            acts[key or act.id] = act
        act.entries.append(entry)
    for webhook in webhooks:
        own = acts.get(webhook.id)
        asked = next((act for act in acts.values() if _tells_of(webhook, act)), None)
        if asked is not None:
            asked.confirmed_by.append(webhook)
            if own is not None:  # it overtook the answer
                asked.entries = sorted(asked.entries + own.entries, key=lambda one: one.id)
                del acts[webhook.id]
        elif own is None:
            acts[webhook.id] = _of_webhook(webhook, None, ours.get(webhook.gateway_payment_id))
    return sorted(acts.values(), key=lambda act: (act.recorded_at, act.id), reverse=True)


def _tells_of(webhook: WebhookEvent, act: Act) -> bool:
    """Whether the event is of something that the act's answers brought. The acts are asked from the oldest on."""
    told = webhook.body.get("data") or {}
    if act.attempt is None or webhook.received_at < act.recorded_at:  # what was heard before it tells of something else
        return False
    if webhook.type.startswith("refund."):
        return act.result_id is not None and told.get("id") == act.result_id
    answers = [call.response for call in act.calls if call.response and call.response.get("id") == told.get("id")]
    return any(answer.get("version", 0) >= told.get("version", 0) for answer in answers)


def _of_attempt(entry: Entry, attempt: Asked, payment: Payment, calls: list[GatewayCall]) -> Act:
    sum_minor = attempt.amount_minor if isinstance(attempt, Attempt) else None
    return Act(
        attempt.id,
        attempt.noun.capitalize(),
        attempt.actor_name,
        entry.at,
        attempt.opened_at,
        payment_id=payment.id,
        cause=attempt.request_key,
        attempt=attempt,
        result_id=attempt.result_id if isinstance(attempt, Attempt) else None,
        amount=Money(sum_minor, payment.currency) if sum_minor else None,
        calls=calls,
    )


def _of_webhook(webhook: WebhookEvent, entry: Entry | None, payment_id: str | None) -> Act:
    return Act(
        webhook.id,
        f"Webhook {webhook.type}",
        "Gateway",
        webhook.told_at if entry is None else entry.at,
        webhook.received_at,
        payment_id=payment_id,
        webhook=webhook,
    )


def last_told(calls: Sequence[GatewayCall], events: Sequence[WebhookEvent], payment: Payment) -> dict[str, Any] | None:
    """The payment as the gateway last told it whole, in an answer or an event; None while it has told nothing."""
    answers = [call.response for call in calls if call.response]
    bodies = [*answers, *(event.body.get("data") or {} for event in events)]
    whole = [body for body in bodies if body.get("id") == payment.gateway_id and isinstance(body.get("version"), int)]
    return max(whole, key=lambda body: int(body["version"]), default=None) if payment.gateway_id else None
