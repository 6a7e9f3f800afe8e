"""A report as CSV: one header, one row for each figure and line, the section first; harmless to a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO

from app.finding.columns import instant
from app.finding.export import AT_ONCE, safe
from app.money import Money
from app.reports.report import Cell, Ref, Report, Row


def csv_lines(report: Report) -> Iterator[str]:
    """The file, some rows at a time."""
    names = list(dict.fromkeys(column.name for sheet in report.sheets for column in sheet.columns))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(["section", *names, "currency"])
    written = 0
    for sheet in report.sheets:
        places = [names.index(column.name) + 1 for column in sheet.columns]
        for row in sheet.all():
            line: list[str | int | Decimal] = [sheet.name, *[""] * len(names), currency_of(row) or sheet.currency or ""]
            for place, cell in zip(places, row.cells, strict=True):
                line[place] = safe(_told(cell))
            writer.writerow(line)
            written += 1
            if written % AT_ONCE == 0:
                yield buffer.getvalue()
                buffer.seek(0)
                buffer.truncate()
    yield buffer.getvalue()


def write_csv(report: Report, out: BinaryIO) -> None:
    """The whole of it."""
    out.writelines(some.encode() for some in csv_lines(report))


def currency_of(row: Row) -> str | None:
    """The currency of its sums; a row has one."""
    return next((cell.currency for cell in row.cells if isinstance(cell, Money)), None)


def words_of(cell: Ref) -> str:
    """What a file writes for it: an account's words, else its id."""
    return cell.words if cell.what == "account" and cell.words else cell.id


def _told(cell: Cell) -> str | int | Decimal | None:
    match cell:
        case Money():
            return cell.major
        case Ref():
            return words_of(cell)
        case datetime():
            return instant(cell)
        case date():
            return cell.isoformat()
        case _:
            return cell
