"""Charts drawn on the server: where each bar, line and label stands.

Widths are shares, heights are pixels, and text never scales. A template turns them into SVG
(`templates/macros/charts.html`). Values are whole numbers of whatever is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

TOP, BASE = 8, 158
"""Where the plot begins and ends, in pixels from the top of the drawing; names of days stand below."""
MOST_TICKS = 4
MOST_LABELS = 6
_FEW = 14
"""Up to so many columns there is room for air between them."""


@dataclass(frozen=True)
class Part:
    """What one series has in a column: how much, in words, and where its rows are."""

    value: int
    told: str
    href: str


@dataclass(frozen=True)
class Mark:
    """A column: its name, its parts from the bottom up, and the same of the period before where that is known.

    `is_open` says that it still grows, as today does.
    """

    name: str
    told: str
    href: str
    parts: tuple[Part, ...]
    before: int | None = None
    is_open: bool = False

    @property
    def height(self) -> int:
        return sum(part.value for part in self.parts)


@dataclass(frozen=True)
class Point:
    """A column of a line; `value` is None where there is nothing to tell, which leaves a gap."""

    name: str
    told: str
    href: str
    value: int | None
    before: int | None = None


@dataclass(frozen=True)
class Tick:
    """A line across the plot and what it stands for."""

    y: float
    label: str


@dataclass(frozen=True)
class Label:
    """A name under the plot; `anchor` keeps the first and the last inside."""

    x: str
    anchor: str
    text: str


@dataclass(frozen=True)
class Piece:
    """A part's rectangle; `series` counts from 0 at the bottom."""

    series: int
    x: str
    width: str
    y: float
    height: float
    told: str
    href: str


@dataclass(frozen=True)
class Column:
    """The whole height over one name: what a pointer finds, and the pieces or the point in it."""

    x: str
    width: str
    middle: str
    told: str
    href: str
    pieces: tuple[Piece, ...] = ()
    y: float | None = None
    is_open: bool = False


@dataclass(frozen=True)
class Chart:
    """All that is drawn. Paths are in a box of `breadth` by the drawing's height, stretched to the plot's width."""

    columns: tuple[Column, ...]
    ticks: tuple[Tick, ...]
    labels: tuple[Label, ...]
    breadth: int
    line: str = ""
    area: str = ""
    before: str = ""


@dataclass(frozen=True)
class Axis:
    """From `floor` to `top`, both on a tick."""

    floor: int
    top: int
    step: int

    def y(self, value: int) -> float:
        """Where a value stands, in pixels from the top."""
        return round(BASE - (value - self.floor) / (self.top - self.floor) * (BASE - TOP), 1)

    def ticks(self, label: Callable[[int], str]) -> tuple[Tick, ...]:
        """The lines across, the lowest first."""
        return tuple(Tick(self.y(at), label(at)) for at in range(self.floor, self.top + 1, self.step))


