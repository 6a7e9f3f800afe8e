"""One's own account: the password, the second factor, the sessions."""

from __future__ import annotations

from sqlalchemy import select

from app import audit
from app.clock import wall_now
from app.db import reading, transaction
from app.errors import InvalidInput, NotFound, RuleBroken
from app.operators import second_factor
from app.operators.limits import Whence, begin_try, forgive
from app.operators.models import Operator, OperatorSession, Purpose, hash_of
from app.operators.passwords import check_new_password, hash_password, is_password
from app.operators.sign_in import SignedIn, end_sessions, holder_of, use_link

_LINK_GONE = "This link was used already, or is older than 3 days. Ask an admin for a new one."


def set_password_by_link(token: str, password: str) -> Operator:
    """Set the password that an invitation asks for, which ends every session. RuleBroken, InvalidInput."""
    holder = holder_of(token, Purpose.PASSWORD)
    if holder is None:
        raise RuleBroken("link_used_up", _LINK_GONE, status=410)
    check_new_password(password, holder)
    kept = hash_password(password)
    with transaction() as session:
        operator = use_link(session, token, Purpose.PASSWORD)
        if operator is None:
            raise RuleBroken("link_used_up", _LINK_GONE, status=410)
        operator.password_hash, operator.password_set_at = kept, wall_now()
        end_sessions(session, operator.id)
        audit.note(session, "account.password", operator.id, "Password set by a link", operator.actor)
        return operator


def change_password(me: SignedIn, current: str, new: str, whence: Whence) -> None:
    """Change it, which takes the current one and ends every other session. RuleBroken, InvalidInput."""
    operator = me.operator
    check_new_password(new, operator)
    with transaction() as session:
        tried = begin_try(session, operator.email or operator.id, whence)
    if not is_password(operator.password_hash, current):
        raise InvalidInput("/current", "wrong_password", "This is not your password.")
    kept = hash_password(new)
    with transaction() as session:
        forgive(session, tried)
        mine = session.get_one(Operator, operator.id, with_for_update=True)
        mine.password_hash, mine.password_set_at = kept, wall_now()
        end_sessions(session, mine.id, but=me.session_token)
        audit.note(session, "account.password", mine.id, "Password changed", mine.actor)


def begin_second_factor(operator_id: str) -> None:
    """Make a secret for an authenticator app; it counts once a code of it was given."""
    with transaction() as session:
        operator = session.get_one(Operator, operator_id, with_for_update=True)
        if operator.has_second_factor:
            raise RuleBroken("has_second_factor", "You have a second factor already: take it away first.")
        if operator.password_hash is None:
            raise RuleBroken("no_password", "A second factor goes with a password, and you come by links.")
        operator.totp_seed = second_factor.new_seed()


def confirm_second_factor(me: SignedIn, code: str, key: str, whence: Whence) -> list[str]:
    """The app gives the right codes: from now on one is asked for. Returns the recovery codes, this once."""
    with transaction() as session:
        tried = begin_try(session, f"code:{me.operator.id}", whence)
    with transaction() as session:
        operator = session.get_one(Operator, me.operator.id, with_for_update=True)
        if operator.totp_seed is None or operator.has_second_factor:
            raise RuleBroken("not_begun", "Begin again at your account's page.")
        if not second_factor.take_code(session, operator, key, code):
            raise InvalidInput("/code", "wrong_code", "This is not the code of now. Take the next one.")
        forgive(session, tried)
        operator.totp_confirmed_at = wall_now()
        end_sessions(session, operator.id, but=me.session_token)
        audit.note(session, "account.totp", operator.id, "Second factor set up", operator.actor)
        return second_factor.new_recovery_codes(session, operator.id)


def renew_recovery_codes(me: SignedIn, password: str, whence: Whence) -> list[str]:
    """Other recovery codes in place of those that stand, which takes the password. InvalidInput, RuleBroken."""
    with transaction() as session:
        tried = begin_try(session, me.operator.email or me.operator.id, whence)
    if not is_password(me.operator.password_hash, password):
        raise InvalidInput("/password", "wrong_password", "This is not your password.")
    with transaction() as session:
        forgive(session, tried)
        operator = session.get_one(Operator, me.operator.id, with_for_update=True)
        if not operator.has_second_factor:
            raise RuleBroken("no_second_factor", "Recovery codes stand in for an app, and none is set up.")
        audit.note(session, "account.totp", operator.id, "Recovery codes made anew", operator.actor)
        return second_factor.new_recovery_codes(session, operator.id)


def remove_second_factor(me: SignedIn, password: str, whence: Whence) -> None:
    """Take it away, which takes the password. InvalidInput."""
    with transaction() as session:
        tried = begin_try(session, me.operator.email or me.operator.id, whence)
    if not is_password(me.operator.password_hash, password):
        raise InvalidInput("/password", "wrong_password", "This is not your password.")
    with transaction() as session:
        forgive(session, tried)
        operator = session.get_one(Operator, me.operator.id, with_for_update=True)
        second_factor.forget(session, operator)
        audit.note(session, "account.totp", operator.id, "Second factor taken away", operator.actor)


def end_session(me: SignedIn, session_id: str) -> None:
    """End one of one's own sessions. NotFound for anybody else's."""
    with transaction() as session:
        mine = select(OperatorSession).where(
            OperatorSession.id == session_id, OperatorSession.operator_id == me.operator.id
        )
        found = session.scalars(mine).one_or_none()
        if found is None:
            raise NotFound("You have no such session.")
        found.ended_at = found.ended_at or wall_now()
        audit.note(session, "session.ended", session_id, "Ended an own session", me.actor)


def end_other_sessions(me: SignedIn) -> int:
    """End all of one's own sessions but this one."""
    with transaction() as session:
        count = end_sessions(session, me.operator.id, but=me.session_token)
        audit.note(session, "session.ended", me.operator.id, f"Ended {count} other sessions", me.actor)
        return count


def is_this(me: SignedIn, standing: OperatorSession) -> bool:
    """Whether it is the session that asks."""
    return standing.token_hash == hash_of(me.session_token)


def codes_left(operator_id: str) -> int:
    """How many recovery codes can still be used."""
    with reading() as session:
        return second_factor.recovery_codes_left(session, operator_id)
