"""Every route says who may use it; one that says nothing is denied to all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from app.operators.roles import Permission

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = "public"


def requires(permission: Permission) -> Callable[[View], View]:
    """Mark a view: only whose role carries the permission."""

    def mark(view: View) -> View:
        view.guard = permission  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    """Mark a view: anybody, signed in or not (it has a check of its own, or needs none)."""
    view.guard = PUBLIC  # type: ignore[attr-defined]
    return view


def takes_up_to(most_bytes: int) -> Callable[[View], View]:
    """Mark a view: bodies may be so large, where the desk's usual limit is too small for what is sent."""

    def mark(view: View) -> View:
        view.most_bytes = most_bytes  # type: ignore[attr-defined]
        return view

    return mark


def room_of(view: Callable[..., Any]) -> int | None:
    """How large bodies may be; None for the usual limit."""
    most: int | None = getattr(view, "most_bytes", None)
    return most


def guard_of(view: Callable[..., Any]) -> Permission | str | None:
    """What a view is marked with; None is denied."""
    guard: Permission | str | None = getattr(view, "guard", None)
    return guard
