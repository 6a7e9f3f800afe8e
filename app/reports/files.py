"""The table of forms: what writes each, and what the file is to a browser."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from app.reports.asked import Form
from app.reports.report import AccountStatement, Entry, Report, Row, Sheet


@dataclass(frozen=True)
class Written:
    """A form: its name on buttons, its media type, the end of the file's name, and what writes it.

    The writer is loaded when it is first asked for: fonts and workbooks would make every process start later.
    """

    label: str
    media: str
    suffix: str
    writer: str

    def write(self, report: Report, out: BinaryIO) -> None:
        module, _, name = self.writer.partition(":")
        function: Callable[[Report, BinaryIO], None] = getattr(importlib.import_module(module), name)
        function(report, out)


_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


FORMS: dict[Form, Written] = {
    Form.CSV: Written("CSV", "text/csv; charset=utf-8; header=present", "csv", "app.reports.as_csv:write_csv"),
    Form.XLSX: Written("XLSX", _WORKBOOK, "xlsx", "app.reports.as_xlsx:write_xlsx"),
    Form.PDF: Written("PDF", "application/pdf", "pdf", "app.reports.as_pdf:write_pdf"),
    Form.CAMT: Written("camt.053", "application/xml; charset=utf-8", "camt053.xml", "app.reports.as_camt:write_camt"),
}


def name_of(report: Report, form: Form) -> str:
    """The file's name: what it is of, and the link of its cut."""
    asked = report.asked
    told = [asked.kind.value, asked.merchant, asked.payout, asked.currency, asked.month, asked.since, asked.until]
    words = "-".join(str(one) for one in told if one)
    return f"{re.sub(r'[^A-Za-z0-9_-]', '', words)[:80]}-{report.cut.link}.{FORMS[form].suffix}"


def watched(report: Report, tick: Callable[[], None]) -> Report:
    """The same report; `tick` is called for each row and entry as it is read."""

    def told(sheet: Sheet) -> Sheet:
        def rows(offset: int, most: int | None) -> Iterator[Row]:
            for row in sheet.rows(offset, most):
                tick()
                yield row

        return replace(sheet, rows=rows)

    def entered(statement: AccountStatement) -> AccountStatement:
        def entries() -> Iterator[Entry]:
            for entry in statement.entries():
                tick()
                yield entry

        return replace(statement, entries=entries)

    return replace(
        report,
        sheets=[told(sheet) for sheet in report.sheets],
        statements=[entered(one) for one in report.statements],
    )
