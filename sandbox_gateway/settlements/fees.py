"""What a movement costs. Whole minor units throughout; the one rounding is named, and parts add up to the whole."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from sandbox_gateway.settlements.terms import Blended, Fees, Rate


class FeeParts(TypedDict):
    """What a fee is made of; the parts add up to it."""

    processing: Annotated[int, Field(description="A blended price; fees for refunds and disputes.")]
    interchange: int
    scheme: int
    markup: int
    cross_border: int
    currency_conversion: int


PARTS = ("processing", "interchange", "scheme", "markup", "cross_border", "currency_conversion")


def no_fee() -> FeeParts:
    return {
        "processing": 0,
        "interchange": 0,
        "scheme": 0,
        "markup": 0,
        "cross_border": 0,
        "currency_conversion": 0,
    }


def flat_fee(amount: int) -> FeeParts:
    return {**no_fee(), "processing": amount}


def total_of(parts: FeeParts) -> int:
    return sum(parts[part] for part in PARTS)  # type: ignore[literal-required]  # PARTS are its members


def capture_fee(fees: Fees, *, card_country: str, amount: int, currency: str) -> FeeParts:
    """The fee of one capture, in minor units of its currency.

    The shares are added exactly, rounded once, half up, and the parts made by largest remainder; then come the fixed
    amounts, which need no rounding.
    """
    rates = _rates(fees, card_country, currency)
    shares = split_by_largest_remainder(amount, [rate.basis_points for _, rate in rates])
    parts: FeeParts = no_fee()
    for (part, rate), share in zip(rates, shares, strict=True):
        parts[part] = share + rate.fixed.get(currency, 0)  # type: ignore[literal-required]  # one of PARTS
    return parts


def _rates(fees: Fees, card_country: str, currency: str) -> list[tuple[str, Rate]]:
    pricing = fees.pricing
    if isinstance(pricing, Blended):
        rates = [("processing", pricing.rate)]
    else:
        rates = [("interchange", pricing.interchange), ("scheme", pricing.scheme), ("markup", pricing.markup)]
    if card_country != fees.country:
        rates.append(("cross_border", Rate(basis_points=fees.cross_border)))
    if fees.settlement_currency not in (None, currency):
        rates.append(("currency_conversion", Rate(basis_points=fees.currency_conversion)))
    return rates


def split_by_largest_remainder(amount: int, basis_points: Sequence[int]) -> list[int]:
    """Each rate's share of `amount`. Together they are the share of all rates, rounded half up; who lost most by being
    rounded down gets the units that are left, the earlier one where two lost the same."""
    whole = _round_half_up(amount * sum(basis_points), 10_000)
    shares, remainders = [], []
    for rate in basis_points:
        share, remainder = divmod(amount * rate, 10_000)
        shares.append(share)
        remainders.append(remainder)
    by_loss = sorted(range(len(shares)), key=lambda place: -remainders[place])
    for place in by_loss[: whole - sum(shares)]:
        shares[place] += 1
    return shares


def _round_half_up(value: int, divisor: int) -> int:
    """For values that are not negative."""
    return (2 * value + divisor) // (2 * divisor)
