"""What was agreed with a merchant, and what it makes of a sale. Percentage and tax are rounded once each, half up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from app.merchants.split import share_of

BasisPoints = Annotated[int, Field(ge=0, le=10_000)]
Amounts = dict[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], Annotated[int, Field(ge=0, le=999_999_999_999)]]
"""Minor units by currency; 0 where a currency is not named."""


class _Terms(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tier(_Terms):
    """From this volume of the calendar month on, in each currency by itself, this percentage."""

    above: Amounts
    basis_points: BasisPoints


class Terms(_Terms):
    """A commission plan's terms; those of a merchant without a plan keep nothing and pass the gateway's fees on."""

    basis_points: BasisPoints = 0
    fixed: Amounts = {}
    """Of each capture, beside the percentage."""
    minimum: Amounts = {}
    """Of each capture, percentage and fixed part together at least."""
    tiers: tuple[Tier, ...] = ()
    categories: dict[Annotated[str, Field(min_length=1, max_length=60)], BasisPoints] = {}
    """A percentage of their own for items of a category, whatever the volume."""
    tax_basis_points: BasisPoints = 0
    """On the commission, taken from the merchant with it and owed to the tax office."""
    passes_fees: bool = True
    """Whether the merchant bears what the gateway keeps of their sales."""
    returns_commission: bool = True
    """Whether a refund gives its part of the commission back."""

    def rate(self, category: str | None, currency: str, volume: int) -> int:
        """The percentage for an item, in basis points, at a volume of the month so far."""
        if category is not None and category in self.categories:
            return self.categories[category]
        reached = self.basis_points
        for tier in sorted(self.tiers, key=lambda one: one.above.get(currency, 0)):
            if currency in tier.above and volume >= tier.above[currency]:
                reached = tier.basis_points
        return reached

    def commission(self, by_category: Mapping[str | None, int], currency: str, volume: int = 0) -> tuple[int, int]:
        """What is kept of a merchant's part of a capture, and the tax on it; together never more than the part."""
        gross = sum(by_category.values())
        # The shares of all categories are added exactly and rounded once: ten thousandths of a unit until then.
        exact = sum(amount * self.rate(category, currency, volume) for category, amount in by_category.items())
        kept = (2 * exact + 10_000) // 20_000 + self.fixed.get(currency, 0)
        kept = max(kept, self.minimum.get(currency, 0))
        kept = min(kept, gross * 10_000 // (10_000 + self.tax_basis_points))
        return kept, min(share_of(kept, self.tax_basis_points), gross - kept)


def terms_of(stored: Mapping[str, Any]) -> Terms:
    """Terms as a plan's row keeps them."""
    return Terms.model_validate(stored)
