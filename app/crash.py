"""Named instants at which a test may have the process group killed, to show that no money is lost there."""

from __future__ import annotations

import os
import signal


def crash_point(name: str) -> None:
    """SIGKILL the whole process group if `COUNTERFOIL_CRASH_AT` names this instant; otherwise nothing."""
    if os.environ.get("COUNTERFOIL_CRASH_AT") == name:
        os.killpg(os.getpgrp(), signal.SIGKILL)
