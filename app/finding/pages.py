"""What the pages of all lists share: the form out of the address, the rows, the tabs, the columns that are kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from flask import Response, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from app import audit
from app.db import reading, transaction
from app.filters import account_now
from app.finding.columns import Column, chosen
from app.finding.export import csv_of
from app.finding.form import FilterForm
from app.finding.match import Dated
from app.finding.rows import Rows
from app.finding.saved import View, plain_query, views_of
from app.finding.terms import WrongTerm, has_terms, read_terms
from app.finding.wanted import COUNT_AT_MOST
from app.finding.widths import Widths, read_widths
from app.lists import Page
from app.operators.roles import Permission
from app.security import actor

ROWS_PER_PAGE = 25
TAB_COUNTS_TO = 99
KEEP_COLUMNS_SECONDS = 365 * 24 * 3600
ID = re.compile(r"^(ord|pay|apr|cap|re|dp|evt|att|req|cus)_[0-9A-Za-z]{10,64}$", re.ASCII)
"""What is looked up rather than searched for."""

T = TypeVar("T", bound=Dated)


@dataclass(frozen=True)
class Tab:
    """A saved view above the list: its arguments, how many rows it has, and whether it is the one that is shown."""

    view: View
    args: dict[str, list[str]]
    count: int
    is_here: bool

    @property
    def count_words(self) -> str:
        return f"{TAB_COUNTS_TO}+" if self.count > TAB_COUNTS_TO else str(self.count)


@dataclass(frozen=True)
class Listing:
    """A list's page: its filter, its rows, how many there are, and what stands around them."""

    form: FilterForm
    page: Page[Any]
    count: int
    columns: Sequence[Column[Any]]
    all_columns: Sequence[Column[Any]]
    widths: Widths

    @property
    def is_valid(self) -> bool:
        return not self.form.errors

    @property
    def query(self) -> str:
        """The filter as a saved view keeps it."""
        return plain_query(urlencode(self.form.args(), doseq=True))


def cookie_of(name: str) -> str:
    """The cookie that keeps which columns of a list are shown."""
    return f"counterfoil_columns_{name}"


def widths_cookie_of(name: str) -> str:
    """The cookie that keeps how wide the columns of a list are."""
    return f"counterfoil_widths_{name}"


def columns_of(name: str, columns: Sequence[Column[Any]]) -> list[Column[Any]]:
    """The columns that this browser wants to see."""
    return chosen(columns, request.cookies.get(cookie_of(name)))


def terms_of(form: FilterForm) -> dict[str, list[str]] | None:
    """The address's arguments with the search box's terms made filters; None where there are only plain words.

    What cannot be understood is told beside the field.
    """
    text = form.q.data or ""
    if not has_terms(text):
        return None
    try:
        found = read_terms(text)
    except WrongTerm as wrong:
        form.q.errors = [*form.q.errors, str(wrong)]
        return None
    here = next((name for name, _ in found if name not in form), None)
    if here is not None:
        form.q.errors = [*form.q.errors, f"This list cannot be asked for {here}:. Take it away, or search elsewhere."]
        return None
    args = form.args(q=None)
    for name in {name for name, _ in found}:
        args.pop(name, None)
    for name, value in found:
        args.setdefault(name, []).append(value)
    return args


def tabs_of(
    session: Session,
    name: str,
    kind: type[FilterForm],
    built_in: Sequence[View],
    here: str,
    rows: Rows[Any],
    now: datetime,
) -> list[Tab]:
    """The desk's own views, everybody's and the operator's, each with its count; but for what can no longer be read."""
    operator = current_user.operator
    kept = [
        View(view.name, view.query, view.id, view.operator_id is None) for view in views_of(session, name, operator.id)
    ]
    found = []
    for view in [*built_in, *kept]:
        form = kind(view.args, now)
        if form.validate():
            number = rows.count(session, form.wanted(), TAB_COUNTS_TO)
            is_here = plain_query(view.query) == here
            found.append(Tab(view, form.args(), number, is_here))
    return found


@dataclass(frozen=True)
class List(Generic[T]):
    """One list of the desk: what it is called, how its rows are found, and what is shown of them.

    `noun` is what one row is, `searched` what the search box says it looks for.
    """

    name: str
    noun: str
    searched: str
    endpoint: str
    form: type[FilterForm]
    built_in: Sequence[View]
    columns: Sequence[Column[T]]
    exported: Sequence[Column[T]]
    rows: Rows[T]
    title: str = ""
    """The page's heading, where the name alone is none."""
    may_choose: bool = False
    """Whether rows have a box, for doing something with several at once."""
    chosen_by: Permission = Permission.TAKE_PAYMENTS
    """What one needs to be allowed for that."""
    chosen_while: tuple[str, ...] = ()
    """Only rows of these statuses have a box; all have one where none is named."""
    clock: Callable[[], datetime] = account_now
    """Which clock the rows are dated by: the account's, but for what only happens between machines."""

    def has_box(self, row: T) -> bool:
        """Whether something can be done with this row together with others."""
        return not self.chosen_while or row.status in self.chosen_while

    def may_be_chosen(self, rows: Iterable[T]) -> bool:
        """Whether there is anything to choose, for whoever reads the page."""
        return self.may_choose and current_user.may(self.chosen_by) and any(map(self.has_box, rows))

    def answer(self, template: str) -> AnyResponse:
        """The list that the address asks for: as a page, or as a file; terms of the search box become filters."""
        form = self.form(request.args, self.clock())
        if ID.match(form.q.data or ""):
            return redirect(url_for("search.find", q=form.q.data), 303)
        valid = form.validate()
        terms = terms_of(form) if valid else None
        if terms is not None:
            return redirect(url_for(self.endpoint, **terms), 303)  # type: ignore[arg-type]  # repeated arguments
        valid = valid and not form.errors
        if valid and request.args.get("format") == "csv":
            return self._file(form)
        listing, tabs = self._read(form, valid=valid)
        html = render_template(
            template, of=self, listing=listing, form=form, page=listing.page, tabs=tabs, count_at_most=COUNT_AT_MOST
        )
        return Response(html, 200 if valid else 422)

    def _read(self, form: FilterForm, *, valid: bool) -> tuple[Listing, list[Tab]]:
        page, count = Page[T]([]), 0
        with reading() as session:
            if valid:
                wanted = form.wanted()
                page = self.rows.page(session, wanted, request.args.get("cursor"), ROWS_PER_PAGE, form.sorting)
                count = self.rows.count(session, wanted, COUNT_AT_MOST)
            widths = read_widths(request.cookies.get(widths_cookie_of(self.name), "").split("."))
            listing = Listing(form, page, count, columns_of(self.name, self.columns), self.columns, widths)
            tabs = tabs_of(session, self.name, self.form, self.built_in, listing.query, self.rows, self.clock())
            return listing, tabs

    def _file(self, form: FilterForm) -> Response:
        with transaction() as session:
            said = f"Exported {self.name}"
            audit.note(session, "list.exported", self.name, said, actor(), after={"filter": form.args()})
        with reading() as session:
            rows = self.rows.all(session, form.wanted(), form.sorting)
        return csv_of(rows, self.exported, f"{self.name}-{account_now():%Y-%m-%d}.csv")
