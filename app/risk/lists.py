"""Value lists that rules ask: who is blocked, who is trusted, until when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from app import audit
from app.clock import business_now, wall_now
from app.db import insert_if_absent, transaction
from app.errors import InvalidInput, NotFound, RuleBroken
from app.risk.models import ListEntry, ValueList
from app.timeline import Actor

MOST_AT_ONCE = 5000
_NOTED = 100
_NAME = re.compile(r"[a-z][a-z0-9_]{1,59}", re.ASCII)


def _in_force(now: datetime) -> list[ColumnElement[bool]]:
    return [ListEntry.removed_at.is_(None), or_(ListEntry.expires_at.is_(None), ListEntry.expires_at > now)]


class ListsNow:
    """The lists as they stand at a moment of the account's clock, asked value by value."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session, self._now = session, now

    def __contains__(self, name: object) -> bool:
        return self._session.get(ValueList, name) is not None

    def holds(self, name: str, text: str) -> bool:
        """Whether the text, in whatever letters, is on the list."""
        wanted = select(ListEntry.id).where(ListEntry.list_name == name, ListEntry.value == normal(text))
        return self._session.scalar(wanted.where(*_in_force(self._now)).limit(1)) is not None


class ListsAsTheyStand:
    """Some lists read once, for many questions at the same moment."""

    def __init__(self, session: Session, names: Iterable[str], now: datetime) -> None:
        wanted = select(ListEntry.list_name, ListEntry.value).where(ListEntry.list_name.in_(list(names)))
        self._values = {(row[0], row[1]) for row in session.execute(wanted.where(*_in_force(now)))}
        self._names = set(names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def holds(self, name: str, text: str) -> bool:
        """Whether the text, in whatever letters, was on the list."""
        return (name, normal(text)) in self._values


def normal(value: str) -> str:
    """A value as it is kept and compared: without blanks around it, in small letters."""
    return value.strip().lower()[:254]


def all_lists(session: Session) -> Sequence[tuple[ValueList, int]]:
    """Every list by name, and how many values are on it now."""
    now = business_now(session)
    count = select(func.count()).where(ListEntry.list_name == ValueList.name, *_in_force(now)).scalar_subquery()
    return [(row[0], row[1]) for row in session.execute(select(ValueList, count).order_by(ValueList.name))]


def find_list(session: Session, name: str) -> ValueList:
    """The list; NotFound."""
    found = session.get(ValueList, name)
    if found is None:
        raise NotFound(f"There is no list {name}.")
    return found


def entries_of(session: Session, name: str, limit: int = 200) -> Sequence[ListEntry]:
    """What is on a list now, the newest first."""
    wanted = select(ListEntry).where(ListEntry.list_name == name, *_in_force(business_now(session)))
    return session.scalars(wanted.order_by(ListEntry.id.desc()).limit(limit)).all()


def make_list(name: str, words: str) -> None:
    """Make an empty list; InvalidInput for a name that rules could not write, or that is taken."""
    if not _NAME.fullmatch(name):
        raise InvalidInput("/name", "invalid_name", "Write 2 to 60 small letters, digits and _, a letter first.")
    with transaction() as session:
        values = {"name": name, "words": words, "created_at": wall_now()}
        if not insert_if_absent(session, ValueList.__table__, values):
            raise InvalidInput("/name", "name_taken", f"There is a list {name} already.")


def put_on_list(name: str, values: Sequence[str], note: str, expires_at: datetime | None, actor: Actor) -> int:
    """Put values on a list; how many were not on it before. What stands on it takes the new note and expiry."""
    wanted = list(dict.fromkeys(filter(None, map(normal, values))))
    if not wanted:
        raise InvalidInput("/values", "required", "Write at least one value, each on a line of its own.")
    if len(wanted) > MOST_AT_ONCE:
        raise InvalidInput("/values", "too_many", f"At most {MOST_AT_ONCE} values at once.")
    with transaction() as session:
        find_list(session, name)
        now = business_now(session)
        if expires_at is not None and expires_at <= now:
            raise InvalidInput("/expires", "past", f"Choose a time after {now:%Y-%m-%d %H:%M} UTC, the account's now.")
        standing = select(ListEntry).where(
            ListEntry.list_name == name, ListEntry.value.in_(wanted), ListEntry.removed_at.is_(None)
        )
        known = {entry.value for entry in session.scalars(standing.where(*_in_force(now)))}
        _take_off(session, name, wanted, actor)
        for value in wanted:
            session.add(
                ListEntry(
                    list_name=name,
                    value=value,
                    note=note,
                    expires_at=expires_at,
                    actor_name=actor.name[:200],
                    added_at=wall_now(),
                )
            )
        audit.note(
            session,
            "risk_list.put",
            name,
            f"{len(wanted)} on @{name}",
            actor,
            after={"values": wanted[:_NOTED], "until": expires_at and f"{expires_at:%Y-%m-%d %H:%M} UTC"},
            reason=note,
        )
    return len(wanted) - len(known)


def take_off_list(name: str, value: str, actor: Actor) -> None:
    """Take a value off; RuleBroken if it is not on the list. The row stays, with who did it."""
    with transaction() as session:
        find_list(session, name)
        if not _take_off(session, name, [normal(value)], actor):
            raise RuleBroken("not_on_list", f"{value} is not on {name} any more.")
        audit.note(session, "risk_list.taken", name, f"{normal(value)} off @{name}", actor)


def _take_off(session: Session, name: str, values: Sequence[str], actor: Actor) -> int:
    standing = update(ListEntry).where(
        ListEntry.list_name == name, ListEntry.value.in_(values), ListEntry.removed_at.is_(None)
    )
    taken = session.execute(standing.values(removed_at=wall_now(), removed_by=actor.name[:200]).returning(ListEntry.id))
    return len(taken.all())
