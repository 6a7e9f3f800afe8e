"""Signing in by e-mail address and password, and by a code where the person has a second factor."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.actors import STRANGER
from app.clock import wall_now
from app.db import reading, transaction
from app.errors import RuleBroken
from app.operators import second_factor
from app.operators.limits import Whence, begin_try, forgive
from app.operators.models import Operator
from app.operators.passwords import hash_password, is_outdated, is_password
from app.operators.sign_in import SignedIn, begin_session

_CODE_ACCOUNT = "code:"
"""Tries at codes count for themselves: who is there already knows the password."""


@dataclass(frozen=True)
class NeedsCode:
    """The password was right; a code is still missing."""

    operator_id: str


def sign_in_by_password(email: str, password: str, whence: Whence) -> SignedIn | NeedsCode:
    """Begin a session. RuleBroken says the same whatever was wrong, and takes as long; 429 after too many tries."""
    account = email.strip().lower()
    with transaction() as session:
        tried = begin_try(session, account, whence)
    with reading() as session:
        operator = session.scalars(select(Operator).where(Operator.email == account)).one_or_none()
    kept = None if operator is None or operator.suspended_at is not None else operator.password_hash
    is_right = is_password(kept, password)  # asked also where there is nobody, so that it takes as long
    if operator is None or not is_right:
        _note_failure(operator, "password")
        raise RuleBroken("wrong_password", "The address or the password is wrong.", status=422)
    renewed = hash_password(password) if kept is not None and is_outdated(kept) else None
    with transaction() as session:
        forgive(session, tried)
        standing = _standing(session, operator.id)
        if renewed is not None:
            standing.password_hash = renewed
        if standing.has_second_factor:
            return NeedsCode(standing.id)
        return begin_session(session, standing, whence, "password")


def sign_in_by_code(operator_id: str, code: str, key: str, whence: Whence) -> SignedIn:
    """Begin a session with a code of the app, or a recovery code. RuleBroken if it is none, or was used."""
    with transaction() as session:
        tried = begin_try(session, _CODE_ACCOUNT + operator_id, whence)
    with transaction() as session:
        operator = _standing(session, operator_id)
        if _takes(session, operator, code, key):
            forgive(session, tried)
            return begin_session(session, operator, whence, "password and code")
    _note_failure(operator, "code")
    raise RuleBroken("wrong_code", "This is not the code of now, or it was used. Take the next one.", status=422)


def _takes(session: Session, operator: Operator, code: str, key: str) -> bool:
    if not operator.has_second_factor:
        return False
    if second_factor.take_code(session, operator, key, code):
        return True
    return second_factor.take_recovery_code(session, operator.id, code, wall_now())


def _standing(session: Session, operator_id: str) -> Operator:
    operator = session.get(Operator, operator_id)
    if operator is None or operator.suspended_at is not None:
        raise RuleBroken("wrong_password", "The address or the password is wrong.", status=422)
    return operator


def _note_failure(operator: Operator | None, what: str) -> None:
    """Written for nobody's account too, so that it takes as long. What was typed for an address is kept nowhere: it may
    have been a password."""
    whose = "an address that nobody has" if operator is None else operator.name
    about = "nobody" if operator is None else operator.id
    with transaction() as session:
        audit.note(session, "sign_in.failed", about, f"A wrong {what} was tried for {whose}", STRANGER)
