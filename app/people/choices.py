"""The policy's choices in words: what each is called, what it means, and what may be written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar

from wtforms import BooleanField, Field, IntegerField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from app.forms import KeyedForm, plain_text, trimmed
from app.money import parse_amount
from app.policy import Policy

_LIKE = "USD"
"""Any currency with two digits after the point: how limits are written."""
_NOTHING = re.compile(r"^0+(?:\.0{1,2})?$")
LIMITS = ("refund_limit_minor", "payout_limit_minor")


@dataclass(frozen=True)
class Choice:
    """One of them. `offered` are values with their words; else a number from `least` to `most`, or yes or no."""

    name: str
    label: str
    help: str
    offered: Mapping[str, str] | None = None
    least: int | None = None
    most: int = 0
    unit: str = ""

    def words(self, value: Any) -> str:
        """The value as the page says it."""
        if self.offered is not None:
            return self.offered[str(value)]
        if isinstance(value, bool):
            return "yes" if value else "no"
        if self.name in LIMITS:
            return f"{Decimal(value).scaleb(-2):,.2f}"
        return f"{value} {self.unit}".strip()


GROUPS: dict[str, tuple[Choice, ...]] = {
    "Payments": (
        Choice(
            "unauthenticated",
            "Where 3-D Secure cannot be had",
            "Without it the shop bears the loss if the cardholder disputes the payment.",
            {"proceed": "Go on, without liability shift", "fail": "Let the payment fail"},
        ),
        Choice(
            "during_outage",
            "New work while the gateway does not answer",
            "Waiting work is done once it answers again, each act once.",
            {"wait": "Let it wait", "refuse": "Refuse it"},
        ),
        Choice(
            "soft_decline_retries",
            "Soft declines are tried again",
            "By itself, within the networks' limits. Hard declines never are.",
            least=0,
            most=15,
            unit="times",
        ),
        Choice(
            "unknown_to_person_after_hours",
            "An unknown outcome goes to a person after",
            "Until then it is asked again under the same key, looked up, and searched in the events.",
            least=1,
            most=720,
            unit="hours",
        ),
        Choice(
            "pay_link_days",
            "A pay link works for",
            "A new one can be made at any time.",
            least=1,
            most=365,
            unit="days",
        ),
    ),
    "Holds": (
        Choice(
            "capture_before_expiry_hours",
            "Capture by itself before a hold ends",
            "So many hours before; 0 never does.",
            least=0,
            most=168,
            unit="hours",
        ),
        Choice(
            "warn_before_expiry_hours",
            "Point a hold out before it ends",
            "What is not captured lapses, and the money is gone.",
            least=1,
            most=168,
            unit="hours",
        ),
    ),
    "Risk": (
        Choice(
            "block_from_score",
            "Refuse from this score on",
            "Scores go from 0 to 100; 100 refuses none.",
            least=1,
            most=100,
        ),
        Choice(
            "review_from_score",
            "Have a person look from this score on",
            "Before the money is taken.",
            least=1,
            most=100,
        ),
        Choice(
            "three_ds_from_score",
            "Ask for 3-D Secure from this score on",
            "The cardholder confirms with their bank, which then bears the risk.",
            least=0,
            most=100,
        ),
        Choice(
            "random_reviews_permille",
            "Review others all the same",
            "So many of a thousand, so that what the model misses is found.",
            least=0,
            most=1000,
            unit="of 1,000",
        ),
        Choice(
            "review_hours",
            "A review waits for a person",
            "Then it ends as chosen below.",
            least=1,
            most=168,
            unit="hours",
        ),
        Choice(
            "review_at_deadline",
            "A review that nobody decided",
            "Approving sells more and loses more.",
            {"approve": "Approve the payment", "decline": "Decline the payment"},
        ),
    ),
    "Refunds and customers": (
        Choice(
            "refund_limit_minor",
            "One person refunds up to",
            "Of one payment, in its own currency; more takes a second person. 0 always does.",
            unit="",
        ),
        Choice(
            "payout_limit_minor",
            "One person pays a merchant up to",
            "At once, in each currency; more takes a second person. 0 always does.",
            unit="",
        ),
        Choice(
            "approval_days",
            "A question waits for a second person",
            "What nobody decides lapses.",
            least=1,
            most=90,
            unit="days",
        ),
        Choice("mail_customers", "Tell customers by e-mail what became of their payment", ""),
    ),
}
CHOICES = {choice.name: choice for group in GROUPS.values() for choice in group}


class PolicyForm(KeyedForm):
    """Every choice, and why it is changed."""

    POINTERS: ClassVar[dict[str, str]] = {"/reason": "reason"}

    reason = TextAreaField(
        "Why it is changed",
        [
            DataRequired("Write why, like Fewer holds are to lapse."),
            Length(max=500, message="At most 500 characters."),
            plain_text,
        ],
        [trimmed],
    )

    def __init__(self, policy: Policy, **values: Any) -> None:
        shown = {choice.name: getattr(policy, choice.name) for choice in CHOICES.values()}
        shown |= {name: CHOICES[name].words(shown[name]) for name in LIMITS}
        super().__init__(**shown, **values)
        self.policy = policy
        self.limits: dict[str, int] = {}

    def validate_refund_limit_minor(self, field: Field) -> None:
        self._read_limit(field)

    def validate_payout_limit_minor(self, field: Field) -> None:
        self._read_limit(field)

    def _read_limit(self, field: Field) -> None:
        if _NOTHING.match(field.data):
            self.limits[field.name] = 0
            return
        try:
            self.limits[field.name] = parse_amount(field.data, _LIKE).amount_minor
        except ValueError:
            raise ValidationError("Write an amount with at most two digits after the point, like 500.00.") from None

    def validate_review_from_score(self, field: Field) -> None:
        if isinstance(self.block_from_score.data, int) and field.data > self.block_from_score.data:
            raise ValidationError("Look at payments from a score that is not above the one that refuses them.")

    def chosen(self) -> Policy:
        """The policy as it was written. Only after `validate`."""
        written = {name: self[name].data for name in CHOICES if name not in LIMITS}
        kinds = {name: type(getattr(self.policy, name)) for name in written}
        told: dict[str, Any] = {name: kinds[name](value) for name, value in written.items()} | self.limits
        return replace(self.policy, **told)


def _field_of(choice: Choice) -> Field:
    if choice.offered is not None:
        return SelectField(choice.label, choices=list(choice.offered.items()), description=choice.help)
    if choice.name in LIMITS:
        needed = [DataRequired("Write the amount, like 500.00."), Length(max=20)]
        return StringField(choice.label, needed, [trimmed], description=choice.help, render_kw={"inputmode": "decimal"})
    if choice.least is None:
        return BooleanField(choice.label, description=choice.help)
    between = f"Write a whole number from {choice.least} to {choice.most}."
    unit = f" ({choice.unit})" if choice.unit else ""
    return IntegerField(
        f"{choice.label}{unit}",
        [InputRequired(between), NumberRange(choice.least, choice.most, between)],
        description=choice.help,
        render_kw={"inputmode": "numeric"},
    )


for _choice in CHOICES.values():
    setattr(PolicyForm, _choice.name, _field_of(_choice))
