"""Roles and what each may do; what is not written here is denied."""

from __future__ import annotations

import enum


class Permission(enum.StrEnum):
    READ = "read"
    TAKE_PAYMENTS = "take_payments"
    REFUND = "refund"
    APPROVE = "approve"
    """Be the second person: for refunds above the limit, and payouts."""
    ASK = "ask"
    """Have the gateway asked again, now, what became of something; what is asked again may move money."""
    REVIEW = "review"
    """Decide what the fraud desk holds."""
    DISPUTE = "dispute"
    PAY_OUT = "pay_out"
    RECONCILE = "reconcile"
    """Repair what differs between us and the gateway."""
    DEVELOP = "develop"
    MANAGE = "manage"
    """People, policy and settings."""
    AUDIT = "audit"
    """Read who did what."""
    MERGE = "merge"
    """Make one customer of two."""
    ERASE = "erase"
    """Forget who a customer was."""
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
    Role.FINANCE: frozenset(
        {_P.READ, _P.ASK, _P.REFUND, _P.APPROVE, _P.DISPUTE, _P.PAY_OUT, _P.RECONCILE, _P.AUDIT, _P.MERGE, _P.SHARE}
    ),
    Role.OPERATOR: frozenset({_P.READ, _P.ASK, _P.TAKE_PAYMENTS, _P.REFUND, _P.REVIEW, _P.MERGE, _P.SHARE}),
    Role.DEVELOPER: frozenset({_P.READ, _P.DEVELOP}),
    Role.VIEWER: frozenset({_P.READ}),
}


def may(role: Role, permission: Permission) -> bool:
    """Whether the role carries the permission."""
    return permission in ALLOWED[role]
