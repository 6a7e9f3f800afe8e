"""Shares in tenths of a percent, rounded half up, and how far a figure moved since the period before, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def tenths(part: int, whole: int) -> int | None:
    """`part` of `whole` (not negative) in tenths of a percent; None where there is no whole."""
    return (abs(part) * 2000 + whole) // (2 * whole) * (1 if part >= 0 else -1) if whole else None


def percent(share: int) -> str:
    """`942` as `94.2%`, from a thousand percent on without the tenths; a minus sign, not a hyphen."""
    sign, size = "\u2212" if share < 0 else "", abs(share)
    return f"{sign}{size // 10:,}%" if size >= 10_000 else f"{sign}{size // 10}.{size % 10}%"


@dataclass(frozen=True)
class Change:
    """How far a figure moved; `tone` is `good`, `bad` or `quiet`, `share` empty where it began from nothing."""

    arrow: str
    words: str
    difference: str
    share: str
    tone: str


def change(now: int, before: int, say: Callable[[int], str], *, good: int = 0, points: bool = False) -> Change:
    """From `before` to `now`. `good` is 1 where more is good, -1 where less is; `points`: the values are shares."""
    moved = now - before
    if not moved:
        return Change("=", "unchanged", say(0), "", "quiet")
    sign = "+" if moved > 0 else "\u2212"
    share = None if points else tenths(moved, before)
    return Change(
        "▲" if moved > 0 else "▼",
        "up" if moved > 0 else "down",
        sign + say(abs(moved)),
        "" if share is None else ("+" if moved > 0 else "") + percent(share),
        "quiet" if not good else "good" if (moved > 0) == (good > 0) else "bad",
    )
