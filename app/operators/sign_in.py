"""Links that let somebody in once, the session that follows, and signing out."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import audit
from app.clock import wall_now
from app.db import insert_if_absent, reading, transaction
from app.errors import RuleBroken
from app.ids import new_id
from app.operators.limits import Whence
from app.operators.models import Operator, OperatorSession, Purpose, SignInLink, hash_of
from app.operators.roles import Permission, Role, may
from app.timeline import Actor, ActorKind

LINK_LIVES = timedelta(minutes=15)
IDLE_AT_MOST = timedelta(minutes=30)
SIGNED_IN_AT_MOST = timedelta(hours=12)
_NOTE_ACTIVITY_EVERY = timedelta(minutes=1)
_TERMINAL = Actor(ActorKind.TERMINAL, "counterfoil sign-in-link")


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
    """The path of a new link, to be put after the dashboard's address: `/sign-in/link/…`.

    It is for whoever holds the terminal, by a role of their choice, and the way in where every other is shut.
    """
    name = f"Local {role.value}"
    with transaction() as session:
        values = {"id": new_id("opr"), "name": name, "role": role, "is_local": True, "created_at": wall_now()}
        insert_if_absent(session, Operator.__table__, values)
        operator = session.scalars(select(Operator).where(Operator.name == name)).one()
        audit.note(session, "link.made", operator.id, f"Sign-in link made for {name}", _TERMINAL)
        return f"/sign-in/link/{new_link(session, operator, Purpose.SIGN_IN, LINK_LIVES)}"


def new_link(session: Session, operator: Operator, purpose: Purpose, lives: timedelta) -> str:
    """A secret that does this once for this operator, in place of any earlier one that was not used."""
    token, now = secrets.token_urlsafe(32), wall_now()
    if purpose is Purpose.PASSWORD:
        older = update(SignInLink).where(
            SignInLink.operator_id == operator.id, SignInLink.purpose == purpose, SignInLink.used_at.is_(None)
        )
        session.execute(older.values(used_at=now))
    session.add(
        SignInLink(
            token_hash=hash_of(token), purpose=purpose, operator_id=operator.id, created_at=now, expires_at=now + lives
        )
    )
    return token


def holder_of(token: str, purpose: Purpose) -> Operator | None:
    """Whom the link would let in now. Looking does not use it up."""
    with reading() as session:
        link = session.get(SignInLink, hash_of(token))
        if link is None or link.purpose != purpose or link.used_at is not None or link.expires_at <= wall_now():
            return None
        return session.get_one(Operator, link.operator_id)


def use_link(session: Session, token: str, purpose: Purpose) -> Operator | None:
    """Use the link up; None if it was used, or is too old, or never was."""
    now = wall_now()
    used = session.execute(
        update(SignInLink)
        .where(
            SignInLink.token_hash == hash_of(token),
            SignInLink.purpose == purpose,
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(SignInLink.operator_id)
    ).scalar_one_or_none()
    return None if used is None else session.get_one(Operator, used)


def use_sign_in_link(token: str, whence: Whence) -> SignedIn:
    """Use the link up and begin a session; RuleBroken if it does not work any more."""
    with transaction() as session:
        operator = use_link(session, token, Purpose.SIGN_IN)
        if operator is None:
            raise RuleBroken(
                "link_used_up", "This sign-in link was used already, or is older than 15 minutes.", status=410
            )
        return begin_session(session, operator, whence, "link")


def begin_session(session: Session, operator: Operator, whence: Whence, how: str) -> SignedIn:
    """A new session with a secret of its own, whatever the browser had before."""
    secret, now = secrets.token_urlsafe(32), wall_now()
    session.add(
        OperatorSession(
            token_hash=hash_of(secret),
            id=new_id("ses"),
            operator_id=operator.id,
            created_at=now,
            seen_at=now,
            address=whence.address[:60],
            agent=whence.agent[:300],
            how=how,
        )
    )
    audit.note(session, "sign_in", operator.id, f"Signed in by {how}", operator.actor, after={"role": operator.role})
    return SignedIn(secret, operator)


def signed_in(session_token: str, *, counts_as_activity: bool = True) -> SignedIn | None:
    """Who is signed in by this session, while it lasts."""
    now = wall_now()
    with reading() as session:
        standing = session.get(OperatorSession, hash_of(session_token))
    if standing is None or standing.operator.suspended_at is not None or not _lasts(standing, now):
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
        found = [one for one in session.scalars(wanted) if one.operator.suspended_at is None]
        return {standing.token_hash for standing in found if _lasts(standing, now)}


def sign_out(session_token: str) -> None:
    """End the session; its cookie is worth nothing from now on."""
    with transaction() as session:
        standing = session.get(OperatorSession, hash_of(session_token))
        if standing is not None and standing.ended_at is None:
            standing.ended_at = wall_now()
            operator = standing.operator
            audit.note(session, "sign_out", operator.id, "Signed out", operator.actor)


def standing_sessions(session: Session, operator_id: str) -> list[OperatorSession]:
    """The sessions of an operator that last, the newest first."""
    wanted = select(OperatorSession).where(
        OperatorSession.operator_id == operator_id,
        OperatorSession.ended_at.is_(None),
        OperatorSession.created_at > wall_now() - SIGNED_IN_AT_MOST,
    )
    now = wall_now()
    return [one for one in session.scalars(wanted.order_by(OperatorSession.created_at.desc())) if _lasts(one, now)]


def end_sessions(session: Session, operator_id: str, *, but: str | None = None) -> int:
    """End an operator's sessions, all or all but the one with this secret; returns how many."""
    mine = update(OperatorSession).where(
        OperatorSession.operator_id == operator_id,
        OperatorSession.ended_at.is_(None),
        OperatorSession.token_hash != (hash_of(but) if but else ""),
    )
    return len(session.execute(mine.values(ended_at=wall_now()).returning(OperatorSession.token_hash)).all())
