"""What a report is, whatever form it takes: facts, sheets of typed cells, and the cut that all of it is of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from app.money import Money
from app.reports.asked import Asked
from app.reports.cut import Cut


@dataclass(frozen=True)
class Ref:
    """Something with a page of its own: files write its id, the screen a link. `words` are shown for it."""

    what: str
    id: str
    words: str = ""


Cell = str | int | Money | datetime | date | Ref | None
Rows = Callable[[int, int | None], Iterator["Row"]]
"""Rows from an offset on, at most so many of them; each time the same ones, for the cut is one."""


@dataclass(frozen=True)
class Column:
    """`name` is what files call it, `label` what people do; `kind` is text, money, count, moment or day."""

    name: str
    label: str
    kind: str = "text"

    @property
    def is_number(self) -> bool:
        return self.kind in ("money", "count")


@dataclass(frozen=True)
class Row:
    """One line of a sheet. `figure` names the lines that it is the sum of; a sum is set off."""

    cells: Sequence[Cell]
    figure: str = ""
    is_sum: bool = False


@dataclass(frozen=True)
class Sheet:
    """A table of a report; `name` is its name in files."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Rows
    count: int
    currency: str | None = None
    is_lines: bool = False
    """Lines are many: a page shows some of them, files all."""

    def all(self) -> Iterator[Row]:
        return self.rows(0, None)


@dataclass(frozen=True)
class Step:
    """One step of a waterfall: from the balance before to the one after. Levels stand on their own."""

    label: str
    amount: Money
    figure: str = ""
    is_level: bool = False


@dataclass(frozen=True)
class Entry:
    """One movement of an account, as a bank's statement tells it."""

    id: str
    at: datetime
    amount: Money
    words: str
    reference: str
    """The payment, or the payout or settlement that brought it."""


@dataclass(frozen=True)
class AccountStatement:
    """One currency's account from opening to closing: what camt.053 is made of."""

    id: str
    owner: str
    opening: Money
    closing: Money
    count: int
    entries: Callable[[], Iterator[Entry]]


@dataclass(frozen=True)
class DaySum:
    """One day's column in a chart: what moved, in the order of the table's columns, and what it comes to."""

    day: date
    moved: Sequence[Money]
    net: Money


@dataclass(frozen=True)
class Report:
    """The whole of it."""

    asked: Asked
    title: str
    cut: Cut
    facts: Sequence[tuple[str, str]]
    sheets: Sequence[Sheet]
    waterfalls: Sequence[Sequence[Step]] = ()
    statements: Sequence[AccountStatement] = ()
    days: Sequence[Sequence[DaySum]] = field(default_factory=tuple)

    @property
    def lines(self) -> int:
        """How many lines its files have."""
        return sum(sheet.count for sheet in self.sheets)


def fixed(rows: Sequence[Row]) -> Rows:
    """The rows of a sheet that is short enough to be held."""

    def give(offset: int, most: int | None) -> Iterator[Row]:
        yield from rows[offset : None if most is None else offset + most]

    return give
