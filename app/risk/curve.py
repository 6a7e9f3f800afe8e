"""The curve of money saved by threshold, laid out for SVG."""

from __future__ import annotations

from dataclasses import dataclass

from app.risk.thresholds import SCORES, Curve, Point

WIDTH, HEIGHT = 600, 160


@dataclass(frozen=True)
class Drawn:
    """The line, where nothing is saved and nothing lost, and where the thresholds and the best one stand."""

    line: str
    zero: float
    best: tuple[float, float]
    thresholds: tuple[tuple[float, str], ...]


def draw(curve: Curve, thresholds: dict[str, int]) -> Drawn:
    """From left to right: scores from 0 to 100; up: money."""
    values = [point.saved.amount_minor for point in curve.points]
    high, low = max(*values, 0), min(*values, 0)
    span = (high - low) or 1

    def place(point: Point) -> tuple[float, float]:
        return WIDTH * point.score / SCORES, round(HEIGHT * (high - point.saved.amount_minor) / span, 1)

    places = [place(point) for point in curve.points]
    return Drawn(
        line="M" + " L".join(f"{x:g} {y:g}" for x, y in places),
        zero=round(HEIGHT * high / span, 1),
        best=place(curve.best),
        thresholds=tuple((WIDTH * min(score, SCORES) / SCORES, name) for name, score in thresholds.items()),
    )
