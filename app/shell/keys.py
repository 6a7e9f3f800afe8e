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
    Key(("n",), "New test order"),
    Key(("j",), "Next row of a table"),
    Key(("k",), "Row before"),
    Key(("Enter",), "Open the row"),
    Key(("Esc",), "Close what is open, leave the search"),
    Key(("?",), "Show these keys"),
)
