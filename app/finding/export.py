"""A list as CSV (RFC 4180): streamed, all rows as of one instant, and harmless to a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from flask import Response
from sqlalchemy import Select

from app.db import reading
from app.finding.columns import Cell, Column

AT_ONCE = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe(cell: Cell) -> str | int | Decimal:
    """The cell as it is written: text that a spreadsheet would compute gets a quote before it, numbers stay numbers."""
    if cell is None:
        return ""
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell


def _lines(rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for number, row in enumerate(rows, 1):
        writer.writerow([safe(cell) for cell in row])
        if number % AT_ONCE == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _rows(wanted: Select[Any], columns: Sequence[Column[Any]]) -> Iterator[Sequence[Cell]]:
    yield [column.name for column in columns]
    with reading() as session:
        # One statement reads one state of the database: what comes in meanwhile is in no row and shifts none.
        for row in session.execute(wanted.execution_options(yield_per=AT_ONCE)).scalars():
            yield [column.value(row) for column in columns]


def csv_of(wanted: Select[Any], columns: Sequence[Column[Any]], name: str) -> Response:
    """The rows as a file that the browser saves as `name`."""
    answer = Response(_lines(_rows(wanted, columns)), content_type="text/csv; charset=utf-8; header=present")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
