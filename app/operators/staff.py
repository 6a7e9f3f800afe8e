"""Who works here: reading operators."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.operators.models import Operator
from app.timeline import Actor


def standing_operator(session: Session, actor: Actor) -> Operator | None:
    """The operator who acts, as they stand now; None where that is nobody, or somebody who was suspended."""
    operator = None if actor.id is None else session.get(Operator, actor.id)
    return None if operator is None or operator.suspended_at is not None else operator
