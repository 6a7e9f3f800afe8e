"""What a process has imported of which `tests.copies` makes copies."""

from __future__ import annotations

import gc

from app import work
from app.cli import dashboard, demo, up, worker

__all__ = ["dashboard", "demo", "up", "work", "worker"]

gc.collect()
gc.freeze()  # memory that the collector leaves alone stays shared by the copies
