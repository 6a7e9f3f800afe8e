"""Whether a process of this host is still there."""

from __future__ import annotations

from datetime import UTC, datetime

import psutil


def is_alive(pid: int, since: datetime | None = None) -> bool:
    """Whether the process runs. A dead one that nobody buried does not, nor does a younger one of its number.

    `since` is an instant at which the process was there.
    """
    try:
        process = psutil.Process(pid)
        younger = since is not None and datetime.fromtimestamp(process.create_time(), UTC) > since
        return not younger and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
