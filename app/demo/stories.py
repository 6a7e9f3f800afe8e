"""What becomes of an order: paid at once, declined and paid again, shipped in two parcels, sent back, forgotten, …"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Literal

from app.orders.place import Item


@dataclass(frozen=True)
class Pay:
    """With a card of the sandbox's catalogue; `capture` takes the money at once."""

    card: str
    capture: bool = True


@dataclass(frozen=True)
class Confirm:
    """The cardholder's decision on the 3-D Secure page."""

    decision: Literal["approve", "fail", "cancel"]


@dataclass(frozen=True)
class Capture:
    """All that is held, or `amount_minor` of it; `final` releases the rest."""

    amount_minor: int | None = None
    final: bool = False


@dataclass(frozen=True)
class Refund:
    """All that is left, or `amount_minor` of it."""

    amount_minor: int | None
    reason: str
    note: str | None


@dataclass(frozen=True)
class MailLink:
    """A person mails the customer a link to pay by."""


@dataclass(frozen=True)
class Cancel:
    """What is held is voided first."""

    reason: str


@dataclass(frozen=True)
class Look:
    """Something happened by itself at the gateway, at this time: ask what the payment is now."""


Act = Pay | Confirm | Capture | Refund | MailLink | Cancel | Look

_LATER = timedelta(seconds=1)
_CHALLENGE_ENDS = timedelta(minutes=15) + _LATER
_PROCESSING_ENDS = timedelta(minutes=10) + _LATER
_HOLD_ENDS = timedelta(days=7) + _LATER

_DECLINES = {
    "insufficient_funds": 30,
    "do_not_honor": 17,
    "generic_decline": 14,
    "incorrect_cvc": 9,
    "expired_card": 7,
    "suspected_fraud": 6,
    "card_velocity_exceeded": 4,
    "issuer_unavailable": 4,
    "withdrawal_limit_exceeded": 3,
    "transaction_not_allowed": 3,
    "processing_error": 2,
    "lost_card": 2,
    "stolen_card": 2,
    "restricted_card": 1,
    "pickup_card": 1,
}
"""How often each reason is given, out of about a hundred declines."""

_PERCENT_REFUNDED = 6
_WHOLE_REFUNDS = (
    ("requested_by_customer", "Sent back unopened"),
    ("requested_by_customer", "Changed their mind before it shipped"),
    ("requested_by_customer", "Arrived after the birthday it was meant for"),
    ("requested_by_customer", None),
    ("duplicate", "Ordered twice by mistake"),
    ("fraudulent", "The cardholder says it was not them"),
    ("other", "The parcel was lost on its way"),
)
_PART_REFUNDS = (
    ("other", "One arrived broken"),
    ("requested_by_customer", "Kept the rest"),
    ("other", "Sold out after it was paid"),
    ("requested_by_customer", None),
)
_GOODWILL = ("other", "A dent in the box: a fifth off")
_NOT_PAID = "not paid within three days"
_CHANGED_MINDS = ("customer changed their mind", "ordered the wrong size", "address could not be reached")


@dataclass
class Script:
    """An order's acts, each at its time after the order was placed; `card` is what this customer pays with."""

    chance: Random
    items: Sequence[Item]
    card: str
    context: dict[str, str] = field(default_factory=dict)
    """Where the order comes from, where that is not where its customer usually is."""
    acts: list[tuple[timedelta, Act]] = field(default_factory=list)

    def then(self, act: Act, after: timedelta = timedelta(0)) -> None:
        """Add an act some time after the one before."""
        so_far = self.acts[-1][0] if self.acts else timedelta(seconds=self.chance.randint(8, 75))
        self.acts.append((so_far + after, act))

    def between(self, least: timedelta, most: timedelta) -> timedelta:
        """A whole number of seconds in between."""
        return timedelta(seconds=self.chance.randint(int(least.total_seconds()), int(most.total_seconds())))

    def minutes(self, least: int, most: int) -> timedelta:
        return self.between(timedelta(minutes=least), timedelta(minutes=most))

    def hours(self, least: int, most: int) -> timedelta:
        return self.between(timedelta(hours=least), timedelta(hours=most))

    @property
    def captures_at_once(self) -> bool:
        """Whether its payments take the money at once."""
        return all(act.capture for _, act in self.acts if isinstance(act, Pay))

    @property
    def total(self) -> int:
        """What the order costs, in minor units."""
        return sum(item.quantity * item.unit_amount_minor for item in self.items)

    @property
    def first_line(self) -> int:
        """What its first line costs; less than the total where there are several."""
        return self.items[0].quantity * self.items[0].unit_amount_minor

    def declining_card(self) -> str:
        return f"visa_{self.chance.choices(list(_DECLINES), list(_DECLINES.values()))[0]}"


