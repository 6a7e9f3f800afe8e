"""A report as a PDF to be filed: what it is of and as of when, the figures, the lines, numbered pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import zip_longest
from typing import BinaryIO

from fpdf.enums import PageOrientation, XPos, YPos

from app.charts import Fall
from app.filters import amount
from app.money import Money
from app.reports.as_csv import words_of
from app.reports.drawn import drawn_months, fall_bars, waterfalls
from app.reports.paper import GROUND, MUTED, RULE, Paper, one_line
from app.reports.paper_charts import draw_fall, draw_month
from app.reports.report import Cell, Column, Ref, Report, Row, Sheet

MOST_LINES = 5_000
"""Of each sheet; more nobody reads on paper, and the other forms hold them all."""
_ROW = 5.4
_BESIDE_BARS = 0.6
"""As much of the width is left for a table beside bars."""
_SHARES = {"text": 1.6, "money": 1.3, "count": 0.6, "moment": 1.35, "day": 0.9}


def write_pdf(report: Report, out: BinaryIO) -> None:
    """The whole of it; the same report is the same file."""
    paper = Paper(report)
    paper.add_page()
    _head(paper, report)
    for month in drawn_months(report, lambda _: ""):
        draw_month(paper, month)
    steps = waterfalls(report)
    for place, sheet in enumerate(report.sheets):
        _sheet(paper, sheet, fall_bars(steps.get(place, ())))
    out.write(paper.output())


def _head(paper: Paper, report: Report) -> None:
    paper.ink(size=8, color=MUTED)
    kind = report.asked.described.title
    words = "Counterfoil" if kind == report.title else f"Counterfoil · {kind}"
    paper.cell(0, 5, words, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.ink("B", 16)
    paper.multi_cell(0, 8, one_line(report.title), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.ln(2)
    for term, words in report.facts:
        paper.ink(size=8, color=MUTED)
        paper.cell(34, 4.8, term)
        paper.ink(size=8)
        paper.multi_cell(0, 4.8, one_line(words), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.ln(4)


def _sheet(paper: Paper, sheet: Sheet, falls: Sequence[Fall]) -> None:
    """The table; where its rows are steps of a waterfall, each with its bar beside."""
    is_wide = len(sheet.columns) > 6
    if is_wide is not (paper.cur_orientation is PageOrientation.LANDSCAPE):
        paper.add_page(orientation="landscape" if is_wide else "portrait")
    elif paper.will_page_break(8 + 4 * _ROW):
        paper.add_page(same=True)
    paper.ink("B", 10.5)
    paper.cell(0, 7, one_line(sheet.title), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    widths = _widths(sheet.columns, paper.epw * (_BESIDE_BARS if falls else 1))
    _columns(paper, sheet.columns, widths)
    for row, fall in zip_longest(sheet.rows(0, MOST_LINES), falls):
        if paper.will_page_break(_ROW):
            paper.add_page(same=True)
            _columns(paper, sheet.columns, widths)
        if fall is not None:
            draw_fall(paper, fall, sum(widths), _ROW)
        _row(paper, row, sheet.columns, widths)
    if not sheet.count:
        paper.ink(color=MUTED)
        paper.cell(0, _ROW, "Nothing.", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    if sheet.count > MOST_LINES:
        paper.ink(color=MUTED)
        words = f"The first {MOST_LINES:,} of {sheet.count:,} lines; CSV and XLSX of the same cut hold them all."
        paper.cell(0, _ROW, words, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.ln(5)


def _widths(columns: Sequence[Column], whole: float) -> list[float]:
    shares = [_SHARES[column.kind] for column in columns]
    if shares and columns[0].kind == "text" and len(columns) <= 5:
        shares[0] = 2.6
    return [whole * share / sum(shares) for share in shares]


def _columns(paper: Paper, columns: Sequence[Column], widths: Sequence[float]) -> None:
    paper.ink("B", 7.2, MUTED)
    paper.set_fill_color(*GROUND)
    for column, width in zip(columns, widths, strict=True):
        paper.cell(width, 5.6, column.label, align="R" if column.is_number else "L", fill=True)
    paper.ln(5.6)


def _row(paper: Paper, row: Row, columns: Sequence[Column], widths: Sequence[float]) -> None:
    paper.ink("B" if row.is_sum else "")
    paper.set_draw_color(*RULE)
    for cell, column, width in zip(row.cells, columns, widths, strict=True):
        words = _fitting(paper, _told(cell), width - 2)
        paper.cell(width, _ROW, words, border="T", align="R" if column.is_number else "L")
    paper.ln(_ROW)


def _told(cell: Cell) -> str:
    match cell:
        case Money():
            return f"{amount(cell)} {cell.currency}"
        case datetime():
            return f"{cell.astimezone(UTC):%Y-%m-%d %H:%M}"
        case date():
            return cell.isoformat()
        case Ref():
            return words_of(cell)
        case int():
            return f"{cell:,}"
        case None:
            return ""
        case _:
            return one_line(cell)


def _fitting(paper: Paper, words: str, width: float) -> str:
    """As much as fits; of an id the end tells more than the beginning, so its middle is left out."""
    whole = paper.get_string_width(words)
    if whole <= width:
        return words
    keep = max(int(len(words) * width / whole), 2)
    while keep > 2 and paper.get_string_width(_without_middle(words, keep)) > width:
        keep -= 1
    return _without_middle(words, keep)


def _without_middle(words: str, keep: int) -> str:
    front = keep // 2
    return f"{words[:front]}…{words[-(keep - front) :]}"