def axis(most: int, floor: int = 0) -> Axis:
    """The axis that holds `most` with at most four steps of 1, 2 or 5 times a power of ten."""
    step, reach = 1, max(most - floor, 1)
    factors = (2, 2.5, 2)
    for turn in range(60):  # 10 ** 20 is beyond any sum
        if step * MOST_TICKS >= reach:
            break
        step = int(step * factors[turn % 3])
    return Axis(floor, floor + -(-reach // step) * step, step)


def _share(part: float, whole: int) -> str:
    return f"{part / whole * 100:.3f}".rstrip("0").rstrip(".") + "%"


def _labels(names: Sequence[str]) -> tuple[Label, ...]:
    number = len(names)
    step = -(-number // MOST_LABELS) if number > MOST_LABELS + 1 else 1
    found = []
    for at in range(0, number, step):
        anchor = "start" if at == 0 and step > 1 else "middle"
        x = _share(at, number) if anchor == "start" else _share(at + 0.5, number)
        if step == 1 or number - at > step / 2:
            found.append(Label(x, anchor, names[at]))
    return tuple(found)


def _path(values: Sequence[int | None], scale: Axis) -> str:
    """Straight lines from middle to middle; a lone value becomes a short stroke."""
    found: list[str] = []
    drawing = False
    for at, value in enumerate(values):
        if value is None:
            drawing = False
            continue
        alone = not drawing and (at + 1 == len(values) or values[at + 1] is None)
        x, y = 2 * at + 1, scale.y(value)
        found.append(f"M{x - 0.5} {y}H{x + 0.5}" if alone else f"{'L' if drawing else 'M'}{x} {y}")
        drawing = not alone
    return "".join(found)


def _area(values: Sequence[int | None], scale: Axis) -> str:
    found, run = [], list[str]()
    for at, value in enumerate([*values, None]):
        if value is not None:
            run.append(f"{2 * at + 1} {scale.y(value)}")
        elif run:
            first, last = run[0].split()[0], run[-1].split()[0]
            found.append(f"M{first} {BASE}L{'L'.join(run)}L{last} {BASE}Z")
            run = []
    return "".join(found)


def bars(marks: Sequence[Mark], label: Callable[[int], str]) -> Chart:
    """Columns by name, their parts stacked; the period before as a line over them."""
    number = len(marks)
    befores = [mark.before for mark in marks]
    scale = axis(max([mark.height for mark in marks] + [value or 0 for value in befores], default=0))
    inset = 0.22 if number <= _FEW else 0.14
    columns = []
    for at, mark in enumerate(marks):
        below, pieces = 0, []
        for series, part in enumerate(mark.parts):
            if part.value:
                bottom, top = scale.y(below), scale.y(below + part.value)
                gap = 1 if below else 0  # a hair of ground between two parts
                height = round(max(bottom - top - gap, 1), 1)
                pieces.append(
                    Piece(
                        series,
                        _share(at + inset, number),
                        _share(1 - 2 * inset, number),
                        round(bottom - gap - height, 1),
                        height,
                        part.told,
                        part.href,
                    )
                )
                below += part.value
        columns.append(
            Column(
                _share(at, number),
                _share(1, number),
                _share(at + 0.5, number),
                mark.told,
                mark.href,
                tuple(pieces),
                is_open=mark.is_open,
            )
        )
    return Chart(
        tuple(columns),
        scale.ticks(label),
        _labels([mark.name for mark in marks]),
        2 * number,
        before=_path(befores, scale),
    )


def line(points: Sequence[Point], label: Callable[[int], str], *, top: int, steps: Mapping[int, int]) -> Chart:
    """A line with the ground under it tinted, up to `top`. `steps`: where the axis may begin, and its step from there.

    It begins as high as all the values allow.
    """
    number = len(points)
    known = [value for point in points for value in (point.value, point.before) if value is not None]
    floor = max((floor for floor in steps if floor <= min(known, default=0)), default=0)
    scale = Axis(floor, top, steps[floor])
    values = [point.value for point in points]
    columns = tuple(
        Column(
            _share(at, number),
            _share(1, number),
            _share(at + 0.5, number),
            point.told,
            point.href,
            y=None if point.value is None else scale.y(point.value),
        )
        for at, point in enumerate(points)
    )
    return Chart(
        columns,
        scale.ticks(label),
        _labels([point.name for point in points]),
        2 * number,
        line=_path(values, scale),
        area=_area(values, scale),
        before=_path([point.before for point in points], scale),
    )


SPARK_HEIGHT = 28


def sparkline(values: Sequence[int | None]) -> tuple[int, str]:
    """How broad its box is, and the line in it, from the lowest value at the bottom to the highest at the top."""
    known = [value for value in values if value is not None]
    low, high = min([0, *known]), max([1, *known])
    found, drawing = [], False
    for at, value in enumerate(values):
        if value is not None:
            y = round(SPARK_HEIGHT - 2 - (value - low) / (high - low) * (SPARK_HEIGHT - 4), 1)
            found.append(f"{'L' if drawing else 'M'}{at} {y}")
        drawing = value is not None
    return max(len(values) - 1, 1), "".join(found)
