"""Conditions are checked as they are typed; what is wrong is said in words, at its place."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.app.screens.visitor import Visitor

CHECK = "/risk/rules/check"


def checked(visitor: Visitor, condition: str) -> str:
    """What the editor says below a condition."""
    fields = visitor.read("/risk/rules/new").fields
    answer = visitor.post(CHECK, fields | {"condition": condition}, **{"HX-Request": "true"})
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


@pytest.mark.parametrize(
    "condition",
    [
        "amount > 500.00 EUR and card.country != ip.country",
        "AMOUNT > 500 EUR AND NOT (hour >= 6 OR weekday = 'sunday')",
        "card.payments[1h] > 3 or (device.cards[1d] >= 3 and customer.age < 1d)",
        "device.id is unknown and ip.address is known",
        'card.country not in ("DE", "FR",)',
        "country.mismatch",
        "amount.ratio > 5.5 and score >= 90 and card.amount[45d] >= 1 JPY",
    ],
)
def test_what_can_be_read_is_understood(visitor: Visitor, condition: str) -> None:
    said = checked(visitor, condition)
    assert "Understood" in said
    assert "<mark>" not in said


@pytest.mark.parametrize(
    ("condition", "message", "marked"),
    [
        ("amount >", "ends too soon", "␣"),
        ("amount > 5", "This is a number, but an amount of money is compared with it", "5"),
        ('card.county = "DE"', "There is no field card.county. Did you mean card.country?", "card.county"),
        ("card.payments > 3", "Say how far card.payments looks back", "card.payments"),
        ("amount[1h] > 3 EUR", "amount does not look back", "amount[1h]"),
        ("amount > 500.123 EUR", "EUR has at most 2 digits after the point", "500.123 EUR"),
        ("amount > 1,05 EUR", "',' cannot stand here", ","),
        ("amount > 5 XXY", "XXY is no ISO 4217 currency", "5 XXY"),
        ('hour > 5 and score > "a"', "This is a text, but a number is compared with it", '"a"'),
        ('card.network > "visa"', "is neither more nor less", 'card.network > "visa"'),
        ("email.domain in @nowhere", "There is no list nowhere. Make it first", "@nowhere"),
        ("amount in @nowhere", "Lists hold texts", "amount"),
        ('card.country in ("DE", 5)', "This is a number, but a text is looked for", "5"),
        ('email.domain = "abc', "This text has no closing quote", '"abc'),
        ("hour $ 5", "The letter '$' means nothing here", "$"),
        ("hour > 5 )", "cannot stand here", ")"),
        ("amount", "This is an amount of money; compare it with something", "amount"),
        ("hour and score > 5", "where true or false is needed", "hour"),
        ("card.payments[100d] > 1", "A window reaches from 1m to 45d", "[100d]"),
        ("card.payments[0h] > 1", "A window reaches from 1m to 45d", "[0h]"),
        ("__import__('os')", "cannot stand here", "("),
    ],
)
def test_what_is_wrong_is_said_at_its_place(visitor: Visitor, condition: str, message: str, marked: str) -> None:
    said = checked(visitor, condition)
    assert message in said
    found = re.search(r"<mark>(.*?)</mark>", said, re.DOTALL)
    assert found is not None
    assert found.group(1) == marked


def test_a_condition_may_not_grow_for_ever(visitor: Visitor) -> None:
    assert "at most 200 parts" in checked(visitor, " or ".join(["hour > 5"] * 150))
    assert "at most 2000 letters" in checked(visitor, "hour > 5" + " " * 2000 + "and")
