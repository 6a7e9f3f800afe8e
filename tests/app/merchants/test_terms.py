"""What terms make of a sale: to the unit, in every currency; and parts that add up to their whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.merchants.split import split
from app.merchants.terms import Terms, Tier
from app.merchants.written import (
    read_categories,
    read_sums,
    read_tiers,
    write_categories,
    write_percent,
    write_sums,
    write_tiers,
)

TIERS = (Tier(above={"USD": 10_000}, basis_points=900), Tier(above={"USD": 50_000}, basis_points=500))


@pytest.mark.parametrize(
    ("terms", "by_category", "currency", "volume", "kept"),
    [
        (Terms(), {None: 1999}, "USD", 0, (0, 0)),
        (Terms(basis_points=1250), {None: 1999}, "USD", 0, (250, 0)),  # 249.875
        (Terms(basis_points=1250), {None: 4}, "USD", 0, (1, 0)),  # 0.5, half up
        (Terms(basis_points=1250, fixed={"USD": 30}), {None: 1999}, "USD", 0, (280, 0)),
        (Terms(basis_points=1250, fixed={"USD": 30}), {None: 1999}, "JPY", 0, (250, 0)),
        (Terms(basis_points=100, minimum={"KWD": 500}), {None: 10_000}, "KWD", 0, (500, 0)),
        (Terms(minimum={"USD": 500}), {None: 300}, "USD", 0, (300, 0)),  # never more than the sale
        (Terms(minimum={"USD": 500}, tax_basis_points=2000), {None: 300}, "USD", 0, (250, 50)),
        (Terms(basis_points=1000, tax_basis_points=1900), {None: 10_000}, "USD", 0, (1000, 190)),
        (Terms(basis_points=1000, tiers=TIERS), {None: 10_000}, "USD", 9_999, (1000, 0)),
        (Terms(basis_points=1000, tiers=TIERS), {None: 10_000}, "USD", 10_000, (900, 0)),
        (Terms(basis_points=1000, tiers=TIERS), {None: 10_000}, "USD", 60_000, (500, 0)),
        (Terms(basis_points=1000, tiers=TIERS), {None: 10_000}, "EUR", 60_000, (1000, 0)),
        (Terms(basis_points=1000, categories={"books": 500}), {"books": 1_000, None: 1_000}, "USD", 0, (150, 0)),
        (Terms(basis_points=1000, categories={"books": 500}), {"books": 5, None: 5}, "USD", 0, (1, 0)),  # 0.75, once
    ],
)
def test_what_is_kept(
    terms: Terms, by_category: dict[str | None, int], currency: str, volume: int, kept: tuple[int, int]
) -> None:
    assert terms.commission(by_category, currency, volume) == kept


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**12), min_size=1, max_size=9).filter(any))
def test_parts_add_up_and_none_is_more_than_its_due(amount: int, weights: list[int]) -> None:
    parts = split(amount, weights)
    assert sum(parts) == amount
    total = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert amount * weight // total <= part <= -(-amount * weight // total)


basis_points = st.integers(0, 10_000)
sums = st.dictionaries(st.sampled_from(("USD", "JPY", "KWD", "CLF")), st.integers(0, 10**9), min_size=1)


@given(sums, st.lists(st.builds(Tier, above=sums, basis_points=basis_points)), basis_points)
def test_terms_are_read_as_they_are_written(fixed: dict[str, int], tiers: list[Tier], percent: int) -> None:
    assert read_sums(write_sums(fixed)) == fixed
    assert read_tiers(write_tiers(tiers)) == tuple(tiers)
    assert read_categories(write_categories({"books": percent})) == {"books": percent}
    assert write_percent(percent).count("E") == 0
