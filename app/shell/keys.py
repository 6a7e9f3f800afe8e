"""The keys that scripts listen for; none of them moves money, and inside a field they are letters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Key:
    """What is pressed, one after the other, and what it does."""

    pressed: tuple[str, ...]
    does: str


KEYS = (
    Key(("/",), "Search"),
    Key(("g", "v"), "Go to the overview"),
    Key(("g", "o"), "Go to orders"),
    Key(("g", "p"), "Go to payments"),
    Key(("g", "r"), "Go to reconciliation"),
    Key(("g", "w"), "Go to webhooks"),
    Key(("g", "c"), "Go to customers"),
    Key(("g", "m"), "Go to notifications"),
    Key(("g", "f"), "Go to refunds"),
    Key(("g", "d"), "Go to disputes"),
    Key(("g", "s"), "Go to settlements"),
    Key(("g", "b"), "Go to the three-way match"),
    Key(("g", "l"), "Go to the ledger"),
    Key(("g", "h"), "Go to merchants"),
    Key(("g", "t"), "Go to reports"),
    Key(("g", "e"), "Go to reviews"),
    Key(("g", "k"), "Go to risk"),
    Key(("n",), "New test order"),
    Key(("j",), "Next row of a table"),
    Key(("k",), "Row before"),
    Key(("Enter",), "Open the row"),
    Key(("a",), "On a review: approve, and on to why"),
    Key(("d",), "On a review: decline, and on to why"),
    Key(("f",), "On a review: decline as fraud, and on to why"),
    Key(("s",), "On a review: leave it for later, on to the next"),
    Key(("←", "→"), "In a chart: day by day, with Shift several"),
    Key(("←", "→"), "At the edge of a column: its width"),
    Key(("Esc",), "Close what is open, leave the search"),
    Key(("?",), "Show these keys"),
)
