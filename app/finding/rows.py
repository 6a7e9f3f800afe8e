"""The rows of a list: which match, a page of them, how many there are. Orders and payments are read alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.interfaces import ORMOption

from app.finding.match import Dated, branches
from app.finding.wanted import COUNT_AT_MOST, Sort, Wanted
from app.lists import Page, Place, page_of

T = TypeVar("T", bound=Dated)


@dataclass(frozen=True)
class Rows(Generic[T]):
    """What a list is made of. `matching` gives the rows that fulfill a filter, in no order yet."""

    table: type[T]
    matching: Callable[[Session, Wanted], Select[T]]
    loading: tuple[ORMOption, ...] = ()
    """What is read along with the rows that are shown."""

    def page(
        self, session: Session, wanted: Wanted, cursor: str | None = None, limit: int = 20, sort: Sort = Sort.NEWEST
    ) -> Page[T]:
        """One page of what matches, newest first. InvalidInput (`/cursor`) for a cursor that is none."""

        def place_of(row: T) -> Place:
            return (getattr(row, _key_of(sort)), row.id)

        return page_of(
            session,
            self.matching(session, wanted),
            self._key(sort),
            self.table.id,
            place_of,
            cursor=cursor,
            limit=limit,
            ascending=sort.ascending,
            branches=branches(self.table, wanted) if sort.by_time else (),
            loading=self.loading,
        )

    def all(self, session: Session, wanted: Wanted, sort: Sort) -> Select[T]:
        """Everything that matches, in the list's order."""
        key, row_id = self._key(sort), self.table.id
        order = (key.asc(), row_id.asc()) if sort.ascending else (key.desc(), row_id.desc())
        return self.matching(session, wanted).order_by(*order).options(*self.loading)

    def count(self, session: Session, wanted: Wanted, at_most: int = COUNT_AT_MOST) -> int:
        """How many match, counted as far as one beyond `at_most`."""
        some = self.matching(session, wanted).with_only_columns(self.table.id).limit(at_most + 1).subquery()
        return session.scalar(select(func.count()).select_from(some)) or 0

    def _key(self, sort: Sort) -> Any:
        return getattr(self.table, _key_of(sort))


def _key_of(sort: Sort) -> str:
    """The column that a list is sorted by; only what has amounts, or a queue, is sorted by them."""
    if sort is Sort.PRESSING:
        return "queue_place"
    return "amount_minor" if sort.by_amount else "created_at"
