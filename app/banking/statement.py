"""A bank's statement, whatever file it stands in: what was on the account, what came and went, what is on it now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class BankLine:
    """One entry. Above zero it came in; `end_to_end` is what its sender called it, `reference` what the bank does."""

    amount_minor: int
    booked_on: date
    valued_on: date
    reference: str = ""
    end_to_end: str = ""
    words: str = ""
    """What the sender wrote beside it; read for ids, never kept."""


@dataclass(frozen=True)
class Statement:
    """One account in one currency, for some days, both included."""

    id: str
    account: str
    """An IBAN, or another bank's own number."""
    currency: str
    begins: date
    ends: date
    opening_minor: int
    closing_minor: int
    lines: Sequence[BankLine]
    name: str = ""
    """What the account is called; written, never relied on."""

    @property
    def moved_minor(self) -> int:
        """What all entries come to."""
        return sum(line.amount_minor for line in self.lines)

    @property
    def adds_up(self) -> bool:
        """Whether opening and entries are the closing, to the unit."""
        return self.opening_minor + self.moved_minor == self.closing_minor


@dataclass(frozen=True)
class BankStatementFile:
    """What one file holds, and as which version of the message."""

    version: str
    created_at: datetime | None
    statements: Sequence[Statement]
