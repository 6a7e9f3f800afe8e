"""A report as a workbook: typed cells, a frozen header, and nothing in it that is computed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import BinaryIO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from app.money import Money, exponent_of
from app.reports.as_csv import currency_of, words_of
from app.reports.report import Cell, Column, Ref, Report, Row, Sheet

_MOST_ROWS = 1_048_575
"""A worksheet's, less the header."""
_WIDTHS = {"text": 28, "money": 18, "count": 10, "moment": 20, "day": 12}


class _Book:
    """The workbook with its formats; rows go to disk as they are written."""

    def __init__(self, out: BinaryIO, report: Report) -> None:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self.workbook = Workbook(out, options)
        # The cut's moment, not now: the same report is the same file.
        created = report.cut.at.astimezone(UTC).replace(tzinfo=None)
        self.workbook.set_properties({"title": report.title, "author": "Counterfoil", "created": created})
        self._formats: dict[tuple[str, bool], Format] = {}
        self._names: set[str] = set()

    def sheet(self, name: str) -> Worksheet:
        """A new one; a name that is taken gets a number."""
        free = next(one for at in range(1, 10_000) if (one := name if at == 1 else f"{name} {at}") not in self._names)
        self._names.add(free)
        return self.workbook.add_worksheet(free)

    def format(self, number: str, *, is_sum: bool = False) -> Format:
        key = (number, is_sum)
        if key not in self._formats:
            look: dict[str, object] = {"num_format": number} if number else {}
            self._formats[key] = self.workbook.add_format(look | ({"bold": True, "top": 1} if is_sum else {}))
        return self._formats[key]


def write_xlsx(report: Report, out: BinaryIO) -> None:
    """One worksheet for the report's head, one for each sheet; more where the rows are too many for one."""
    book = _Book(out, report)
    _head(book, report)
    for sheet in report.sheets:
        rows = sheet.all()
        while _some(book, sheet, rows):
            pass
    book.workbook.close()


def _head(book: _Book, report: Report) -> None:
    worksheet = book.sheet("report")
    worksheet.set_column(0, 0, 22)
    worksheet.set_column(1, 1, 70)
    bold = book.workbook.add_format({"bold": True, "font_size": 14})
    worksheet.write_string(0, 0, report.title, bold)
    for at, (term, words) in enumerate(report.facts, 2):
        worksheet.write_string(at, 0, term)
        worksheet.write_string(at, 1, words)


def _some(book: _Book, sheet: Sheet, rows: Iterator[Row]) -> bool:
    """As many rows as a worksheet holds; whether there may be more."""
    worksheet = book.sheet(f"{sheet.name} {sheet.currency or ''}".strip())
    worksheet.freeze_panes(1, 0)
    header = book.workbook.add_format({"bold": True, "bottom": 1, "bg_color": "#EEF1F6"})
    columns = (*sheet.columns, Column("currency", "Currency"))
    for at, column in enumerate(columns):
        worksheet.set_column(at, at, 10 if column.name == "currency" else _WIDTHS[column.kind])
        worksheet.write_string(0, at, column.label, header)
    for number in range(1, _MOST_ROWS + 1):
        row = next(rows, None)
        if row is None:
            return False
        for at, cell in enumerate((*row.cells, currency_of(row) or sheet.currency)):
            _write(book, worksheet, number, at, cell, is_sum=row.is_sum)
    return True


def _write(book: _Book, worksheet: Worksheet, row: int, column: int, cell: Cell, *, is_sum: bool) -> None:
    match cell:
        case Money():
            digits = exponent_of(cell.currency)
            number = "#,##0" + ("." + "0" * digits if digits else "")
            worksheet.write_number(row, column, cell.major, book.format(number, is_sum=is_sum))
        case int():
            worksheet.write_number(row, column, cell, book.format("#,##0", is_sum=is_sum))
        case datetime():
            moment = cell.astimezone(UTC).replace(tzinfo=None)
            worksheet.write_datetime(row, column, moment, book.format("yyyy-mm-dd hh:mm:ss", is_sum=is_sum))
        case date():
            worksheet.write_datetime(row, column, cell, book.format("yyyy-mm-dd", is_sum=is_sum))
        case Ref():
            worksheet.write_string(row, column, words_of(cell), book.format("", is_sum=is_sum))
        case str():
            worksheet.write_string(row, column, cell, book.format("", is_sum=is_sum))
        case _:
            worksheet.write_blank(row, column, None, book.format("", is_sum=is_sum))
