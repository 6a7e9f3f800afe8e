"""Charts: whatever the numbers, what is drawn stays inside the plot and stands where its number says."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts import BASE, MOST_TICKS, TOP, Chart, Mark, Part, Point, axis, bars, line, sparkline

SUMS = st.integers(0, 10**18)
SIGNED = st.integers(-(10**18), 10**18)


def _marks(values: list[tuple[int, int, int]], befores: list[int | None]) -> list[Mark]:
    return [
        Mark(f"day {at}", "told", "/rows", tuple(Part(part, "told", "/rows") for part in parts), before)
        for at, (parts, before) in enumerate(zip(values, befores, strict=True))
    ]


def _ends(path: str) -> list[float]:
    return [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", path)]


@given(SUMS, SUMS)
def test_an_axis_both_ways_has_a_line_at_zero(most: int, depth: int) -> None:
    scale = axis(most, -depth)
    assert scale.floor <= -depth
    assert scale.top >= most
    assert 1 <= (scale.top - scale.floor) // scale.step <= MOST_TICKS
    assert scale.y(0) in [tick.y for tick in scale.ticks(str)]


@given(st.integers(0, 10**18))
def test_an_axis_holds_its_values_in_few_round_steps(most: int) -> None:
    scale = axis(most)
    assert scale.top >= most
    assert scale.top - scale.step < max(most, 1)
    assert 1 <= (scale.top - scale.floor) // scale.step <= MOST_TICKS
    assert str(scale.step).rstrip("0") in {"1", "2", "5"}
    assert scale.y(scale.floor) == BASE
    assert scale.y(scale.top) == TOP


@given(st.lists(st.tuples(st.tuples(SIGNED, SIGNED, SIGNED), st.none() | SUMS), min_size=1, max_size=90))
def test_bars_stand_on_each_other_or_hang_inside_the_plot(days: list[tuple[tuple[int, int, int], int | None]]) -> None:
    chart = bars(_marks([parts for parts, _ in days], [before for _, before in days]), str)
    (zero,) = [tick.y for tick in chart.ticks if tick.label == "0"]
    for column, (parts, _) in zip(chart.columns, days, strict=True):
        assert [piece.series for piece in column.pieces] == [at for at, part in enumerate(parts) if part]
        for piece in column.pieces:
            assert piece.height >= 1
            is_up = parts[piece.series] > 0
            assert TOP - len(parts) <= piece.y
            assert piece.y + piece.height <= (zero if is_up else BASE + len(parts)) + 0.1
            assert is_up or piece.y >= zero
    assert all(TOP <= y <= BASE for y in _ends(chart.before))


def test_a_bar_twice_as_high_is_twice_as_much() -> None:
    chart = bars(_marks([(500, 0, 0), (1000, 0, 0), (0, 0, 0)], [None, None, None]), str)
    low, high, none = (column.pieces for column in chart.columns)
    assert high[0].height == 2 * low[0].height == BASE - TOP
    assert none == ()


@given(st.lists(st.none() | st.integers(0, 1000), min_size=1, max_size=90))
def test_a_line_breaks_where_nothing_is_known(values: list[int | None]) -> None:
    points = [Point(f"day {at}", "told", "/rows", value) for at, value in enumerate(values)]
    chart = line(points, str, top=1000, steps={0: 250, 500: 100})
    runs = sum(1 for at, value in enumerate(values) if value is not None and (at == 0 or values[at - 1] is None))
    assert chart.line.count("M") == runs
    assert [column.y is None for column in chart.columns] == [value is None for value in values]
    assert all(TOP <= y <= BASE for y in _ends(chart.line))


@pytest.mark.parametrize(("lowest", "first"), [(0, "0"), (499, "0"), (500, "500"), (1000, "500")])
def test_a_line_begins_as_high_as_its_values_allow(lowest: int, first: str) -> None:
    chart = line([Point("day", "told", "/rows", lowest)], str, top=1000, steps={0: 250, 500: 100})
    assert chart.ticks[0].label == first
    assert chart.ticks[-1].label == "1000"


@pytest.mark.parametrize("number", [1, 7, 8, 30, 90])
def test_names_under_a_chart_have_room(number: int) -> None:
    chart: Chart = bars(_marks([(1, 0, 0)] * number, [None] * number), str)
    assert 1 <= len(chart.labels) <= 7
    assert chart.labels[0].text == "day 0"


@given(st.lists(st.none() | SUMS, max_size=90), st.lists(st.none() | SUMS, max_size=90))
def test_a_sparkline_fits_its_box(values: list[int | None], before: list[int | None]) -> None:
    spark = sparkline(values, before)
    assert spark.breadth >= 1
    assert all(0 <= y <= 28 for y in _ends(spark.line) + _ends(spark.before))
