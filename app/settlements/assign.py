"""Who looks into a break."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.db import transaction
from app.errors import InvalidInput
from app.operators.models import Operator
from app.operators.roles import ALLOWED, Permission
from app.settlements.models import Break
from app.settlements.resolve import lock_open_break
from app.timeline import Actor

_ROLES = [role for role, allowed in ALLOWED.items() if Permission.RECONCILE in allowed]


def who_may_be_given_it(session: Session) -> Sequence[Operator]:
    """Everybody who may resolve breaks and still works here, by name."""
    able = select(Operator).where(Operator.role.in_(_ROLES), Operator.suspended_at.is_(None))
    return session.scalars(able.order_by(Operator.name)).all()


def assign_break(break_id: str, operator_id: str | None, actor: Actor) -> Break:
    """Give it to somebody, or to nobody again. InvalidInput (`/assignee`) for whoever could not resolve it."""
    with transaction() as session:
        one = lock_open_break(session, break_id)
        chosen = next((able for able in who_may_be_given_it(session) if able.id == operator_id), None)
        if operator_id and chosen is None:
            raise InvalidInput("/assignee", "unknown_operator", "Choose somebody who may resolve breaks.")
        if one.assigned_id == (chosen.id if chosen else None):
            return one
        one.assigned_id, one.assigned_name = (chosen.id, chosen.name) if chosen else (None, None)
        audit.note(
            session,
            "break.assigned",
            one.id,
            f"Break of {one.source_id} given to {one.assigned_name or 'nobody'}",
            actor,
            after={"assignee": one.assigned_id},
        )
    return one
