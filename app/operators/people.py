"""Who works here: invite, change the role, suspend, give a new start. Each act is in the audit log, with its reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.clock import wall_now
from app.db import insert_if_absent, reading, transaction
from app.errors import InvalidInput, NotFound, RuleBroken
from app.ids import new_id
from app.operators import second_factor
from app.operators.models import Operator, Purpose
from app.operators.roles import Role
from app.operators.sign_in import end_sessions, new_link
from app.timeline import Actor

INVITATION_LIVES = timedelta(days=3)
_EMAIL = re.compile(r"^[^@\s]{1,64}@[^@\s]{1,189}$")
_LOCAL = re.compile(r"^local\b", re.IGNORECASE)


def list_operators() -> Sequence[Operator]:
    """Everybody, by name."""
    with reading() as session:
        return session.scalars(select(Operator).order_by(Operator.name)).all()


def get_operator(operator_id: str) -> Operator:
    """One of them; NotFound."""
    with reading() as session:
        return _found(session.get(Operator, operator_id), operator_id)


def invite_operator(name: str, email: str, role: Role, actor: Actor) -> tuple[Operator, str]:
    """A new operator, and the path of the link by which they set their password. InvalidInput."""
    name, email = " ".join(name.split()), email.strip().lower()
    if not 1 <= len(name) <= 100 or not name.isprintable() or _LOCAL.match(name):
        raise InvalidInput("/name", "invalid_name", "Write their name, of at most 100 characters; not Local something.")
    if not _EMAIL.match(email) or not email.isprintable():
        raise InvalidInput("/email", "invalid_email", "Write an e-mail address, like ann@example.com.")
    with transaction() as session:
        values = {
            "id": new_id("opr"),
            "name": name,
            "email": email,
            "role": role,
            "is_local": False,
            "created_at": wall_now(),
        }
        if not insert_if_absent(session, Operator.__table__, values):
            taken = session.scalar(select(Operator.id).where(Operator.email == email))
            where = "/email" if taken else "/name"
            raise InvalidInput(where, "taken", "Somebody has this already. Take another, or change that operator.")
        operator = session.get_one(Operator, values["id"])
        said = f"Invited {name} as {role.value}"
        audit.note(session, "operator.invited", operator.id, said, actor, after={"role": role, "email": email})
        return operator, _password_path(session, operator)


def renew_password_link(operator_id: str, reason: str, actor: Actor) -> tuple[Operator, str]:
    """A new link by which they set a password; the old one stands until then."""
    with transaction() as session:
        operator = _changeable(session, operator_id, actor)
        said = f"New password link for {operator.name}"
        audit.note(session, "operator.password_link", operator.id, said, actor, reason=_why(reason))
        return operator, _password_path(session, operator)


def change_role(operator_id: str, role: Role, reason: str, actor: Actor) -> Operator:
    """Give another role from now on; they sign in anew. RuleBroken for oneself and for the last admin."""
    with transaction() as session:
        operator = _changeable(session, operator_id, actor)
        before = Role(operator.role)
        if before is role:
            return operator
        _check_not_last_admin(session, operator)
        operator.role = role
        end_sessions(session, operator.id)
        audit.note(
            session,
            "operator.role",
            operator.id,
            f"{operator.name}: from {before.value} to {role.value}",
            actor,
            before={"role": before},
            after={"role": role},
            reason=_why(reason),
        )
        return operator


def suspend_operator(operator_id: str, reason: str, actor: Actor) -> Operator:
    """Let them in no more, and end their sessions. RuleBroken for oneself and for the last admin."""
    with transaction() as session:
        operator = _changeable(session, operator_id, actor)
        if operator.suspended_at is None:
            _check_not_last_admin(session, operator)
            operator.suspended_at = wall_now()
            end_sessions(session, operator.id)
            said = f"Suspended {operator.name}"
            audit.note(session, "operator.suspended", operator.id, said, actor, reason=_why(reason))
        return operator


def reinstate_operator(operator_id: str, reason: str, actor: Actor) -> Operator:
    """Let them in again."""
    with transaction() as session:
        operator = _changeable(session, operator_id, actor)
        if operator.suspended_at is not None:
            operator.suspended_at = None
            said = f"Reinstated {operator.name}"
            audit.note(session, "operator.reinstated", operator.id, said, actor, reason=_why(reason))
        return operator


def reset_second_factor(operator_id: str, reason: str, actor: Actor) -> Operator:
    """Take their second factor away, as when the phone is gone with the recovery codes; they sign in anew."""
    with transaction() as session:
        operator = _changeable(session, operator_id, actor)
        second_factor.forget(session, operator)
        end_sessions(session, operator.id)
        said = f"Second factor of {operator.name} reset"
        audit.note(session, "operator.reset", operator.id, said, actor, reason=_why(reason))
        return operator


def _found(operator: Operator | None, operator_id: str) -> Operator:
    if operator is None:
        raise NotFound(f"There is no operator {operator_id}.")
    return operator


def _changeable(session: Session, operator_id: str, actor: Actor) -> Operator:
    operator = _found(session.get(Operator, operator_id, with_for_update=True), operator_id)
    if operator.id == actor.id:
        raise RuleBroken("own_account", "Nobody changes what they may do themselves: ask another admin.", status=403)
    if operator.is_local:
        raise RuleBroken(
            "local_operator", f"{operator.name} stands for whoever has the terminal; it stays as it is.", status=409
        )
    return operator


def _check_not_last_admin(session: Session, operator: Operator) -> None:
    """All admins are locked, in one order, so that two do not take each other away at once."""
    if operator.role != Role.ADMIN:
        return
    admins = select(Operator).where(Operator.role == Role.ADMIN, Operator.suspended_at.is_(None))
    standing = session.scalars(admins.order_by(Operator.id).with_for_update()).all()
    if [one.id for one in standing] == [operator.id]:
        raise RuleBroken("last_admin", f"{operator.name} is the last admin: make somebody else one first.")


def _password_path(session: Session, operator: Operator) -> str:
    return f"/sign-in/password/{new_link(session, operator, Purpose.PASSWORD, INVITATION_LIVES)}"


def _why(reason: str) -> str:
    if not reason.strip():
        raise InvalidInput("/reason", "required", "Write why, like Moved to finance.")
    return reason.strip()
