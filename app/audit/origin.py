"""Where an act comes from: kept beside the request that brings it, so that verbs need not hand it on."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """The role that acted, the address that it came from, and the request's id."""

    role: str | None = None
    address: str | None = None
    request_id: str | None = None


_NOWHERE = Origin()
_origin: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)


def come_from(origin: Origin) -> None:
    """What is done from here on, on this thread, comes from there."""
    _origin.set(origin)


def where_from() -> Origin:
    """Where what is done now comes from."""
    return _origin.get()
