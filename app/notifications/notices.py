"""Reading notices: who is told of which, what an operator has not read yet, and marking it read."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, insert, literal, or_, select
from sqlalchemy.orm import Session

from app.clock import wall_now
from app.db import insert_if_absent
from app.errors import NotFound
from app.lists import Page, Place, page_of
from app.notifications.models import Notice, NoticeRead
from app.notifications.operators import NoticeKind
from app.operators.models import Operator
from app.operators.roles import Permission

May = Callable[[Permission], bool]

_P = Permission
FOR: dict[NoticeKind, frozenset[Permission]] = {
    NoticeKind.MISMATCH: frozenset({_P.RECONCILE, _P.TAKE_PAYMENTS}),
    NoticeKind.UNKNOWN_OUTCOME: frozenset({_P.RECONCILE, _P.TAKE_PAYMENTS}),
    NoticeKind.HOLD_ENDING: frozenset({_P.TAKE_PAYMENTS}),
    NoticeKind.HOLD_LAPSED: frozenset({_P.TAKE_PAYMENTS}),
    NoticeKind.REFUND_FAILED: frozenset({_P.REFUND}),
    NoticeKind.DISPUTE_OPENED: frozenset({_P.DISPUTE}),
    NoticeKind.DISPUTE_DUE: frozenset({_P.DISPUTE}),
    NoticeKind.DISPUTE_CLOSED: frozenset({_P.DISPUTE}),
    NoticeKind.APPROVAL_ASKED: frozenset({_P.APPROVE}),
    NoticeKind.APPROVAL_DECIDED: frozenset({_P.REFUND, _P.PAY_OUT}),
    NoticeKind.REVIEW: frozenset({_P.REVIEW}),
    NoticeKind.OUTAGE: frozenset({_P.TAKE_PAYMENTS, _P.DEVELOP}),
    NoticeKind.RETRY_DUE: frozenset({_P.TAKE_PAYMENTS}),
    NoticeKind.DELIVERY_FAILED: frozenset({_P.TAKE_PAYMENTS, _P.DEVELOP}),
    NoticeKind.EVENT_FAILED: frozenset({_P.DEVELOP, _P.RECONCILE}),
    NoticeKind.JOB_DEAD: frozenset({_P.DEVELOP, _P.RECONCILE}),
    NoticeKind.CLOCK_SKEW: frozenset({_P.DEVELOP, _P.MANAGE}),
    NoticeKind.PAYOUT_FAILED: frozenset({_P.PAY_OUT, _P.RECONCILE}),
    NoticeKind.REPORT_MADE: frozenset({_P.READ}),
}
"""Who is told: whoever may act on it. One of the permissions is enough."""

COUNT_AT_MOST = 99
PER_PAGE = 25


@dataclass(frozen=True)
class Shown:
    """A notice, and whether this operator has read it."""

    notice: Notice
    is_read: bool


def kinds_for(may: May) -> list[NoticeKind]:
    """The kinds that somebody with these permissions is told of."""
    return [kind for kind, permissions in FOR.items() if any(may(one) for one in permissions)]


def _told(operator: Operator, kinds: Collection[NoticeKind]) -> list[ColumnElement[bool]]:
    """Notices of these kinds; what was before somebody's time, or is for another alone, is no news to them."""
    is_theirs = or_(Notice.operator_id.is_(None), Notice.operator_id == operator.id)
    return [Notice.kind.in_(kinds), Notice.recorded_at >= operator.created_at, is_theirs]


def _is_read(operator: Operator) -> ColumnElement[bool]:
    mine = select(NoticeRead.notice_id).where(NoticeRead.notice_id == Notice.id, NoticeRead.operator_id == operator.id)
    return mine.exists()


def count_unread(session: Session, operator: Operator, may: May) -> int:
    """How many there are to read, counted as far as one beyond COUNT_AT_MOST."""
    unread = select(Notice.id).where(*_told(operator, kinds_for(may)), ~_is_read(operator))
    some = unread.order_by(Notice.id.desc()).limit(COUNT_AT_MOST + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def notices_of(
    session: Session,
    operator: Operator,
    may: May,
    *,
    kind: NoticeKind | None = None,
    only_unread: bool = False,
    cursor: str | None = None,
) -> Page[Shown]:
    """One page, the newest first."""
    kinds = [one for one in kinds_for(may) if kind in (None, one)]
    rows = select(Notice).where(*_told(operator, kinds))
    if only_unread:
        rows = rows.where(~_is_read(operator))

    def place_of(notice: Notice) -> Place:
        return (notice.id, notice.subject_id)

    page = page_of(session, rows, Notice.id, Notice.subject_id, place_of, cursor=cursor, limit=PER_PAGE)
    ids = [notice.id for notice in page.items]
    mine = select(NoticeRead.notice_id).where(NoticeRead.operator_id == operator.id, NoticeRead.notice_id.in_(ids))
    read = set(session.scalars(mine))
    shown = [Shown(notice, notice.id in read) for notice in page.items]
    return Page(shown, page.next_cursor, page.previous_cursor)


def mark_read(session: Session, operator: Operator, may: May, notice_id: int) -> None:
    """This operator has read it. NotFound for one that they are not told of."""
    notice = session.get(Notice, notice_id)
    if notice is None or notice.kind not in kinds_for(may) or notice.operator_id not in (None, operator.id):
        raise NotFound("There is no such notice.")
    values = {"operator_id": operator.id, "notice_id": notice_id, "read_at": wall_now()}
    insert_if_absent(session, NoticeRead.__table__, values)


def mark_all_read(session: Session, operator: Operator, may: May) -> None:
    """This operator has read everything that there is now."""
    unread = select(literal(operator.id), Notice.id, literal(wall_now(), NoticeRead.read_at.type)).where(
        *_told(operator, kinds_for(may)), ~_is_read(operator)
    )
    session.execute(insert(NoticeRead).from_select(["operator_id", "notice_id", "read_at"], unread))
