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


def guard_of(view: Callable[..., Any]) -> Permission | str | None:
    """What a view is marked with; None is denied."""
    guard: Permission | str | None = getattr(view, "guard", None)
    return guard
