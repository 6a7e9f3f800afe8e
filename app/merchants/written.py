"""Terms as people write them, one line for each, and how they are written back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from app.merchants.terms import Tier
from app.money import Money, UnknownCurrency, exponent_of

_PERCENT = re.compile(r"^[0-9]{1,3}(?:\.[0-9]{1,2})?$")
_SUM = re.compile(r"^([A-Za-z]{3})\s+([0-9]{1,12}(?:\.[0-9]{1,4})?)$")


def read_percent(text: str) -> int:
    """Basis points of `12.5`; ValueError says what would be right."""
    cleaned = text.strip().rstrip("%").strip()
    if not _PERCENT.match(cleaned) or Decimal(cleaned) > 100:
        raise ValueError("Write a percentage from 0 to 100 with at most two decimals, like 12.5.")
    return int(Decimal(cleaned) * 100)


def write_percent(basis_points: int) -> str:
    """`12.5`, for 1,250 basis points."""
    return f"{Decimal(basis_points).scaleb(-2).normalize():f}"


def read_sums(text: str) -> dict[str, int]:
    """Minor units by currency of `USD 0.30, EUR 0.25`; ValueError says what would be right."""
    found: dict[str, int] = {}
    for part in re.split(r"[,;\n]+", text):
        if not part.strip():
            continue
        match = _SUM.match(part.strip())
        if match is None:
            raise ValueError(f"{part.strip()!r} is no sum: write currency and amount, like USD 0.30, EUR 0.25.")
        currency, amount = match[1].upper(), Decimal(match[2])
        try:
            minor = amount.scaleb(exponent_of(currency))
        except UnknownCurrency as error:
            raise ValueError(f"{error}.") from None
        if minor != minor.to_integral_value():
            raise ValueError(f"{currency} has {exponent_of(currency)} digits after the point, {match[2]} has more.")
        found[currency] = int(minor)
    return found


def write_sums(sums: Mapping[str, int]) -> str:
    """`USD 0.30, EUR 0.25`."""
    return ", ".join(f"{currency} {Money(minor, currency).plain()}" for currency, minor in sums.items())


def read_tiers(text: str) -> tuple[Tier, ...]:
    """A tier of each line like `USD 10000, EUR 9000: 9.5`; ValueError says what would be right."""
    found = []
    for line in _lines(text):
        sums, colon, percent = line.partition(":")
        above = read_sums(sums) if colon else {}
        if not above:
            raise ValueError(f"{line!r} is no tier: write volumes and a percentage, like USD 10000, EUR 9000: 9.5.")
        found.append(Tier(above=above, basis_points=read_percent(percent)))
    return tuple(found)


def write_tiers(tiers: Sequence[Tier]) -> str:
    """As `read_tiers` takes them."""
    return "\n".join(f"{write_sums(tier.above)}: {write_percent(tier.basis_points)}" for tier in tiers)


def read_categories(text: str) -> dict[str, int]:
    """A percentage of each line like `books: 5`; ValueError says what would be right."""
    found = {}
    for line in _lines(text):
        name, colon, percent = line.rpartition(":")
        if not colon or not 1 <= len(name.strip()) <= 60:
            raise ValueError(f"{line!r} is no category: write its name and a percentage, like books: 5.")
        found[name.strip()] = read_percent(percent)
    return found


def write_categories(categories: Mapping[str, int]) -> str:
    """As `read_categories` takes them."""
    return "\n".join(f"{name}: {write_percent(basis_points)}" for name, basis_points in categories.items())


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
