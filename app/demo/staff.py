"""Who works at the demo's desk: operators that stand, so that two of them can agree on a large refund."""

from __future__ import annotations

from app.clock import wall_now
from app.db import insert_if_absent, transaction
from app.operators.models import Operator
from app.operators.roles import Role
from app.timeline import Actor, ActorKind

_ROLES = {"Nadia Hoffmann": Role.FINANCE, "Tom Reyes": Role.OPERATOR, "Ines Duarte": Role.FINANCE}
STAFF = tuple(Actor(ActorKind.OPERATOR, name, f"opr_{number:026d}") for number, name in enumerate(_ROLES))


def hire_staff() -> None:
    """Let them stand among the operators. None of them has a password, so nobody signs in as one."""
    with transaction() as session:
        for actor in STAFF:
            values = {
                "id": actor.id,
                "name": actor.name,
                "email": f"{actor.name.split()[0].lower()}@example.com",
                "role": _ROLES[actor.name],
                "is_local": False,
                "created_at": wall_now(),
            }
            insert_if_absent(session, Operator.__table__, values)


def second_to(actor: Actor) -> Actor:
    """Who approves what this one asks for."""
    nadia, _, ines = STAFF
    return ines if actor == nadia else nadia
