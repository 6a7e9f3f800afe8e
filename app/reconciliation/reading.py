"""Reads an uploaded report line by line: how large it may be, how it is written, which layout it has."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NoReturn

from app.errors import InvalidInput
from app.gateway.wire import GatewayLine
from app.reconciliation.layouts import Layout, Misfit, layout_of, nearest

MOST_BYTES = 64 * 1024 * 1024
MOST_ROWS = 250_000
_MOST_IN_LINE = 64 * 1024
_MOST_COLUMNS = 200
_AT_ONCE = 256 * 1024
_OTHERS = (
    (b"PK", "It is a ZIP archive, or a spreadsheet, which is one. Send the CSV or XML that is inside."),
    (b"\x1f\x8b", "It is compressed (gzip). Send the CSV or XML that is inside."),
    (b"%PDF", "It is a PDF. Ask for the same as CSV, or as camt.053 from the bank."),
    (b"\xff\xfe", "It is written in UTF-16. Save it as UTF-8."),
    (b"\xfe\xff", "It is written in UTF-16. Save it as UTF-8."),
)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\"\\/:*?<>|\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True)
class Looked:
    """What a file is before it is read: how large, its hash, and whether it is XML."""

    size: int
    sha256: str
    is_xml: bool


@dataclass(frozen=True)
class FileLine:
    """A movement and the number of its line in the file."""

    number: int
    line: GatewayLine


def refuse(detail: str, code: str = "unreadable_file") -> NoReturn:
    """InvalidInput about the file."""
    raise InvalidInput("/file", code, detail)


def safe_name(given: str) -> str:
    """The name without folders and without what a disk or a header trips over."""
    return _UNSAFE.sub("_", re.split(r"[/\\]", given)[-1]).strip(" ._")[:120] or "file"


def look_at(file: BinaryIO) -> Looked:
    """Its size and hash, in pieces. InvalidInput (`/file`) where it is empty, too large or of another kind."""
    digest, size, begins = hashlib.sha256(), 0, b""
    file.seek(0)
    while piece := file.read(_AT_ONCE):
        begins = begins or piece[:64]
        size += len(piece)
        if size > MOST_BYTES:
            refuse(f"It is larger than {MOST_BYTES // 1024**2} MB. Send it in parts, a day in each.", "file_too_large")
        digest.update(piece)
    if not size:
        refuse("It is empty.", "empty_file")
    for begin, why in _OTHERS:
        if begins.startswith(begin):
            refuse(why, "file_type")
    return Looked(size, digest.hexdigest(), begins.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"))


def _texts(file: BinaryIO) -> Iterator[str]:
    file.seek(0)
    number = 0
    while raw := file.readline(_MOST_IN_LINE + 1):
        number += 1
        if len(raw) > _MOST_IN_LINE:
            refuse(f"Line {number} is longer than {_MOST_IN_LINE // 1024} KB.")
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            refuse(f"Line {number} is not UTF-8 (byte {error.start + 1}). Save the file as UTF-8.")
        if "\x00" in text:
            refuse(f"Line {number} holds a NUL character: that is no CSV.")
        yield text


def read_report(file: BinaryIO) -> tuple[Layout, Iterator[FileLine]]:
    """The layout by its header, and the movements as they come. InvalidInput names the line and the column."""
    rows = csv.reader(_texts(file), strict=True)
    try:
        header = [name.strip() for name in next(rows, [])]
    except csv.Error as error:
        refuse(f"Line {rows.line_num}: {error}.")
    layout = layout_of(header)
    if layout is None:
        near, missing = nearest(header)
        refuse(
            f"Line 1: this header is of no layout that is known. Nearest is {near.label}; it lacks"
            f" {', '.join(missing[:6])}{' and more' if len(missing) > 6 else ''}. Columns are parted by commas.",
            "unknown_layout",
        )
    if len(header) > _MOST_COLUMNS:
        refuse(f"Line 1 has more than {_MOST_COLUMNS} columns.")
    twice = next((name for name in layout.columns if header.count(name) > 1), None)
    if twice is not None:
        refuse(f"Line 1 has the column {twice} twice.")
    return layout, _lines(rows, header, layout)


def _lines(rows: Iterator[list[str]], header: list[str], layout: Layout) -> Iterator[FileLine]:
    places = {name: header.index(name) for name in layout.columns}
    number = 1
    while True:
        begins = rows.line_num + 1  # type: ignore[attr-defined]  # of csv's reader
        try:
            cells = next(rows, None)
        except csv.Error as error:
            refuse(f"Line {begins}: {error}.")
        if cells is None:
            return
        if not any(cells):
            continue
        number += 1
        if number > MOST_ROWS + 1:
            refuse(f"It has more than {MOST_ROWS:,} lines. Send it in parts, a day in each.", "too_many_lines")
        if len(cells) != len(header):
            refuse(f"Line {begins} has {len(cells)} cells, the header {len(header)}.")
        try:
            line = layout.line_of({name: cells[place] for name, place in places.items()})
        except Misfit as misfit:
            refuse(f"Line {begins}, column {misfit.column}: {misfit}")
        if line is not None:
            yield FileLine(begins, line)
