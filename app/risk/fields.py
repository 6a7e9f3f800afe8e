"""What a rule can ask about: a table of fields, each with its type and its meaning in words."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta

LONGEST = timedelta(days=45)
"""How far back a window may reach; older payments are no longer looked at."""


class Type(enum.StrEnum):
    """What kind of value a field or a literal has; the text is what messages call it."""

    NUMBER = "a number"
    MONEY = "an amount of money"
    TEXT = "a text"
    DURATION = "a span of time"
    TRUTH = "true or false"


@dataclass(frozen=True)
class Field:
    """One thing known of a payment or of its history; `windowed` fields take how far to look back: `[1h]`."""

    name: str
    type: Type
    words: str
    example: str
    windowed: bool = False

    @property
    def group(self) -> str:
        """What it belongs to, as a heading."""
        return _GROUPS.get(self.name.partition(".")[0], "The payment")


_GROUPS = {
    "card": "The card",
    "email": "The e-mail address",
    "ip": "The IP address",
    "country": "The IP address",
    "device": "The device",
    "customer": "The customer",
}


def _velocity(whose: str, who: str) -> list[Field]:
    return [
        Field(f"{whose}.payments", Type.NUMBER, f"payments tried {who}, this one not counted", "> 5", windowed=True),
        Field(f"{whose}.declines", Type.NUMBER, f"tries {who} that were declined", ">= 3", windowed=True),
        Field(f"{whose}.cards", Type.NUMBER, f"different cards {who}, this one counted", "> 2", windowed=True),
    ]


_FIELDS = [
    Field("amount", Type.MONEY, "what is to be paid", "> 500.00 EUR"),
    Field("amount.ratio", Type.NUMBER, "how many times the card's usual amount it is", "> 5"),
    Field("currency", Type.TEXT, "the ISO 4217 code it is paid in", 'in ("USD", "GBP")'),
    Field("card.network", Type.TEXT, "visa, mastercard, amex, …", '= "amex"'),
    Field("card.funding", Type.TEXT, "credit, debit or prepaid", '= "prepaid"'),
    Field("card.country", Type.TEXT, "the country of the card's bank, two letters", 'not in ("DE", "FR")'),
    Field("card.bin", Type.TEXT, "the first digits of the number", "in @bins"),
    Field("card.fingerprint", Type.TEXT, "what stands for the card, the same each time it pays", "in @stolen_cards"),
    Field("card.age", Type.DURATION, "since the card first paid here", "< 1h"),
    *(field for field in _velocity("card", "with this card") if not field.name.endswith("cards")),
    Field("card.amount", Type.MONEY, "what was paid with this card, in this currency", "> 1000 EUR", windowed=True),
    Field("email.address", Type.TEXT, "the customer's address, in small letters", "in @blocked_emails"),
    Field("email.domain", Type.TEXT, "what stands behind its @", "in @disposable_domains"),
    *_velocity("email", "with this e-mail address"),
    Field("ip.address", Type.TEXT, "where the customer's browser called from", "in @blocked_ips"),
    Field("ip.country", Type.TEXT, "the country of that address, two letters", '= "NL"'),
    *_velocity("ip", "from this IP address"),
    Field("device.id", Type.TEXT, "the customer's browser or app", "is unknown"),
    *_velocity("device", "from this device"),
    Field("country.mismatch", Type.TRUTH, "card and IP address are of different countries", "= true"),
    Field("customer.age", Type.DURATION, "since the customer's first order", "< 1d"),
    Field("customer.paid", Type.NUMBER, "payments of the customer that were authorized before", "= 0"),
    Field("merchant", Type.TEXT, "the name of the merchant", '= "Main store"'),
    Field("hour", Type.NUMBER, "the hour of the day, 0 to 23, UTC", "< 6"),
    Field("weekday", Type.TEXT, "monday to sunday, UTC", 'in ("saturday", "sunday")'),
    Field("score", Type.NUMBER, "the model's score, 0 to 99", ">= 90"),
]

FIELDS: dict[str, Field] = {field.name: field for field in _FIELDS}


def by_group() -> dict[str, list[Field]]:
    """The fields under their headings, in the table's order."""
    found: dict[str, list[Field]] = {"The payment": []}
    for field in _FIELDS:
        found.setdefault(field.group, []).append(field)
    return found
