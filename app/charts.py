"""Charts drawn on the server: where each bar, line and label stands.

Widths are shares, heights are pixels, and text never scales. A template turns them into SVG
(`templates/macros/charts.html`). Values are whole numbers of whatever is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

TOP, BASE = 8, 158
"""Where the plot begins and ends, in pixels from the top of the drawing; names of days stand below."""
MOST_TICKS = 4
MOST_LABELS = 6
_FEW = 14
"""Up to so many columns there is room for air between them."""


@dataclass(frozen=True)
class Part:
    """What one series has in a column: how much, in words, and where its rows are.

    Below zero it hangs from the zero.
    """

    value: int
    told: str
    href: str


@dataclass(frozen=True)
class Mark:
    """A column: its name, its parts from the bottom up, and the same of the period before where that is known.

    `is_open` says that it still grows, as today does; `day` is the day that is chosen with it.
    """

    name: str
    told: str
    href: str
    parts: tuple[Part, ...]
    before: int | None = None
    is_open: bool = False
    day: date | None = None
    net: int | None = None
    """What all of it comes to, for a line over the columns."""

    @property
    def height(self) -> int:
        """From zero up."""
        return sum(part.value for part in self.parts if part.value > 0)

    @property
    def depth(self) -> int:
        """From zero down, below zero."""
        return sum(part.value for part in self.parts if part.value < 0)


@dataclass(frozen=True)
class Point:
    """A column of a line; `value` is None where there is nothing to tell, which leaves a gap."""

    name: str
    told: str
    href: str
    value: int | None
    before: int | None = None
    day: date | None = None


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
    """The whole height over one name: what a pointer finds, the pieces in it, and where a line passes through it."""

    x: str
    width: str
    middle: str
    told: str
    href: str
    pieces: tuple[Piece, ...] = ()
    y: float | None = None
    is_open: bool = False
    day: date | None = None


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


def axis(most: int, least: int = 0) -> Axis:
    """The axis that holds zero and both with at most four steps of 1, 2 or 5 times a power of ten."""
    step, reach, depth = 1, max(most, 0 if least < 0 else 1), max(-least, 0)
    factors = (2, 2.5, 2)
    for turn in range(60):  # 10 ** 20 is beyond any sum
        if -(-reach // step) + -(-depth // step) <= MOST_TICKS:
            break
        step = int(step * factors[turn % 3])
    return Axis(-depth // step * step, -(-reach // step) * step, step)


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
    """Columns by name, their parts stacked from zero up or down; the net and the period before as lines over them."""
    number = len(marks)
    befores, nets = [mark.before for mark in marks], [mark.net for mark in marks]
    lines = [value or 0 for value in (*befores, *nets)]
    scale = axis(
        max([*(mark.height for mark in marks), *lines], default=0),
        min([*(mark.depth for mark in marks), *lines], default=0),
    )
    inset = 0.22 if number <= _FEW else 0.14
    columns = []
    for at, mark in enumerate(marks):
        ends, pieces = {True: 0, False: 0}, []
        for series, part in enumerate(mark.parts):
            if part.value:
                is_up = part.value > 0
                begins = ends[is_up]
                ends[is_up] += part.value
                gap = 1 if begins else 0  # a hair of ground between two parts
                bottom, top = (scale.y(one) for one in sorted((begins, ends[is_up])))
                height = round(max(bottom - top - gap, 1), 1)
                pieces.append(
                    Piece(
                        series,
                        _share(at + inset, number),
                        _share(1 - 2 * inset, number),
                        round(bottom - gap - height if is_up else top + gap, 1),
                        height,
                        part.told,
                        part.href,
                    )
                )
        columns.append(
            Column(
                _share(at, number),
                _share(1, number),
                _share(at + 0.5, number),
                mark.told,
                mark.href,
                tuple(pieces),
                None if mark.net is None else scale.y(mark.net),
                is_open=mark.is_open,
                day=mark.day,
            )
        )
    return Chart(
        tuple(columns),
        scale.ticks(label),
        _labels([mark.name for mark in marks]),
        2 * number,
        line=_path(nets, scale),
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
            day=point.day,
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


@dataclass(frozen=True)
class Fall:
    """One bar of a waterfall, lying: where it begins and how long it is, as shares of the whole."""

    x: str
    width: str
    shape: str
    """`level` for a balance, `came` or `went` for what changed it."""


def waterfall(steps: Sequence[tuple[int, bool]]) -> list[Fall]:
    """A bar for each amount: a level from zero, a change from where the one before ended."""
    ends, reached = [], 0
    for amount, is_level in steps:
        begins = 0 if is_level else reached
        reached = amount if is_level else reached + amount
        ends.append((min(begins, reached), max(begins, reached)))
    low, high = min((one for one, _ in ends), default=0), max((one for _, one in ends), default=0)
    low, whole = min(low, 0), max(high, 0) - min(low, 0) or 1
    return [
        Fall(
            _share(begins - low, whole),
            _share(end - begins, whole),
            "level" if is_level else "came" if amount >= 0 else "went",
        )
        for (begins, end), (amount, is_level) in zip(ends, steps, strict=True)
    ]


SPARK_HEIGHT = 28


@dataclass(frozen=True)
class Spark:
    """A small line in a box so broad, and that of the period before where it is known."""

    breadth: int
    line: str
    before: str = ""


def sparkline(values: Sequence[int | None], before: Sequence[int | None] = ()) -> Spark:
    """Both lines from the lowest value of all at the bottom to the highest at the top."""
    known = [value for value in (*values, *before) if value is not None]
    low, high = min([0, *known]), max([1, *known])

    def path(of: Sequence[int | None]) -> str:
        found, drawing = [], False
        for at, value in enumerate(of):
            if value is not None:
                y = round(SPARK_HEIGHT - 2 - (value - low) / (high - low) * (SPARK_HEIGHT - 4), 1)
                found.append(f"{'L' if drawing else 'M'}{at} {y}")
            drawing = value is not None
        return "".join(found)

    return Spark(max(len(values) - 1, 1), path(values), path(before))
