"""The choices, what each means, and the ones in force."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.clock import wall_now
from app.money import Money, exponent_of
from app.policy.models import PolicyChange
from app.timeline import Actor

_LIMIT_EXPONENT = 2
"""Digits after the point in which limits are kept."""


class Unauthenticated(enum.StrEnum):
    """What to do where 3-D Secure cannot be had."""

    PROCEED = "proceed"
    FAIL = "fail"


class DuringOutage(enum.StrEnum):
    """What becomes of new work while the gateway does not answer."""

    WAIT = "wait"
    REFUSE = "refuse"


class AtDeadline(enum.StrEnum):
    """How a review ends that nobody decided in time."""

    APPROVE = "approve"
    DECLINE = "decline"


@dataclass(frozen=True)
class Policy:
    """What a shop may choose; the values here are what a new one starts with. Times in whole units as named."""

    unauthenticated: Unauthenticated = Unauthenticated.PROCEED
    """3-D Secure unavailable: go on without liability shift, or let the payment fail."""
    during_outage: DuringOutage = DuringOutage.WAIT
    soft_decline_retries: int = 0
    """How often a soft decline is tried again by itself, within the networks' limits; hard ones never are."""
    unknown_to_person_after_hours: int = 24
    """When an outcome that nothing could settle goes to a person."""
    capture_before_expiry_hours: int = 0
    """Capture what is held so long before the hold ends; 0 never does it by itself."""
    warn_before_expiry_hours: int = 48
    """When a hold that nobody captured is pointed out to the operators."""
    pay_link_days: int = 7
    """How long a pay link can be used."""
    refund_limit_minor: int = 50_000
    """The most an operator may refund alone, in minor units with two decimals; other currencies by their exponent."""
    payout_limit_minor: int = 500_000
    """The most that one person may pay a merchant at once, likewise."""
    block_from_score: int = 100
    """Payments of this risk score (0 to 99) and more are refused; 100 refuses none, so that a new desk only watches."""
    review_from_score: int = 100
    """From this score on a person looks at a payment before its money is taken."""
    three_ds_from_score: int = 100
    """From this score on the cardholder has to confirm with 3-D Secure."""
    random_reviews_permille: int = 10
    """So many of a thousand other payments are reviewed all the same, so that what the model misses is found."""
    review_hours: int = 24
    """How long a review may wait for a person."""
    review_at_deadline: AtDeadline = AtDeadline.APPROVE
    """What becomes of a payment that nobody looked at in time."""
    approval_days: int = 7
    """How long a question waits for a second person before it lapses."""
    mail_customers: bool = True
    """Tell customers by e-mail what became of their payment."""

    def refund_limit(self, currency: str) -> Money:
        """The most that may be refunded alone, in this currency's own digits."""
        return _in_digits_of(currency, self.refund_limit_minor)

    def payout_limit(self, currency: str) -> Money:
        """The most that a merchant may be paid by one person alone."""
        return _in_digits_of(currency, self.payout_limit_minor)


def _in_digits_of(currency: str, minor: int) -> Money:
    shift = exponent_of(currency) - _LIMIT_EXPONENT
    return Money(minor * 10**shift if shift >= 0 else minor // 10**-shift, currency)


_READ: TypeAdapter[Policy] = TypeAdapter(Policy)
_first: list[Policy] = [Policy()]
_KEPT_ALWAYS = "random_reviews_permille"
"""The one choice that a setting begins with: once a policy is saved, the setting no longer counts."""
_NEWEST = select(PolicyChange.choices).order_by(PolicyChange.id.desc()).limit(1)


def begin_with(random_reviews: int) -> None:
    """Let so many of a thousand payments be drawn for a review in this process, until somebody saves a policy."""
    _first[:] = [replace(Policy(), random_reviews_permille=random_reviews)]


def first_policy() -> Policy:
    """What a new shop starts with."""
    return _first[0]


def current_policy(session: Session) -> Policy:
    """The choices in force."""
    return _policy_of(session.scalar(_NEWEST) or {})


def _policy_of(chosen: Mapping[str, Any]) -> Policy:
    known = {field.name for field in fields(Policy)}
    named = {name: value for name, value in chosen.items() if name in known}
    return _READ.validate_python(asdict(first_policy()) | named)


def change_policy(session: Session, policy: Policy, reason: str, actor: Actor) -> PolicyChange:
    """Put other choices in force from now on, in the caller's transaction."""
    before, after = asdict(current_policy(session)), asdict(policy)
    changed = [name for name, value in after.items() if value != before[name]]
    usual: dict[str, Any] = asdict(Policy())
    chosen = {name: value for name, value in after.items() if value != usual[name] or name == _KEPT_ALWAYS}
    change = PolicyChange(
        choices=chosen,
        reason=reason,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name[:200],
        at=wall_now(),
    )
    session.add(change)
    audit.note(
        session,
        "policy.changed",
        "policy",
        f"Policy changed: {', '.join(changed).replace('_', ' ') or 'nothing'}",
        actor,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
        reason=reason,
    )
    return change


def choices_of(change: PolicyChange) -> Policy:
    """The whole policy that a change put in force."""
    return _policy_of(change.choices)
