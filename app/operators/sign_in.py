"""Signing in by a one-time link, the session that follows, and signing out."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from app.clock import wall_now
from app.db import insert_if_absent, reading, transaction
from app.errors import RuleBroken
from app.ids import new_id
from app.operators.models import Operator, OperatorSession, SignInLink, hash_of
from app.operators.roles import Permission, Role, may
from app.timeline import Actor

LINK_LIVES = timedelta(minutes=15)
IDLE_AT_MOST = timedelta(minutes=30)
SIGNED_IN_AT_MOST = timedelta(hours=12)
_NOTE_ACTIVITY_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class SignedIn:
    """The operator behind a request, as Flask-Login wants it; its id is the session's secret."""

    session_token: str
    operator: Operator

    is_active = True
    is_authenticated = True
    is_anonymous = False

    def get_id(self) -> str:
        return self.session_token

    @property
    def actor(self) -> Actor:
        return self.operator.actor

    @property
    def role(self) -> Role:
        return Role(self.operator.role)

    def may(self, permission: Permission) -> bool:
        """Whether the operator's role carries the permission."""
        return may(self.role, permission)


def create_sign_in_link(role: Role = Role.ADMIN) -> str:
    """The path of a new link, to be put after the dashboard's address: `/sign-in/link/…`."""
    token = secrets.token_urlsafe(32)
    now = wall_now()
    name = f"Local {role.value}"
    with transaction() as session:
        values = {"id": new_id("opr"), "name": name, "role": role, "created_at": now}
        insert_if_absent(session, Operator.__table__, values)
        operator_id = session.scalars(select(Operator.id).where(Operator.name == name)).one()
        session.add(
            SignInLink(token_hash=hash_of(token), operator_id=operator_id, created_at=now, expires_at=now + LINK_LIVES)
        )
    return f"/sign-in/link/{token}"


def link_works(token: str) -> bool:
    """Whether the link would sign somebody in now. Looking does not use it up."""
    with reading() as session:
        link = session.get(SignInLink, hash_of(token))
        return link is not None and link.used_at is None and link.expires_at > wall_now()


def use_sign_in_link(token: str) -> SignedIn:
    """Use the link up and begin a session; RuleBroken if it was used, or is too old, or never was."""
    now = wall_now()
    with transaction() as session:
        used = session.execute(
            update(SignInLink)
            .where(SignInLink.token_hash == hash_of(token), SignInLink.used_at.is_(None), SignInLink.expires_at > now)
            .values(used_at=now)
            .returning(SignInLink.operator_id)
        ).scalar_one_or_none()
        if used is None:
            raise RuleBroken(
                "link_used_up", "This sign-in link was used already, or is older than 15 minutes.", status=410
            )
        secret = secrets.token_urlsafe(32)
        session.add(OperatorSession(token_hash=hash_of(secret), operator_id=used, created_at=now, seen_at=now))
        return SignedIn(secret, session.get_one(Operator, used))


def signed_in(session_token: str, *, counts_as_activity: bool = True) -> SignedIn | None:
    """Who is signed in by this session, while it lasts."""
    now = wall_now()
    with reading() as session:
        standing = session.get(OperatorSession, hash_of(session_token))
    if standing is None or not _lasts(standing, now):
        return None
    if counts_as_activity and now - standing.seen_at > _NOTE_ACTIVITY_EVERY:
        with transaction() as session:
            mine = update(OperatorSession).where(OperatorSession.token_hash == standing.token_hash)
            session.execute(mine.values(seen_at=now))
    return SignedIn(session_token, standing.operator)


def _lasts(standing: OperatorSession, now: datetime) -> bool:
    if standing.ended_at is not None:
        return False
    return now - standing.seen_at <= IDLE_AT_MOST and now - standing.created_at <= SIGNED_IN_AT_MOST


def still_signed_in(token_hashes: Collection[str]) -> set[str]:
    """Which of these sessions, each named by the hash of its secret, last. Asking does not count as activity."""
    wanted = select(OperatorSession).where(OperatorSession.token_hash.in_(token_hashes))
    now = wall_now()
    with reading() as session:
        return {standing.token_hash for standing in session.scalars(wanted) if _lasts(standing, now)}


def sign_out(session_token: str) -> None:
    """End the session; its cookie is worth nothing from now on."""
    with transaction() as session:
        mine = update(OperatorSession).where(OperatorSession.token_hash == hash_of(session_token))
        session.execute(mine.values(ended_at=wall_now()))