def _paid_at_once(script: Script) -> None:
    script.then(Pay(script.card))
    _sent_back_perhaps(script)


def _shipped(script: Script) -> None:
    script.then(Pay(script.card, capture=False))
    script.then(Capture(), script.hours(3, 40))
    _sent_back_perhaps(script)


def _short_shipped(script: Script) -> None:
    """A line was sold out: the rest is taken, what it would have cost is released."""
    script.then(Pay(script.card, capture=False))
    part = None if script.first_line == script.total else script.total - script.first_line
    script.then(Capture(part, final=True), script.hours(3, 40))


def _two_parcels(script: Script) -> None:
    _first_parcel(script)
    script.then(Capture(final=True), script.hours(20, 60))


def _first_parcel(script: Script) -> None:
    script.then(Pay(script.card, capture=False))
    part = script.first_line if script.first_line < script.total else script.total // 20 * 10
    script.then(Capture(part), script.hours(3, 20))


def _held_too_long(script: Script) -> None:
    script.then(Pay(script.card, capture=False))
    script.then(Look(), _HOLD_ENDS)


def _held(script: Script) -> None:
    script.then(Pay(script.card, capture=False))


def _confirmed(script: Script) -> None:
    capture = script.chance.randrange(4) > 0
    script.then(Pay("visa_challenge", capture))
    script.then(Confirm("approve"), script.between(timedelta(seconds=20), timedelta(minutes=3)))
    if not capture:
        script.then(Capture(), script.hours(3, 40))
    _sent_back_perhaps(script)


def _not_confirmed(script: Script) -> None:
    """Failed or turned away on the bank's page; every second one pays with another card."""
    script.then(Pay("visa_challenge"))
    decision: Literal["fail", "cancel"] = "fail" if script.chance.randrange(5) < 3 else "cancel"
    script.then(Confirm(decision), script.between(timedelta(seconds=20), timedelta(minutes=3)))
    _paid_again_perhaps(script)


def _walked_away(script: Script) -> None:
    script.then(Pay("visa_challenge"))
    script.then(Look(), _CHALLENGE_ENDS)
    _paid_again_perhaps(script)


def _waiting_for_confirmation(script: Script) -> None:
    script.then(Pay("visa_challenge"))


def _confirmed_in_vain(script: Script) -> None:
    script.then(Pay("visa_challenge_declined"))
    script.then(Confirm("approve"), script.between(timedelta(seconds=20), timedelta(minutes=3)))
    _paid_again_perhaps(script)


def _declined(script: Script) -> None:
    script.then(Pay(script.declining_card()))
    _given_up(script)


def _declined_then_paid(script: Script) -> None:
    script.then(Pay(script.declining_card()))
    script.then(Pay(script.card), script.minutes(1, 12))
    _sent_back_perhaps(script)


def _declined_twice(script: Script) -> None:
    script.then(Pay(script.declining_card()))
    script.then(Pay(script.declining_card()), script.minutes(1, 5))
    _paid_again_perhaps(script)


def _given_up(script: Script) -> None:
    """Nobody tries again; most such orders are tidied away in the end."""
    if script.chance.randrange(4):
        script.then(Cancel(_NOT_PAID), timedelta(days=3))


def _answered_late(script: Script) -> None:
    script.then(Pay("visa_processing_declined" if script.chance.randrange(4) == 0 else "visa_processing_approved"))
    script.then(Look(), _PROCESSING_ENDS)


def _called_off(script: Script) -> None:
    script.then(Pay(script.card, capture=False))
    script.then(Cancel(script.chance.choice(_CHANGED_MINDS)), script.hours(1, 30))


def _never_paid(script: Script) -> None:
    script.then(Cancel(_NOT_PAID), timedelta(days=3))


def _not_paid_yet(script: Script) -> None:
    """Placed; the customer was asked to pay, and has not yet."""
    script.then(MailLink(), script.minutes(3, 20))


