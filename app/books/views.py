"""The ledger's pages: the trial balance at any moment, an account's postings, one ledger transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time

from flask import Blueprint, Response, g, render_template, request
from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectField
from wtforms.validators import Optional

from app.books import queries
from app.clock import business_now
from app.db import reading
from app.errors import NotFound
from app.filters import account_now
from app.finding.columns import Column, instant
from app.finding.export import csv_of
from app.finding.form import DayField
from app.ledger.accounts import CHART, Account
from app.ledger.models import LedgerPosting, LedgerTransaction
from app.money import UnknownCurrency, exponent_of
from app.operators.guards import requires
from app.operators.roles import Permission
from app.payments.models import Payment
from app.words import plain

blueprint = Blueprint("ledger", __name__)


EXPORTED: tuple[Column[LedgerPosting], ...] = (
    Column("id", "", lambda one: one.id),
    Column("transaction", "", lambda one: one.transaction_id),
    Column("kind", "", lambda one: one.transaction.kind),
    Column("source_type", "", lambda one: one.transaction.source_type),
    Column("source", "", lambda one: one.transaction.source_id),
    Column("payment", "", lambda one: one.transaction.payment_id),
    Column("owner", "", lambda one: one.account.owner),
    Column("account", "", lambda one: one.account.code),
    Column("debit", "", lambda one: one.amount.major if one.amount_minor > 0 else None),
    Column("credit", "", lambda one: -one.amount.major if one.amount_minor < 0 else None),
    Column("currency", "", lambda one: one.currency),
    Column("happened_at", "", lambda one: instant(one.transaction.happened_at)),
    Column("booked_at", "", lambda one: instant(one.at)),
)
"""The ledger extract: a posting a line."""


class MomentForm(Form):  # type: ignore[misc]  # WTForms has no types
    """Whose books, and as of the end of which day."""

    until = DayField("At the end of (UTC)", [Optional()], description="Empty: now.")
    owner = SelectField("Whose", [Optional()])

    def __init__(self, args: MultiDict[str, str]) -> None:
        super().__init__(args)
        with reading() as session:
            self.owner.choices = [("", "Everybody's"), *queries.owners(session).items()]

    @property
    def at(self) -> datetime | None:
        return None if self.until.data is None else datetime.combine(self.until.data, time.max, UTC)


@blueprint.app_template_filter()
def ledger_kind(kind: str) -> str:
    """`hold_taken` as people read it."""
    return plain(kind)


@blueprint.app_template_global()
def books_of(payment_id: str) -> Sequence[LedgerTransaction]:
    """What a payment brought to the books, for its page."""
    with reading() as session:
        return queries.of_payment(session, payment_id)


@blueprint.app_template_global()
def shares_of(payments: Sequence[Payment]) -> Sequence[queries.Share]:
    """How an order's captures are shared, for its page; nobody where all is one merchant's, who pays no commission."""
    if not payments:
        return []
    with reading() as session:
        found = queries.shares_of(session, [one.id for one in payments], payments[0].currency)
    return found if len(found) > 1 or any(one.kept for one in found) else []


@blueprint.app_template_global()
def owner_name(owner: str) -> str:
    """Whose account it is; the names are read once for a page."""
    if "owners" not in g:
        with reading() as session:
            g.owners = queries.owners(session)
    return str(g.owners.get(owner, owner))


@blueprint.get("/ledger")
@requires(Permission.READ)
def index() -> Response:
    """The trial balance, now or at the end of a past day."""
    form = MomentForm(request.args)
    valid = form.validate()
    with reading() as session:
        sheets = queries.sheets(session, form.at if valid else None, form.owner.data or None) if valid else []
        now = business_now(session)
    html = render_template("books/index.html", form=form, sheets=sheets, now=now)
    return Response(html, 200 if valid else 422)


@blueprint.get("/ledger/accounts/<code>/<currency>")
@requires(Permission.READ)
def account(code: str, currency: str) -> Response:
    """What was posted on an account, the newest first."""
    try:
        exponent_of(currency)
        known = Account(code)
    except (UnknownCurrency, ValueError):
        raise NotFound(f"There is no account {code} in {currency}.") from None
    form = MomentForm(request.args)
    valid = form.validate()
    if valid and request.args.get("format") == "csv":
        with reading() as session:
            rows = queries.all_postings(session, known, currency, form.owner.data or None, form.at)
        return csv_of(rows, EXPORTED, f"{code}-{currency}-{account_now():%Y-%m-%d}.csv")
    with reading() as session:
        page = queries.postings_on(
            session,
            known,
            currency,
            (form.owner.data or None) if valid else None,
            form.at if valid else None,
            request.args.get("cursor"),
        )
        sheet = queries.sheets(session, form.at if valid else None, (form.owner.data or None) if valid else None)
    sums = next((one for found in sheet if found.currency == currency for one in found.sums if one.code == known), None)
    html = render_template(
        "books/account.html", form=form, page=page, code=known, currency=currency, account=CHART[known], sums=sums
    )
    return Response(html, 200 if valid else 422)


@blueprint.get("/ledger/transactions/<transaction_id>")
@requires(Permission.READ)
def show(transaction_id: str) -> str:
    """One ledger transaction: its postings, what brought it, and its place in the chain."""
    with reading() as session:
        found = queries.get_transaction(session, transaction_id)
        reversed_by = queries.reversal_of(session, transaction_id)
        seal = queries.seal_of(session, transaction_id)
    return render_template("books/show.html", one=found, reversed_by=reversed_by, seal=seal)
