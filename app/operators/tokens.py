"""API tokens: made once, shown once, stored hashed."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.clock import wall_now
from app.db import insert_if_absent, reading, transaction
from app.errors import InvalidInput, NotFound, RuleBroken
from app.ids import new_id
from app.operators.models import ApiToken, Operator, hash_of
from app.operators.roles import ALLOWED, Role
from app.timeline import Actor, ActorKind

_NAME = re.compile(r"^[\w .@-]{1,100}$")


_TERMINAL = Actor(ActorKind.TERMINAL, "counterfoil api-token")


def create_api_token(name: str, role: Role = Role.OPERATOR, maker: Operator | None = None) -> str:
    """A new token `cf_…`, shown by no one ever again. InvalidInput if the name is taken or cannot be one.

    Made by an operator (and not at the terminal) it can do no more than its maker, who is the one behind it.
    """
    if not _NAME.match(name):
        raise InvalidInput("/name", "invalid_name", "Name it with 1 to 100 letters, digits, spaces or . @ _ -")
    token = f"cf_{secrets.token_urlsafe(32)}"
    values = {
        "id": new_id("key"),
        "name": name,
        "role": role,
        "token_hash": hash_of(token),
        "created_at": wall_now(),
        "owner_id": None if maker is None else maker.id,
    }
    if maker is not None and not is_within(role, maker):
        raise InvalidInput(
            "/role", "more_than_yours", f"A token of yours can do no more than you: not as {role.value}."
        )
    with transaction() as session:
        if not insert_if_absent(session, ApiToken.__table__, values):
            raise InvalidInput(
                "/name", "name_taken", f"There is a token {name!r} already; revoke it or take another name."
            )
        who = _TERMINAL if maker is None else maker.actor
        audit.note(session, "token.created", str(values["id"]), f"API token {name} made", who, after={"role": role})
    return token


def list_api_tokens() -> Sequence[ApiToken]:
    """Every token that was made, newest first; `revoked_at` tells which still work."""
    with reading() as session:
        return session.scalars(select(ApiToken).order_by(ApiToken.created_at.desc())).all()


def revoke_api_token(name: str, actor: Actor = _TERMINAL) -> None:
    """The token of that name works no more. NotFound."""
    with transaction() as session:
        token = session.scalars(select(ApiToken).where(ApiToken.name == name)).one_or_none()
        if token is None:
            raise NotFound(f"There is no token {name!r}.")
        if token.revoked_at is None:
            token.revoked_at = wall_now()
            audit.note(session, "token.revoked", token.id, f"API token {name} revoked", actor)


def revoke_as_operator(token_id: str, operator: Operator) -> ApiToken:
    """Have it work no more. NotFound; RuleBroken for one that may do more than the operator."""
    with transaction() as session:
        token = session.get(ApiToken, token_id, with_for_update=True)
        if token is None:
            raise NotFound(f"There is no token {token_id}.")
        if not is_within(Role(token.role), operator):
            said = f"{token.name} may do more than you: somebody who may as much revokes it."
            raise RuleBroken("more_than_yours", said, status=403)
        if token.revoked_at is None:
            token.revoked_at = wall_now()
            audit.note(session, "token.revoked", token.id, f"API token {token.name} revoked", operator.actor)
        return token


def is_within(role: Role, operator: Operator) -> bool:
    """Whether the operator's own role carries all that this one does."""
    return ALLOWED[role] <= ALLOWED[Role(operator.role)]


def find_api_token(secret: str) -> ApiToken | None:
    """The token that this is, while it works."""
    with reading() as session:
        wanted = select(ApiToken).where(ApiToken.token_hash == hash_of(secret), ApiToken.revoked_at.is_(None))
        token = session.scalars(wanted).one_or_none()
        if token is None or token.owner_id is None:
            return token
        return token if hindrance_of(token, session.get(Operator, token.owner_id)) is None else None


def hindrance_of(token: ApiToken, owner: Operator | None) -> str | None:
    """Why a token works no more although nobody revoked it: it stands and falls with its owner, if it has one."""
    if token.owner_id is None:
        return None
    if owner is None or owner.suspended_at is not None:
        return "Its owner is suspended"
    return None if is_within(Role(token.role), owner) else "May do more than its owner"


def person_behind(session: Session, actor: Actor) -> str | None:
    """The id of the operator who acts, also by an API token of theirs; None where that is nobody of the staff."""
    if actor.kind == ActorKind.OPERATOR:
        return actor.id
    token = None if actor.id is None else session.get(ApiToken, actor.id)
    return None if token is None else token.owner_id
