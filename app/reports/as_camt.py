"""A statement as camt.053 (ISO 20022): to whoever reads it, the gateway, or the desk, is the bank."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from app.banking import BankLine, Statement, write_statements
from app.reports.report import AccountStatement, Report

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 35
"""What the message has room for where it asks for a name; of ours the end tells more than the beginning."""


def write_camt(report: Report, out: BinaryIO) -> None:
    """One message, a statement for each currency."""
    statements = ((_head(report, one, number), _lines(one)) for number, one in enumerate(report.statements, 1))
    write_statements(statements, f"{report.asked.kind}-{report.cut.token}", report.cut.at, out)


def _head(report: Report, one: AccountStatement, number: int) -> Statement:
    begins = report.asked.begins or _EPOCH
    ends = max(begins, min(report.asked.ends or report.cut.at, report.cut.at) - timedelta(microseconds=1))
    return Statement(
        id=f"{report.cut.token}-{number}"[-_LONGEST:],
        account=one.id[:34],
        currency=one.opening.currency,
        begins=begins.astimezone(UTC).date(),
        ends=ends.astimezone(UTC).date(),
        opening_minor=one.opening.amount_minor,
        closing_minor=one.closing.amount_minor,
        lines=(),
        name=report.title,
    )


def _lines(one: AccountStatement) -> Iterator[BankLine]:
    for entry in one.entries():
        day = entry.at.astimezone(UTC).date()
        yield BankLine(
            entry.amount.amount_minor, day, day, entry.id[-_LONGEST:], entry.reference[-_LONGEST:], entry.words
        )
