"""Taking a person out of what was told: their words in texts, and the members of JSON that hold nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Any
from urllib.parse import quote, quote_plus

from app.audit.erase import ERASED

ERASED_NAME = "Erased customer"
_DOMAIN = "erased.invalid"

_DROPPED = frozenset(
    {
        "ip",
        "ip_country",
        "device_id",
        "user_agent",
        "accept_language",
        "billing_address",
        "tracking",
        # Of a card its network and last four digits stay, so that money can be matched with the bank's papers.
        "fingerprint",
        "bin",
        "exp_month",
        "exp_year",
    }
)
"""Members that tell of nothing but the person, whatever they hold."""
_KEPT_METADATA = frozenset({"order", "payment"})
"""What we ourselves send along to the gateway."""
STRUCTURE = frozenset(
    {
        "id",
        "object",
        "type",
        "status",
        "kind",
        "code",
        "currency",
        "network",
        "operation",
        "decision",
        "event",
        "order",
        "payment",
    }
)
"""Members that programs read: a customer called Paid takes no status away."""
_PROSE = frozenset({"note", "reason", "description", "detail", "summary"})
"""Members that people write in, or whose names end so."""
_SHORTEST_PART = 3


def address_of(customer_id: str) -> str:
    """What stands where an erased customer's e-mail address stood: one each, and nobody's."""
    return f"{customer_id}@{_DOMAIN}"


def is_erased_address(email: str) -> bool:
    """Whether it stands for somebody who was erased: nothing is sent there."""
    return email.lower().endswith(f"@{_DOMAIN}")


class Words:
    """What tells who one person is: their names and addresses, and all else that is theirs alone."""

    def __init__(self, names: Iterable[str], emails: Iterable[str], others: Iterable[str] = ()) -> None:
        self.names = _told(names)
        self.emails = _told(emails)
        self._names = {name.lower() for name in self.names}
        told = self.names | self.emails | _told(others)
        self.spelled = {quote(one) for one in told} | {quote_plus(one) for one in told}
        """As they stand in an address."""
        spelled = told | self.spelled
        parts = {part for name in self.names for part in re.findall(r"\w+", name) if len(part) >= _SHORTEST_PART}
        self._words = _pattern(spelled)
        self._parts = _pattern(spelled | parts)

    def text(self, text: str) -> str:
        """Without any of their words, as far as those stand whole."""
        return self._without(self._words, text)

    def prose(self, text: str) -> str:
        """The same for what people wrote, who may have used a part of the name alone."""
        return self._without(self._parts, text)

    def value(self, told: Any, name: str = "") -> Any:
        """JSON without what is theirs; what programs read stays."""
        if isinstance(told, dict):
            return self._object(told, name)
        if isinstance(told, list):
            return [] if name == "files" else [self.value(one, name) for one in told]
        if isinstance(told, str) and name not in STRUCTURE:
            return self.prose(told) if name.rpartition("_")[2] in _PROSE else self.text(told)
        return told

    def document(self, text: str) -> str:
        """The same for JSON as it was written down; other text is taken as prose."""
        try:
            told = json.loads(text)
        except ValueError:
            return self.prose(text)
        left = self.value(told)
        return text if left == told else json.dumps(left, ensure_ascii=False, separators=(",", ":"))

    def _object(self, told: dict[str, Any], name: str) -> dict[str, Any]:
        if name == "customer":
            return {member: _of_customer(member, value, told) for member, value in told.items()}
        if name == "metadata":
            return {member: value for member, value in told.items() if member in _KEPT_METADATA}
        if name == "fields":  # of evidence
            return {}
        return {member: None if member in _DROPPED else self.value(value, member) for member, value in told.items()}

    def _without(self, words: re.Pattern[str] | None, text: str) -> str:
        if text.strip().lower() in self._names:
            return ERASED_NAME
        return text if words is None else words.sub(ERASED, text)


def _of_customer(member: str, value: Any, customer: dict[str, Any]) -> Any:
    """A gateway or an order service still finds the shape that it knows."""
    if member == "id":
        return value
    if member == "name":
        return ERASED_NAME
    return address_of(str(customer.get("id") or "customer")) if member == "email" else None


def _told(words: Iterable[str]) -> set[str]:
    return {word.strip() for word in words if word.strip()}


def _pattern(words: AbstractSet[str]) -> re.Pattern[str] | None:
    if not words:
        return None
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)
