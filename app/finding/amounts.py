"""Ranges of amounts as people write them: `100`, `>100`, `<=19.99`, `10..50`; in a currency, or in each row's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, case
from sqlalchemy.orm import InstrumentedAttribute

from app.money import currency_codes, exponent_of

_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,4})?"
_ONE = re.compile(rf"^(>=|<=|>|<|=)?({_NUMBER})$")
_BOTH = re.compile(rf"^({_NUMBER})\.\.({_NUMBER})$")
_USUAL_EXPONENT = 2
_OTHERS = {
    exponent: [code for code in currency_codes() if exponent_of(code) == exponent]
    for exponent in sorted({exponent_of(code) for code in currency_codes()} - {_USUAL_EXPONENT})
}
HELP = "Write an amount like 100, >100, <=19.99 or 10..50."


@dataclass(frozen=True)
class AmountRange:
    """From `low` to `high` in major units, both included unless `is_open`; None is no bound."""

    low: Decimal | None = None
    high: Decimal | None = None
    is_open: bool = False

    def condition(
        self, amount_minor: InstrumentedAttribute[int], currency: InstrumentedAttribute[str], only: str | None
    ) -> ColumnElement[bool]:
        """What a row has to fulfill; `only` is the currency that is asked for as well."""
        found = []
        if self.low is not None:
            low = self._bound(currency, self.low, ROUND_FLOOR if self.is_open else ROUND_CEILING, only)
            found.append(amount_minor > low if self.is_open else amount_minor >= low)
        if self.high is not None:
            high = self._bound(currency, self.high, ROUND_CEILING if self.is_open else ROUND_FLOOR, only)
            found.append(amount_minor < high if self.is_open else amount_minor <= high)
        return and_(*found)

    def _bound(self, currency: InstrumentedAttribute[str], major: Decimal, rounding: str, only: str | None) -> Any:
        """The bound in minor units: a number, or an expression that follows the row's currency."""

        def minor(exponent: int) -> int:
            return int(major.scaleb(exponent).to_integral_value(rounding))

        if only is not None:
            return minor(exponent_of(only))
        others = [(currency.in_(codes), minor(exponent)) for exponent, codes in _OTHERS.items()]
        return case(*others, else_=minor(_USUAL_EXPONENT))


def read_amounts(text: str) -> AmountRange:
    """The range that was written; ValueError says what would be right."""
    plain = text.replace(",", "").replace(" ", "")
    if both := _BOTH.match(plain):
        low, high = Decimal(both[1]), Decimal(both[2])
        if high < low:
            raise ValueError("Write the smaller amount first, like 10..50.")
        return AmountRange(low, high)
    one = _ONE.match(plain)
    if one is None:
        raise ValueError(HELP)
    sign, amount = one[1] or "=", Decimal(one[2])
    if sign == "=":
        return AmountRange(amount, amount)
    is_open = sign in "<>"
    return AmountRange(low=amount, is_open=is_open) if sign[0] == ">" else AmountRange(high=amount, is_open=is_open)
