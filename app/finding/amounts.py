"""Ranges of amounts as people write them: `100`, `>100`, `<=19.99`, `10..50`; in major units."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import InstrumentedAttribute

from app.money import PLAIN, exponent_of, meant_as_point, read_grouped

_SIGNS = (">=", "<=", ">", "<", "=")
HELP = "Write an amount like 100, >100, <=19.99 or 10..50."


@dataclass(frozen=True)
class AmountRange:
    """From `low` to `high` in major units, both included unless `is_open`; None is no bound."""

    low: Decimal | None = None
    high: Decimal | None = None
    is_open: bool = False

    def condition(
        self, amount_minor: ColumnElement[int] | InstrumentedAttribute[int], currency: str
    ) -> ColumnElement[bool]:
        """What the amount of a row in this currency has to fulfill."""
        exponent = exponent_of(currency)

        def minor(major: Decimal, rounding: str) -> int:
            return int(major.scaleb(exponent).to_integral_value(rounding))

        found = []
        if self.low is not None:
            low = minor(self.low, ROUND_FLOOR if self.is_open else ROUND_CEILING)
            found.append(amount_minor > low if self.is_open else amount_minor >= low)
        if self.high is not None:
            high = minor(self.high, ROUND_CEILING if self.is_open else ROUND_FLOOR)
            found.append(amount_minor < high if self.is_open else amount_minor <= high)
        return and_(*found)


def read_amounts(text: str, currency: str | None = None) -> AmountRange:
    """The range that was written, in the currency that the list is narrowed to; ValueError says what would be right."""
    first, dots, last = text.partition("..")
    if dots:
        low, high = _number(first, currency), _number(last, currency)
        if high < low:
            raise ValueError("Write the smaller amount first, like 10..50.")
        return AmountRange(low, high)
    written = text.strip()
    sign = next((sign for sign in _SIGNS if written.startswith(sign)), "")
    amount = _number(written.removeprefix(sign), currency)
    if sign in ("", "="):
        return AmountRange(amount, amount)
    is_open = sign in "<>"
    return AmountRange(low=amount, is_open=is_open) if sign[0] == ">" else AmountRange(high=amount, is_open=is_open)


def _number(text: str, currency: str | None) -> Decimal:
    plain = read_grouped(text, currency)
    if not PLAIN.match(plain):
        raise ValueError(f"{HELP}{meant_as_point(plain, currency)}")
    return Decimal(plain)
