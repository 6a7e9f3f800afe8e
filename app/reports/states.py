"""Statuses of a report that is made in the background, drawn."""

from __future__ import annotations

import enum

from app.drawing import Drawing


class MadeStatus(enum.StrEnum):
    WAITING = "waiting"
    """For the worker, or under way."""
    READY = "ready"
    FAILED = "failed"


MADE = Drawing[MadeStatus](
    {
        MadeStatus.WAITING: {MadeStatus.READY, MadeStatus.FAILED},
        MadeStatus.READY: set(),
        MadeStatus.FAILED: set(),
    }
)
