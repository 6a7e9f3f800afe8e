"""The models that there are and what each is for: champion, challenger, promoted and rolled back, with who and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app import audit
from app.clock import wall_now
from app.db import reading, transaction
from app.errors import NotFound, RuleBroken
from app.risk.models import ModelChange, Role, TrainedModel
from app.timeline import Actor
from fraud_model import Model, loads, shipped


@dataclass(frozen=True)
class Roles:
    """Which model decides (None: the one that comes with the program), and which is only watched, if any."""

    champion: str | None
    challenger: str | None


def _newest(role: Role) -> Select[str | None]:
    return select(ModelChange.version).where(ModelChange.role == role).order_by(ModelChange.id.desc()).limit(1)


_ROLES = select(*(_newest(role).scalar_subquery() for role in (Role.CHAMPION, Role.CHALLENGER)))


def roles_now(session: Session) -> Roles:
    """As the newest changes say; asked for each payment, so both at once."""
    return Roles(*session.execute(_ROLES).one())


@cache
def shipped_model() -> Model:
    """The one that comes with the program."""
    return shipped()


def load_model(version: str | None) -> Model:
    """The model, read and checked; None is the one that comes with the program. NotFound, ModelRefused."""
    if version is None:
        return shipped_model()
    with reading() as session:
        kept = session.get(TrainedModel, version)
    if kept is None:
        raise NotFound(f"There is no model {version}.")
    return loads(kept.content)


def changes_of(session: Session, limit: int = 50) -> Sequence[ModelChange]:
    """What was put in force, the newest first."""
    return session.scalars(select(ModelChange).order_by(ModelChange.id.desc()).limit(limit)).all()


def trained_models(session: Session, limit: int = 20) -> Sequence[TrainedModel]:
    """The models learned here, the newest first."""
    return session.scalars(select(TrainedModel).order_by(TrainedModel.made_at.desc()).limit(limit)).all()


def watch(session: Session, version: str | None, reason: str, actor: Actor) -> None:
    """Let a model be the challenger from now on, in the caller's transaction; None ends it."""
    _put(session, Role.CHALLENGER, version, reason, actor)


def promote(version: str, reason: str, actor: Actor) -> None:
    """Let the challenger decide. RuleBroken where it is not the challenger, or not better beyond doubt."""
    with transaction() as session:
        if roles_now(session).challenger != version:
            raise RuleBroken("not_challenger", f"Model {version} is not the challenger any more.")
        kept = session.get_one(TrainedModel, version)
        if not (kept.duel or {}).get("is_won"):
            raise RuleBroken(
                "not_better",
                "The challenger is not better beyond doubt on payments that it has not seen. Let it watch for longer,"
                " or learn anew when more labels have come.",
            )
        _put(session, Role.CHAMPION, version, reason, actor)
        _put(session, Role.CHALLENGER, None, reason, actor)


def roll_back(reason: str, actor: Actor) -> str | None:
    """Put the champion before this one in force again, and watch no challenger; RuleBroken where there is none."""
    with transaction() as session:
        champions = select(ModelChange.version).where(ModelChange.role == Role.CHAMPION)
        standing = list(session.scalars(champions.order_by(ModelChange.id)))
        if not standing:
            raise RuleBroken("nothing_before", "The model that comes with the program is the first; none was before.")
        now = standing[-1]
        before = next((version for version in reversed(standing[:-1]) if version != now), None)
        if before == now:
            raise RuleBroken("nothing_before", "No other model was champion before.")
        _put(session, Role.CHAMPION, before, reason, actor)
    return before


def _put(session: Session, role: Role, version: str | None, reason: str, actor: Actor) -> None:
    before = session.scalar(_newest(role))
    session.add(
        ModelChange(
            role=role,
            version=version,
            reason=reason[:500],
            actor_name=actor.name[:200],
            actor_id=actor.id,
            at=wall_now(),
        )
    )
    session.flush()
    audit.note(
        session,
        "model.changed",
        role.value,
        f"Risk model: {role.value} is {version or _NOBODY[role]}",
        actor,
        before={"version": before},
        after={"version": version},
        reason=reason,
    )


_NOBODY = {Role.CHAMPION: "the one that comes with the program", Role.CHALLENGER: "none"}
