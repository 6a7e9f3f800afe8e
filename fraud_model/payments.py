"""A payment as the model sees it: what a live gateway has before it authorizes, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from fraud_model import places
from fraud_model.times import milliseconds

_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_OPTIONAL: Final = ("merchant", "device", "email", "ip", "card_country", "ip_country")
_LONGEST: Final = 320


class InvalidPayment(ValueError):
    """Names the field that is wrong, and what would be right."""


@dataclass(frozen=True, slots=True)
class Payment:
    """`at` is in milliseconds since 1970. The parties are any text that stays the same for the same party."""

    id: str
    at: int
    amount_minor: int
    currency: str
    card: str
    merchant: str | None = None
    device: str | None = None
    email: str | None = None
    ip: str | None = None
    card_country: str | None = None
    ip_country: str | None = None
    cents: int = field(init=False)
    domain: str | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cents", places.cents_of(self.amount_minor, self.currency))
        object.__setattr__(self, "domain", self.email.rpartition("@")[2].lower() if self.email else None)


class News(StrEnum):
    """What can become known of a payment after it was observed."""

    DECLINED = "declined"
    FRAUD = "fraud"


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody told us, at `at`: the issuer declined it; a dispute, a verdict or a refund says it was fraud."""

    payment: Payment
    news: News
    at: int


def payment_from(fields: Mapping[str, Any]) -> Payment:
    """Read from JSON: `id`, `at` (RFC 3339), `amount` (minor units), `currency`, `card`, and what is known beside."""
    optional = {name: _text(fields, name) for name in _OPTIONAL if fields.get(name) is not None}
    for name in ("card_country", "ip_country"):
        if name in optional and not _COUNTRY.fullmatch(optional[name]):
            raise InvalidPayment(f"{name} must be two capital letters (ISO 3166), not {optional[name]!r}")
    currency = _text(fields, "currency")
    if not _CURRENCY.fullmatch(currency):
        raise InvalidPayment(f"currency must be three capital letters (ISO 4217), not {currency!r}")
    amount = fields.get("amount")
    if not isinstance(amount, int) or isinstance(amount, bool) or amount < 1:
        raise InvalidPayment(f"amount must be a whole number of minor units, 1 or more, not {amount!r}")
    return Payment(
        id=_text(fields, "id"),
        at=time_from(fields, "at"),
        amount_minor=amount,
        currency=currency,
        card=_text(fields, "card"),
        **optional,
    )


def time_from(fields: Mapping[str, Any], name: str) -> int:
    """A moment with its offset from UTC."""
    text = _text(fields, name)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidPayment(f"{name} must be a time such as 2026-03-01T12:00:00Z, not {text!r}")
    return milliseconds(moment)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value or len(value) > _LONGEST:
        raise InvalidPayment(f"{name} must be a text of 1 to {_LONGEST} characters, not {value!r}")
    return value
