"""What report is asked for: its kind, whose, in which currency, over which days. All of it stands in the address."""

from __future__ import annotations

import calendar
import enum
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta


class Kind(enum.StrEnum):
    """The reports that there are; each names its address."""

    SETTLEMENT = "settlement"
    MERCHANT = "merchant"
    FEES = "fees"
    PAYOUT = "payout"
    TAX = "tax"
    LEDGER = "ledger"
    MONTH = "month"


class Form(enum.StrEnum):
    """What a report is written as."""

    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"
    CAMT = "camt"


@dataclass(frozen=True)
class Described:
    """A kind in words, and what it is asked by."""

    title: str
    words: str
    icon: str
    asks: tuple[str, ...]
    forms: tuple[Form, ...] = (Form.PDF, Form.XLSX, Form.CSV)


_PERIOD = ("since", "until")
KINDS: dict[Kind, Described] = {
    Kind.SETTLEMENT: Described(
        "Settlement statement",
        "Our account at the gateway: opening, gross, refunds, disputes, fees, reserve, net, payouts, closing.",
        "landmark",
        ("currency", *_PERIOD),
        (Form.PDF, Form.XLSX, Form.CSV, Form.CAMT),
    ),
    Kind.MERCHANT: Described(
        "Merchant statement",
        "What was due to a merchant before, what came and went, and what is due after.",
        "store",
        ("merchant", "currency", *_PERIOD),
        (Form.PDF, Form.XLSX, Form.CSV, Form.CAMT),
    ),
    Kind.PAYOUT: Described(
        "Payout with every line",
        "One payout of the gateway, from gross to what came to the bank, down to each line.",
        "banknote",
        ("payout",),
    ),
    Kind.FEES: Described(
        "Fee report",
        "What the gateway kept by kind, against what was agreed; what the desk earned by commission.",
        "percent",
        ("currency", *_PERIOD),
    ),
    Kind.TAX: Described(
        "Tax on fees",
        "Commission of each merchant and the tax on it, as the tax office asks for it.",
        "receipt-text",
        ("merchant", "currency", *_PERIOD),
    ),
    Kind.LEDGER: Described(
        "Ledger extract",
        "Every account with opening, debits, credits and closing; every posting between.",
        "book-open-text",
        ("merchant", "currency", *_PERIOD),
    ),
    Kind.MONTH: Described(
        "Monthly financial report",
        "A month in each currency, beside the month before, day by day.",
        "chart-column",
        ("currency", "month"),
    ),
}
"""In the order in which they are offered."""


@dataclass(frozen=True)
class Asked:
    """Days are whole, in UTC, by the account's clock; both ends are included. None leaves a question out."""

    kind: Kind
    merchant: str | None = None
    currency: str | None = None
    since: date | None = None
    until: date | None = None
    month: str | None = None
    payout: str | None = None
    figure: str | None = None
    """Only the lines that this figure is the sum of; the figures themselves stay whole."""

    @property
    def described(self) -> Described:
        return KINDS[self.kind]

    @property
    def begins(self) -> datetime | None:
        first = self.first_of_month or self.since
        return None if first is None else datetime.combine(first, time(), UTC)

    @property
    def ends(self) -> datetime | None:
        """The end of the last day."""
        first = self.first_of_month
        if first is not None:
            return datetime.combine(_after(first), time(), UTC)
        return None if self.until is None else datetime.combine(self.until, time(), UTC) + timedelta(days=1)

    @property
    def first_of_month(self) -> date | None:
        return None if self.month is None else date.fromisoformat(f"{self.month}-01")

    @property
    def period_words(self) -> str:
        """The days in words."""
        first = self.first_of_month
        if first is not None:
            return f"{first:%B %Y}"
        if self.since and self.until:
            return f"{self.since} to {self.until}"
        if self.since:
            return f"from {self.since}"
        return f"until {self.until}" if self.until else "from the first day"

    @property
    def args(self) -> dict[str, str]:
        """As an address says it; what was not asked for is left out."""
        found = {
            "merchant": self.merchant,
            "currency": self.currency,
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "month": self.month,
            "payout": self.payout,
            "figure": self.figure,
        }
        return {name: value for name, value in found.items() if value}


def asked_from(kind: str, args: dict[str, str]) -> Asked:
    """What `args` said when it was written down."""
    days = {name: date.fromisoformat(args[name]) for name in _PERIOD if name in args}
    texts = {name: value for name, value in args.items() if name not in _PERIOD}
    return Asked(Kind(kind), **texts, **days)  # type: ignore[arg-type]  # names and values are those of `args`


def month_before(first: date) -> date:
    """The first day of the month before."""
    return (first - timedelta(days=1)).replace(day=1)


def _after(first: date) -> date:
    return first + timedelta(days=calendar.monthrange(first.year, first.month)[1])
