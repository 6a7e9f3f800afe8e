"""The paper that a report is written on: its fonts, inks and margins, and what stands on every page of it."""

from __future__ import annotations

import logging
from datetime import UTC
from importlib.metadata import distribution
from pathlib import Path
from typing import Literal

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from app.reports.report import Report

FONT = "Roboto"
Color = tuple[int, int, int]
INK: Color = (26, 32, 44)
MUTED: Color = (98, 108, 126)
RULE: Color = (201, 208, 219)
GROUND: Color = (243, 245, 249)
SIZE = 7.6
_MARGIN = 15.0

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells every table that it leaves out


class Paper(FPDF):
    """A4, upright; wide tables lie on their side. Every page says what it is of."""

    def __init__(self, report: Report) -> None:
        super().__init__(orientation="portrait", format="A4")
        self._report = report
        self.add_font(FONT, "", _font("Roboto-Regular.ttf"))
        self.add_font(FONT, "B", _font("Roboto-Medium.ttf"))
        self.set_margins(_MARGIN, _MARGIN)
        self.set_auto_page_break(auto=True, margin=18)
        self.set_title(report.title)
        self.set_creator("Counterfoil")
        self.set_lang("en")
        self.set_creation_date(report.cut.at.astimezone(UTC).replace(microsecond=0))

    def ink(self, style: Literal["", "B"] = "", size: float = SIZE, color: Color = INK) -> None:
        self.set_font(FONT, style, size)  # type: ignore[arg-type]  # sizes need not be whole, whatever the stub says
        self.set_text_color(*color)

    def header(self) -> None:
        if self.page_no() > 1:
            self.ink("B", 8)
            self.cell(0, 5, one_line(self._report.title), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.ln(2)

    def footer(self) -> None:
        self.set_y(-13)
        self.ink(size=7, color=MUTED)
        at = f"{self._report.cut.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        self.cell(self.epw / 2, 5, f"Counterfoil · as of {at} · books up to link {self._report.cut.link:,}")
        self.cell(self.epw / 2, 5, f"Page {self.page_no()} of {{nb}}", align="R")


def _font(file: str) -> Path:
    return Path(str(distribution("font-roboto").locate_file(f"font_roboto/files/{file}")))


def one_line(words: str) -> str:
    """Without line breaks, which a cell has no room for."""
    return " ".join(words.split())
