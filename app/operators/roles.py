"""Roles and what each may do; what is not written here is denied."""

from __future__ import annotations

import enum


class Permission(enum.StrEnum):
    READ = "read"
    TAKE_PAYMENTS = "take_payments"
    REFUND = "refund"
    DEVELOP = "develop"
    SHARE = "share"
    """Keep views of lists for everybody."""


class Role(enum.StrEnum):
    ADMIN = "admin"
    FINANCE = "finance"
    OPERATOR = "operator"
    DEVELOPER = "developer"
    VIEWER = "viewer"


_P = Permission

ALLOWED: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.FINANCE: frozenset({_P.READ, _P.REFUND, _P.SHARE}),
    Role.OPERATOR: frozenset({_P.READ, _P.TAKE_PAYMENTS, _P.REFUND, _P.SHARE}),
    Role.DEVELOPER: frozenset({_P.READ, _P.DEVELOP}),
    Role.VIEWER: frozenset({_P.READ}),
}


def may(role: Role, permission: Permission) -> bool:
    """Whether the role carries the permission."""
    return permission in ALLOWED[role]
