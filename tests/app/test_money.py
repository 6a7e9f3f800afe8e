"""Money: exact in every currency, whatever the digits."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.money import MAX_AMOUNT_MINOR, Money, UnknownCurrency, currency_codes, exponent_of, parse_amount

CURRENCIES = st.sampled_from(currency_codes())
AMOUNTS = st.integers(min_value=1, max_value=MAX_AMOUNT_MINOR)


@given(AMOUNTS, CURRENCIES)
def test_what_is_written_plainly_is_read_back_exactly(amount: int, currency: str) -> None:
    money = Money(amount, currency)
    assert parse_amount(money.plain(), currency) == money


@given(st.lists(AMOUNTS, min_size=1), CURRENCIES)
def test_taking_apart_what_was_added_leaves_nothing(amounts: list[int], currency: str) -> None:
    total = Money(0, currency)
    for amount in amounts:
        total += Money(amount, currency)
    for amount in amounts:
        total -= Money(amount, currency)
    assert total == Money(0, currency)


@pytest.mark.parametrize(
    ("text", "currency", "amount_minor"),
    [
        ("19.99", "USD", 1999),
        ("19.9", "USD", 1990),
        ("1,234.50", "EUR", 123450),
        ("1,234", "USD", 123400),
        ("12,345,678.9", "USD", 1234567890),
        ("1 234.50", "EUR", 123450),
        ("1\u202f234\u00a0", "EUR", 123400),
        ("1,234", "JPY", 1234),
        ("1,234.500", "KWD", 1234500),
        ("1,234,567", "KWD", 1234567000),
        ("1 234", "KWD", 1234000),
        (" 500 ", "JPY", 500),
        ("1.234", "KWD", 1234),
        ("2.5000", "CLF", 25000),
        ("10", "IQD", 10000),
    ],
)
def test_text_becomes_minor_units(text: str, currency: str, amount_minor: int) -> None:
    assert parse_amount(text, currency) == Money(amount_minor, currency)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("", "USD"),
        ("0", "USD"),
        ("0.00", "USD"),
        ("-5", "USD"),
        ("1e3", "USD"),
        ("1.999", "USD"),
        ("1.5", "JPY"),
        ("NaN", "USD"),
        ("12 dollars", "USD"),
        ("10000000000.00", "USD"),
        ("1.2.3", "USD"),
        ("\u0661\u0662", "USD"),
        ("1,2345", "USD"),
        ("12,34,567", "USD"),
        ("1,234 567", "USD"),
        ("0,490", "USD"),
        ("1.234,50", "USD"),
        ("1,234.5,0", "USD"),
        ("1 05", "USD"),
        (",", "USD"),
        ("1,5", "JPY"),
    ],
)
def test_what_is_no_amount_is_refused_with_an_example(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=currency):
        parse_amount(text, currency)


@pytest.mark.parametrize(
    ("text", "currency", "question"),
    [
        ("1,05", "USD", "Did you mean 1.05?"),
        ("0,49", "USD", "Did you mean 0.49?"),
        (" 1234,5 ", "USD", "Did you mean 1234.5?"),
        ("1,05", "KWD", "Did you mean 1.05?"),
        ("0,490", "KWD", "Did you mean 0.490?"),
        ("1,234", "KWD", "Did you mean 1.234 or 1234.000 KWD?"),
        ("1,234", "CLF", "Did you mean 1.234 or 1234.0000 CLF?"),
    ],
)
def test_a_comma_that_may_have_been_meant_as_a_point_is_asked_about(text: str, currency: str, question: str) -> None:
    with pytest.raises(ValueError, match=re.escape(question)):
        parse_amount(text, currency)


@given(AMOUNTS, st.sampled_from(("USD", "JPY", "EUR")))
def test_thousands_may_be_parted_by_commas(amount: int, currency: str) -> None:
    money = Money(amount, currency)
    assert parse_amount(f"{money.major:,}", currency) == money


@pytest.mark.parametrize("code", ["XAU", "XXX", "ABC", "usd", "", "EURO"])
def test_codes_without_a_minor_unit_hold_no_money(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        Money(1, code)


def test_two_currencies_never_mix() -> None:
    with pytest.raises(ValueError, match="EUR"):
        Money(1, "USD") + Money(1, "EUR")
    with pytest.raises(ValueError, match="EUR"):
        Money(1, "USD") < Money(1, "EUR")  # noqa: B015


@pytest.mark.parametrize("amount", [1.0, "1", True, None])
def test_only_whole_numbers_are_amounts(amount: object) -> None:
    with pytest.raises(TypeError):
        Money(amount, "USD")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("money", "shown"),
    [
        (Money(199900, "USD"), "$1,999.00"),
        (Money(500, "JPY"), "¥500"),
        (Money(1234, "KWD"), "KWD1.234"),
        (Money(1000, "IQD"), "IQD1.000"),
        (Money(MAX_AMOUNT_MINOR, "USD"), "$9,999,999,999.99"),
    ],
)
def test_people_see_iso_digits(money: Money, shown: str) -> None:
    assert money.display().replace("\xa0", "") == shown


def test_exponents_are_the_iso_list_s() -> None:
    by_exponent = {n: {code for code in currency_codes() if exponent_of(code) == n} for n in (0, 3, 4)}
    assert {"JPY", "KRW", "XOF", "UGX", "ISK"} <= by_exponent[0]
    assert by_exponent[3] == {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
    assert by_exponent[4] == {"CLF", "UYW"}
