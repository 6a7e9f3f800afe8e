"""How the overview says its figures: amounts, numbers, reasons, and the addresses of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from babel.numbers import format_compact_decimal
from flask import url_for

from app.filters import amount
from app.money import Money
from app.overview.figures import Figure, Tally
from app.overview.periods import Span
from app.payments.declines import DECLINES

FIGURES = {
    Figure.CAPTURED: ("Captured", "capture", "A capture counts when the money was taken."),
    Figure.REFUNDED: ("Refunded", "refund", "A refund counts when it was asked for, a pending one until it fails."),
    Figure.ORDERS: ("Orders", "order", "An order counts when it was placed."),
    Figure.TRIED: ("Tried", "payment", "Payments that the bank answered, counted when they began."),
    Figure.APPROVED: ("Approved", "payment", "Payments that the bank approved, counted when they began."),
    Figure.DECLINED: ("Declined", "payment", "Payments that the bank declined, counted when they began."),
    Figure.UNFINISHED: ("Not answered", "payment", "Payments that the bank never answered, or has not yet."),
}
"""What each figure is called, a row of it, and what it counts."""


def plain(number: int) -> str:
    """`1,234`."""
    return f"{number:,}"


def counted(number: int, noun: str) -> str:
    """`1 order`, `1,234 orders`."""
    return f"{plain(number)} {noun}{'' if number == 1 else 's'}"


def points_of(share: int) -> str:
    """`1.3 points`: a difference of two shares."""
    return f"{share // 10}.{share % 10} points"


@dataclass(frozen=True)
class Say:
    """How a figure is said: which of a tally's values counts, that value alone, at an axis, and in a sentence."""

    head: str
    value: Callable[[Tally], int]
    words: Callable[[int], str]
    axis: Callable[[int], str]
    sentence: Callable[[Tally], str]


def count_say(head: str, noun: str) -> Say:
    """A figure that is a number of rows."""
    return Say(head, lambda tally: tally.number, plain, plain, lambda tally: counted(tally.number, noun))


def money_say(head: str, noun: str, currency: str) -> Say:
    """A figure that is a sum of money."""

    def words(minor: int) -> str:
        return amount(Money(minor, currency))

    def axis(minor: int) -> str:
        return str(format_compact_decimal(Money(minor, currency).major, locale="en_US", fraction_digits=2))

    def sentence(tally: Tally) -> str:
        return f"{words(tally.amount_minor)} {currency} in {counted(tally.number, noun)}"

    return Say(head, lambda tally: tally.amount_minor, words, axis, sentence)


def reason_words(code: str) -> str:
    """A decline's reason for people."""
    known = DECLINES.get(code)
    if known is not None:
        return known.words
    return code.replace("_", " ").capitalize() if code else "No reason was given."


def rows_url(figure: Figure, span: Span, currency: str, **more: Any) -> str:
    """Where the rows of a figure are: the list of orders where it can tell them, else the figure's own page."""
    args: dict[str, Any] = span.args | {"currency": currency}
    if figure is Figure.ORDERS and span.is_whole:
        if day := args.pop("day", None):
            args |= {"since": day, "until": day}
        return url_for("orders.index", **args)
    return url_for("overview.rows", figure=figure.value, **args, **more)
