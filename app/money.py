"""Money: whole minor units of one ISO 4217 currency. Floats never appear."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Protocol, overload

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency
from iso4217 import Currency

MAX_AMOUNT_MINOR = 999_999_999_999
"""ISO 8583's n12: the largest amount the wire carries."""

PLAIN = re.compile(r"^[0-9]{1,15}(?:\.[0-9]{1,4})?$")
"""An amount in major units as a machine reads it."""
_GROUPED = re.compile(r"^[1-9][0-9]{0,2}([, \u00a0\u202f])[0-9]{3}(?:\1[0-9]{3})*(?:\.[0-9]+)?$")


class UnknownCurrency(ValueError):
    """The code is no ISO 4217 currency with a minor unit."""


@cache
def _exponents() -> dict[str, int]:
    return {currency.code: currency.exponent for currency in Currency if currency.exponent is not None}


def currency_codes() -> list[str]:
    """Every code that money can be held in, sorted."""
    return sorted(_exponents())


def exponent_of(currency: str) -> int:
    """Digits after the point in `currency`, from the ISO list itself (CLDR differs for 13 currencies)."""
    try:
        return _exponents()[currency]
    except KeyError:
        raise UnknownCurrency(f"{currency!r} is not an ISO 4217 currency code with a minor unit") from None


@dataclass(frozen=True, order=False)
class Money:
    """`amount_minor` whole minor units of `currency`; adding two currencies raises ValueError."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if isinstance(self.amount_minor, bool) or not isinstance(self.amount_minor, int):
            raise TypeError("an amount is a whole number of minor units")
        exponent_of(self.currency)

    def _same(self, other: Money) -> None:
        if other.currency != self.currency:
            raise ValueError(f"cannot combine {self.currency} with {other.currency}")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount_minor - other.amount_minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.amount_minor < other.amount_minor

    def __gt__(self, other: Money) -> bool:
        return other < self

    def __bool__(self) -> bool:
        return self.amount_minor != 0

    def __str__(self) -> str:
        return f"{self.plain()} {self.currency}"

    @property
    def major(self) -> Decimal:
        """The amount in major units, exactly."""
        return Decimal(self.amount_minor).scaleb(-exponent_of(self.currency))

    def plain(self) -> str:
        """The amount as a machine-neutral decimal, as a form field takes it: `19.99`, `500`."""
        return f"{self.major:.{exponent_of(self.currency)}f}"

    def display(self, locale: str = "en_US") -> str:
        """The amount for people: `$19.99`, `¥500`, with ISO digits whatever CLDR says."""
        places = exponent_of(self.currency)
        pattern = "¤#,##0" + ("." + "0" * places if places else "")
        return format_currency(self.major, self.currency, pattern, locale=locale, currency_digits=False)


class _OfCurrency(Protocol):
    @property
    def currency(self) -> Any: ...


class InMoney:
    """`amount = InMoney()` in a row's class: its column `amount_minor`, with its `currency`, read as Money."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._column = f"{name}_minor"

    @overload
    def __get__(self, row: None, owner: type) -> InMoney: ...
    @overload
    def __get__(self, row: _OfCurrency, owner: type) -> Money: ...
    def __get__(self, row: _OfCurrency | None, owner: type) -> InMoney | Money:
        return self if row is None else Money(getattr(row, self._column), row.currency)


def parse_amount(text: str, currency: str, most: Money | None = None) -> Money:
    """Money from what a person typed in major units (`1,234.50`, `500`); ValueError says what would be right.

    `most` is the largest amount to name where nothing at all or far too much was typed.
    """
    places = exponent_of(currency)
    example = Money(123450, currency).plain()
    plain = read_grouped(text, currency)
    if not PLAIN.match(plain):
        raise ValueError(f"Write the amount in {currency}, like {example}.{meant_as_point(plain, currency)}")
    whole, _, fraction = plain.partition(".")
    if len(fraction) > places:
        digits = "no digits" if places == 0 else f"at most {places} digits"
        raise ValueError(f"{currency} has {digits} after the point; write it like {example}.")
    amount_minor = int(whole + fraction.ljust(places, "0"))
    if not 1 <= amount_minor <= MAX_AMOUNT_MINOR:
        largest = (most or Money(MAX_AMOUNT_MINOR, currency)).plain()
        raise ValueError(f"The amount must lie between {Money(1, currency).plain()} and {largest} {currency}.")
    return Money(amount_minor, currency)


def read_grouped(text: str, currency: str | None = None) -> str:
    """`1234.50` of `1,234.50` or `1 234.50`: without what parts thousands; any other comma or blank stays.

    Where the currency has three or more digits after the point, `1,234` may mean either: ValueError asks which.
    """
    written = text.strip()
    grouped = _GROUPED.match(written)
    if grouped is None:
        return written
    plain = written.replace(grouped[1], "")
    places = exponent_of(currency) if currency else 0
    if places > 2 and written.count(",") == 1 and "." not in written:
        pointed = written.replace(",", ".")
        raise ValueError(f"Did you mean {pointed} or {plain}.{'0' * places} {currency}? Write it without the comma.")
    return plain


def meant_as_point(written: str, currency: str | None = None) -> str:
    """The question that `1,05` begs, ` Did you mean 1.05?`; nothing where a point would not make it an amount."""
    pointed = written.replace(",", ".")
    places = exponent_of(currency) if currency else 4
    fits = "," in written and PLAIN.match(pointed) and len(pointed.partition(".")[2]) <= places
    return f" Did you mean {pointed}?" if fits else ""


def is_locale(text: str) -> bool:
    """Whether `text` names a locale that amounts and dates can be written in (`de-DE`, `en_US`)."""
    try:
        Locale.parse(text.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        return False
    return True
