"""API tokens: made once, shown once, stored hashed."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

from sqlalchemy import select

from app.clock import wall_now
from app.db import insert_if_absent, reading, transaction
from app.errors import InvalidInput, NotFound
from app.ids import new_id
from app.operators.models import ApiToken, hash_of
from app.operators.roles import Role

_NAME = re.compile(r"^[\w .@-]{1,100}$")


def create_api_token(name: str, role: Role = Role.OPERATOR) -> str:
    """A new token `cf_…`, shown by no one ever again. InvalidInput if the name is taken or cannot be one."""
    if not _NAME.match(name):
        raise InvalidInput("/name", "invalid_name", "Name it with 1 to 100 letters, digits, spaces or . @ _ -")
    token = f"cf_{secrets.token_urlsafe(32)}"
    values = {
        "id": new_id("key"),
        "name": name,
        "role": role,
        "token_hash": hash_of(token),
        "created_at": wall_now(),
    }
    with transaction() as session:
        if not insert_if_absent(session, ApiToken.__table__, values):
            raise InvalidInput(
                "/name", "name_taken", f"There is a token {name!r} already; revoke it or take another name."
            )
    return token


def list_api_tokens() -> Sequence[ApiToken]:
    """Every token that was made, newest first; `revoked_at` tells which still work."""
    with reading() as session:
        return session.scalars(select(ApiToken).order_by(ApiToken.created_at.desc())).all()


def revoke_api_token(name: str) -> None:
    """The token of that name works no more. NotFound."""
    with transaction() as session:
        token = session.scalars(select(ApiToken).where(ApiToken.name == name)).one_or_none()
        if token is None:
            raise NotFound(f"There is no token {name!r}.")
        token.revoked_at = token.revoked_at or wall_now()


def find_api_token(secret: str) -> ApiToken | None:
    """The token that this is, while it works."""
    with reading() as session:
        wanted = select(ApiToken).where(ApiToken.token_hash == hash_of(secret), ApiToken.revoked_at.is_(None))
        return session.scalars(wanted).one_or_none()
