"""Ending a process without taking the interpreter down in order, which takes time on a busy machine."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """End this process at once, with what it has printed."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
