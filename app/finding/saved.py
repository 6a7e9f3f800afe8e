"""Saved views: keep a list's filter under a name, call it something else, take it away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.clock import wall_now
from app.db import transaction
from app.errors import InvalidInput, NotFound, RuleBroken
from app.finding.models import SavedView
from app.ids import new_id

NAME_AT_MOST = 40
QUERY_AT_MOST = 2000
VIEWS_AT_MOST = 20
_NOT_KEPT = ("cursor", "format", "csrf_token")


@dataclass(frozen=True)
class View:
    """A tab above a list. Those that come with the desk have no id, and nobody takes them away."""

    name: str
    query: str
    id: str | None = None
    is_team: bool = True

    @property
    def args(self) -> MultiDict[str, str]:
        """The query, read."""
        return MultiDict(parse_qsl(self.query))


def plain_query(query: str) -> str:
    """The query in one order, without what is of one page only: so that the same filter is the same text."""
    return urlencode(sorted((name, value) for name, value in parse_qsl(query) if name not in _NOT_KEPT and value))


def views_of(session: Session, name: str, operator_id: str) -> Sequence[SavedView]:
    """What everybody's and this operator's views of the list are, the oldest first."""
    mine = or_(SavedView.operator_id.is_(None), SavedView.operator_id == operator_id)
    rows = select(SavedView).where(SavedView.list == name, mine)
    return session.scalars(rows.order_by(SavedView.created_at, SavedView.id).limit(2 * VIEWS_AT_MOST)).all()


def save_view(list_name: str, name: str, query: str, operator_id: str, *, for_team: bool) -> SavedView:
    """Keep the filter; a name that is taken gets the new filter instead of a second tab. InvalidInput, RuleBroken."""
    kept, query = _checked(name), plain_query(query)
    if not query:
        raise InvalidInput("/query", "required", "Set a filter first: a view without one is the whole list.")
    if len(query) > QUERY_AT_MOST:
        raise InvalidInput("/query", "too_long", f"The filter is longer than {QUERY_AT_MOST} characters.")
    owner = None if for_team else operator_id
    with transaction() as session:
        same_owner = [view for view in views_of(session, list_name, operator_id) if view.operator_id == owner]
        view = next((view for view in same_owner if view.name.lower() == kept.lower()), None)
        if view is None:
            if len(same_owner) >= VIEWS_AT_MOST:
                raise RuleBroken("too_many_views", f"There are {VIEWS_AT_MOST} views already: take one away first.")
            view = SavedView(id=new_id("vw"), list=list_name, operator_id=owner, created_at=wall_now())
            session.add(view)
        view.name, view.query = kept, query
        return view


def rename_view(view_id: str, name: str, operator_id: str, *, may_share: bool) -> SavedView:
    """Call it something else. NotFound for another operator's, RuleBroken for everybody's without the right."""
    with transaction() as session:
        view = _mine(session, view_id, operator_id, may_share=may_share)
        view.name = _checked(name)
        return view


def remove_view(view_id: str, operator_id: str, *, may_share: bool) -> SavedView:
    """Take it away. NotFound for another operator's, RuleBroken for everybody's without the right."""
    with transaction() as session:
        view = _mine(session, view_id, operator_id, may_share=may_share)
        session.delete(view)
        return view


def _mine(session: Session, view_id: str, operator_id: str, *, may_share: bool) -> SavedView:
    view = session.get(SavedView, view_id)
    if view is None or view.operator_id not in (None, operator_id):
        raise NotFound(f"There is no saved view {view_id}.")
    if view.operator_id is None and not may_share:
        raise RuleBroken("not_yours", "This view is everybody's: ask somebody who may change it.", status=403)
    return view


def _checked(name: str) -> str:
    kept = " ".join(name.split())
    if not 1 <= len(kept) <= NAME_AT_MOST or not kept.isprintable():
        raise InvalidInput("/name", "invalid_name", f"Give the view a name of 1 to {NAME_AT_MOST} characters.")
    return kept
