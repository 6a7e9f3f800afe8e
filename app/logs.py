"""Log lines are JSON on standard error, each with the id of the request that it belongs to."""

from __future__ import annotations

import logging
import sys

import structlog


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
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
