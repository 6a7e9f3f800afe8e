"""What is known of a payment and its past, as rules ask for it: only what is asked for is looked up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from app.money import Money
from app.orders.models import Order
from app.risk.language import Key
from app.risk.past import Past

CARD_FACTS = ("network", "funding", "country", "bin")
"""What is kept of a card beside its fingerprint."""


@dataclass(frozen=True)
class Subject:
    """A payment that is about to be asked for: its order, the token's card, the account's time."""

    order: Order
    card: dict[str, Any]
    now: datetime
    merchant: str
    customer_since: datetime | None

    @property
    def fingerprint(self) -> str | None:
        return self.card.get("fingerprint")

    @property
    def email(self) -> str:
        return self.order.customer_email_key

    @property
    def ip(self) -> str | None:
        return self.order.context.get("ip") or None

    @property
    def ip_country(self) -> str | None:
        country: str | None = self.order.context.get("ip_country")
        return country.upper() if country else None

    @property
    def device(self) -> str | None:
        return self.order.context.get("device_id") or None

    def value_of(self, whose: str) -> str | None:
        """The payment's card, e-mail address, IP address or device."""
        return {"card": self.fingerprint, "email": self.email, "ip": self.ip, "device": self.device}[whose]


def gather(past: Past, subject: Subject, needs: frozenset[Key]) -> dict[Key, Any]:
    """Each fact that is needed; what is not known is None."""
    plain = _plain(subject)
    found: dict[Key, Any] = {}
    for name, window in needs:
        if window is not None:
            found[name, window] = _windowed(past, subject, name, window)
        elif name in plain:
            found[name, None] = plain[name]
        else:
            found[name, None] = _LOOKED_UP[name](past, subject)
    return found


def _plain(subject: Subject) -> dict[str, Any]:
    card, order, now = subject.card, subject.order, subject.now
    country, since = card.get("country"), subject.customer_since
    return {
        "amount": order.amount,
        "currency": order.currency,
        "card.network": card.get("network"),
        "card.funding": card.get("funding"),
        "card.country": country,
        "card.bin": card.get("bin"),
        "card.fingerprint": subject.fingerprint,
        "email.address": subject.email,
        "email.domain": subject.email.rpartition("@")[2] or None,
        "ip.address": subject.ip,
        "ip.country": subject.ip_country,
        "device.id": subject.device,
        "country.mismatch": None if not country or not subject.ip_country else country != subject.ip_country,
        "customer.age": None if since is None else max(now - since, timedelta(0)),
        "merchant": subject.merchant,
        "hour": now.hour,
        "weekday": f"{now:%A}".lower(),
    }


def _windowed(past: Past, subject: Subject, name: str, window: timedelta) -> Any:
    whose, _, what = name.partition(".")
    value, since = subject.value_of(whose), subject.now - window
    if value is None:
        return None
    if what == "payments":
        return past.payments(whose, value, since)
    if what == "declines":
        return past.declines(whose, value, since)
    if what == "cards":
        this = {subject.fingerprint} if subject.fingerprint else set()
        return len(past.cards(whose, value, since) | this)
    assert what == "amount", name
    currency = subject.order.currency
    return Money(past.amount_minor(whose, value, since, currency), currency)


def _card_age(past: Past, subject: Subject) -> timedelta | None:
    if subject.fingerprint is None:
        return None
    began = past.began("card", subject.fingerprint)
    return timedelta(0) if began is None else subject.now - began


def _ratio(past: Past, subject: Subject) -> Decimal | None:
    if subject.fingerprint is None:
        return None
    number, total = past.usual("card", subject.fingerprint, subject.order.currency)
    return Decimal(subject.order.amount_minor * number) / Decimal(total) if number else None


def _customer_paid(past: Past, subject: Subject) -> int:
    return past.authorized("customer", subject.order.customer_id)


_LOOKED_UP = {"amount.ratio": _ratio, "card.age": _card_age, "customer.paid": _customer_paid}
