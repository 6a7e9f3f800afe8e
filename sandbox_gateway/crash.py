"""Named points at which the gateway can be made to die as by a power cut; for tests of what a restart finds."""

from __future__ import annotations

import os
import signal

_chosen: str | None = None


def choose(name: str | None) -> None:
    """Die at the point of this name, or at none."""
    global _chosen  # noqa: PLW0603 - one process dies at one point; every caller of `point` must see it
    _chosen = name


def point(name: str) -> None:
    """Pass by; or, if this is the chosen point, SIGKILL the whole process group at once."""
    if name == _chosen:
        os.killpg(0, signal.SIGKILL)