def _paid_again_perhaps(script: Script) -> None:
    if script.chance.randrange(2):
        script.then(Pay(script.card), script.minutes(2, 50))
    else:
        _given_up(script)


def _sent_back_perhaps(script: Script) -> None:
    """Some of what was captured is refunded days later: all of it, a part, or one part after another."""
    if script.chance.randrange(100) >= _PERCENT_REFUNDED:
        return
    first = script.items[0]
    part = first.unit_amount_minor
    kind = script.chance.choices(("whole", "part", "parts"), (50, 35, 15))[0]
    if kind == "whole":
        script.then(Refund(None, *script.chance.choice(_WHOLE_REFUNDS)), script.hours(2, 200))
    elif part == script.total:
        script.then(Refund(script.total // 50 * 10, *_GOODWILL), script.hours(30, 200))
    else:
        script.then(Refund(part, *script.chance.choice(_PART_REFUNDS)), script.hours(30, 200))
    if kind == "parts":
        script.then(Refund(None, *script.chance.choice(_WHOLE_REFUNDS)), script.hours(10, 90))


Story = Callable[[Script], None]

STORIES: dict[Story, int] = {
    _paid_at_once: 510,
    _shipped: 225,
    _two_parcels: 26,
    _short_shipped: 22,
    _confirmed: 54,
    _not_confirmed: 12,
    _walked_away: 14,
    _confirmed_in_vain: 4,
    _declined_then_paid: 30,
    _declined: 20,
    _declined_twice: 6,
    _answered_late: 9,
    _called_off: 20,
    _held_too_long: 6,
    _never_paid: 16,
}
"""How often each happens, out of about a thousand orders."""

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

OPEN_STORIES: tuple[tuple[timedelta, Story], ...] = (
    (timedelta(minutes=2), lambda script: script.then(Pay("visa_processing_approved"))),
    (6 * _DAY + 21 * _HOUR, _held),
    (timedelta(minutes=5), _waiting_for_confirmation),
    (5 * _HOUR, _not_paid_yet),
    (8 * _DAY + 22 * _HOUR, lambda script: script.then(Pay("visa_dispute_not_received"))),
    (3 * _DAY, lambda script: script.then(Pay("mastercard_dispute_fraudulent"))),
    (9 * _HOUR, _held),
    (timedelta(minutes=90), lambda script: script.then(Pay("visa_insufficient_funds"))),
    (5 * _DAY + 9 * _HOUR, _first_parcel),
    (30 * _HOUR, lambda script: script.then(Pay("visa_inquiry"))),
    (27 * _HOUR, _held),
    (5 * _DAY, lambda script: script.then(Pay("visa_dispute_partial"))),
    (timedelta(minutes=35), _not_paid_yet),
    (3 * _HOUR, _held),
    (22 * _HOUR, lambda script: script.then(Pay("visa_suspected_fraud"))),
    (6 * _DAY + 2 * _HOUR, _held),
    (timedelta(minutes=50), _held),
    (52 * _HOUR, _not_paid_yet),
    (16 * _HOUR, _held),
)
"""What waits for somebody at the end, and how long ago it was ordered; the more telling ones first."""

WATCHED_ADDRESS = "203.0.113.66"
_TESTER = {"ip": "198.51.100.23", "ip_country": "BR", "device_id": "dev_5be1a0c9d4"}
_BORROWED = {"ip": WATCHED_ADDRESS, "ip_country": "RO", "device_id": "dev_0f66d2b17c"}


def _from(context: dict[str, str], card: str) -> Story:
    """Paid with this card from there."""

    def story(script: Script) -> None:
        script.context.update(context)
        script.then(Pay(card))

    return story


RISK_STORIES: tuple[tuple[timedelta, Story], ...] = (
    *(
        (26 * _HOUR - minute * timedelta(minutes=1), _from(_TESTER, card))
        for minute, card in enumerate(
            ("visa_lost_card", "visa_generic_decline", "visa_insufficient_funds", "mastercard_success", "amex_success")
        )
    ),
    (7 * _HOUR, _from(_BORROWED, "visa_success")),
    (4 * _HOUR, _from(_BORROWED, "mastercard_success")),
)
"""Cards tried out on one device until a rule blocks it, and two payments that wait for a review at the end."""
