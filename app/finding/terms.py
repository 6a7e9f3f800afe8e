"""The search box's language: `status:declined amount:>100 customer:ann@…` become filters, other words stay words."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from app import words
from app.finding.amounts import read_amounts
from app.finding.form import Args
from app.finding.times import begin_of
from app.money import currency_codes

_TERM = re.compile(r'(?:^|(?<=\s))(?:"([^"]*)"|([A-Za-z_]\w*):(?:"([^"]*)"|(\S*))|(\S+))')
_DAY = r"\d{4}-\d{2}-\d{2}"
_DAYS = re.compile(rf"^(?:(>=|<=|>|<)?({_DAY})|({_DAY})\.\.({_DAY}))$", re.ASCII)
_LAST4 = re.compile(r"^\d{4}$", re.ASCII)
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)


class WrongTerm(ValueError):
    """A term that cannot be understood; says what would be right."""


def _status(text: str) -> Args:
    found = [("status", one.strip().lower().replace(" ", "_").replace("-", "_")) for one in text.split(",")]
    known = words.ORDER | words.PAYMENT | words.REFUND | words.DISPUTE
    for _, status in found:
        if status not in known:
            raise WrongTerm(f"There is no status {status[:40]}. Write one of: {', '.join(words.ORDER)}.")
    return found


def _amount(text: str) -> Args:
    read_amounts(text)
    return [("amount", text)]


def _currency(text: str) -> Args:
    if text.upper() not in currency_codes():
        raise WrongTerm("Write an ISO 4217 code, like currency:EUR.")
    return [("currency", text.upper())]


def _last4(text: str) -> Args:
    if not _LAST4.match(text):
        raise WrongTerm("Write the four digits that the card number ends with, like last4:4242.")
    return [("last4", text)]


def _network(text: str) -> Args:
    if text.lower() not in words.NETWORKS:
        raise WrongTerm(f"There is no card network {text[:40]}. Write one of: {', '.join(words.NETWORKS)}.")
    return [("network", text.lower())]


def _created(text: str) -> Args:
    wrong = WrongTerm(
        "Write created:7d, created:24h, created:2026-11-23, created:>2026-11-01 or created:2026-11-01..2026-11-23."
    )
    found = _DAYS.match(text)
    try:
        if found is None:
            begin_of(text, _ANY_TIME)
            return [("created", text)]
        if found[3]:
            return [("since", str(date.fromisoformat(found[3]))), ("until", str(date.fromisoformat(found[4])))]
        day, one = date.fromisoformat(found[2]), timedelta(days=1)
        bounds = {
            None: [("since", day), ("until", day)],
            ">": [("since", day + one)],
            ">=": [("since", day)],
            "<": [("until", day - one)],
            "<=": [("until", day)],
        }
        return [(name, str(at)) for name, at in bounds[found[1]]]
    except (ValueError, OverflowError):
        raise wrong from None


TERMS: dict[str, Callable[[str], Args]] = {
    "status": _status,
    "amount": _amount,
    "currency": _currency,
    "last4": _last4,
    "network": _network,
    "customer": lambda text: [("customer", text)],
    "reference": lambda text: [("reference", text)],
    "decline": lambda text: [("decline", text.lower())],
    "created": _created,
    "reason": lambda text: [("reason", text.lower())],
}


def has_terms(text: str) -> bool:
    """Whether there is more than plain words in it."""
    return any(found[2] or found[1] for found in _TERM.finditer(text))


def read_terms(text: str) -> Args:
    """The filters that were written, and under `q` what words are left. WrongTerm, which says what would be right."""
    found: Args = []
    plain = []
    for term in _TERM.finditer(text):
        quoted, name, quoted_value, value, word = term.groups()
        if name is None:
            plain.append(quoted if quoted is not None else word)
            continue
        read = TERMS.get(name.lower())
        if read is None:
            offered = ", ".join(f"{one}:" for one in TERMS)
            raise WrongTerm(
                f"There is no term {name[:40]}: here. Terms are {offered}."
                f' To search for these words, quote them: "{text[:80]}"'
            )
        given = quoted_value if quoted_value is not None else value
        if not given:
            raise WrongTerm(f"Write something after {name}: without a blank between.")
        try:
            found += read(given)
        except WrongTerm:
            raise
        except ValueError as error:
            raise WrongTerm(f"{name}: {error}") from None
    return [*found, *([("q", " ".join(plain))] if plain else [])]
