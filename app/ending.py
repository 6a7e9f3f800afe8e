"""Whether this process was told to end, and ending it without an orderly teardown, which takes time."""

from __future__ import annotations

import os
import sys
import threading
from typing import NoReturn

stopping = threading.Event()
"""Set when a worker of the server has been told to end: answers that stream look at it and finish."""


def leave(code: int) -> NoReturn:
    """End this process at once, with what it has printed."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
