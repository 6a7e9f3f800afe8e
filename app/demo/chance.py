"""Chance that repeats: the same words, the same row of numbers."""

from __future__ import annotations

from random import Random


def chance_of(*words: object) -> Random:
    """A generator of its own for these words."""
    return Random(":".join(map(str, words)))  # noqa: S311 - a story's dice, no secret
