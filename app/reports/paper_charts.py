"""Charts on paper: what app/charts.py laid out, drawn in millimetres."""

from __future__ import annotations

from fpdf.enums import XPos, YPos

from app.charts import BASE, Chart, Fall
from app.reports.drawn import DrawnMonth
from app.reports.paper import INK, MUTED, RULE, Color, Paper

_SERIES: tuple[Color, ...] = ((63, 81, 209), (178, 145, 208), (176, 36, 27), (227, 176, 75))
"""As on the screen; each lighter or darker than its neighbours, for printers without color."""
_FALLS: dict[str, Color] = {"level": (140, 150, 168), "came": _SERIES[0], "went": _SERIES[2]}
_PIXEL = 0.29
_SCALE = 14.0
_HEIGHT = (BASE + 16) * _PIXEL
_LINE = 4.2
_AIR = 5.0


def draw_month(paper: Paper, month: DrawnMonth) -> None:
    """A month's bars under their names, on one page."""
    if paper.will_page_break(7 + 2 * _LINE + _HEIGHT):
        paper.add_page(same=True)
    paper.ink("B", 10.5)
    paper.cell(0, 7, month.title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    _names(paper, month)
    _bars(paper, month.chart, paper.l_margin + _SCALE, paper.get_y() + 1, paper.epw - _SCALE)
    paper.set_y(paper.get_y() + _HEIGHT + _AIR)


def _names(paper: Paper, month: DrawnMonth) -> None:
    paper.ink(size=7, color=MUTED)
    for name, color in zip(month.names, _SERIES, strict=True):
        paper.set_fill_color(*color)
        paper.rect(paper.get_x() + 1, paper.get_y() + 1.1, 2, 2, style="F")
        _name(paper, name)
    y = paper.get_y() + _LINE / 2
    paper.set_draw_color(*INK)
    paper.set_line_width(0.4)
    paper.line(paper.get_x(), y, paper.get_x() + 3.4, y)
    _name(paper, "Net")
    paper.ln(_LINE)


def _name(paper: Paper, name: str) -> None:
    paper.set_x(paper.get_x() + 4)
    paper.cell(paper.get_string_width(name) + 5, _LINE, name)


def _bars(paper: Paper, chart: Chart, left: float, top: float, width: float) -> None:
    paper.ink(size=6.4, color=MUTED)
    paper.set_draw_color(*RULE)
    paper.set_line_width(0.15)
    for tick in chart.ticks:
        y = top + tick.y * _PIXEL
        paper.line(left, y, left + width, y)
        paper.text(left - 2 - paper.get_string_width(tick.label), y + 0.8, tick.label)
    for label in chart.labels:
        back = paper.get_string_width(label.text) / 2 if label.anchor == "middle" else 0
        paper.text(left + _of(label.x) * width - back, top + (BASE + 13) * _PIXEL, label.text)
    for column in chart.columns:
        for piece in column.pieces:
            paper.set_fill_color(*_SERIES[piece.series])
            x, y = left + _of(piece.x) * width, top + piece.y * _PIXEL
            paper.rect(x, y, _of(piece.width) * width, piece.height * _PIXEL, style="F")
    paper.set_draw_color(*INK)
    paper.set_line_width(0.4)
    paper.polyline(
        [(left + _of(one.middle) * width, top + one.y * _PIXEL) for one in chart.columns if one.y is not None]
    )
    paper.set_line_width(0.2)


def draw_fall(paper: Paper, fall: Fall, after: float, height: float) -> None:
    """The bar of a row that is about to be written, in what a table of the width `after` leaves of the line."""
    left = paper.l_margin + after + 4
    width = paper.epw - after - 4
    paper.set_fill_color(*_FALLS[fall.shape])
    breadth = max(_of(fall.width) * width, 0.3)
    paper.rect(left + _of(fall.x) * width, paper.get_y() + 1, breadth, height - 2, style="F")


def _of(share: str) -> float:
    """`12.5%` as 0.125."""
    return float(share.removesuffix("%")) / 100
