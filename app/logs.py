"""Log lines are JSON on standard error, each with the id of the request that it belongs to."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog


class _Lines:
    """Standard error, where a line that cannot be written is lost: a full disk must not stop the money as well."""

    def write(self, line: str) -> None:
        with suppress(OSError):
            sys.stderr.write(line)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


def configure_logs() -> None:
    """Set up once per process; a test's or a terminal's stream is looked up at each line."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, _Lines())),
        cache_logger_on_first_use=True,
    )
