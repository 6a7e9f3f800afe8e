"""The lists of settlements, payouts and breaks: their filters, their rows, their columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import ClassVar

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import SelectField, ValidationError
from wtforms.validators import Optional

from app.db import reading
from app.finding.columns import Column, instant
from app.finding.form import FilterForm, currency_choices
from app.finding.match import sum_conditions, usual_conditions
from app.finding.rows import Rows
from app.finding.wanted import Sort, Wanted
from app.forms import LongSelect
from app.money import Money, currency_codes
from app.settlements.age import AGES, age_of, between_of
from app.settlements.assign import who_may_be_given_it
from app.settlements.models import Break, Payout, Settlement, SettlementLine
from app.settlements.states import Outcome, Side
from app.words import LINE_OUTCOME

NOBODY = "nobody"
SIDES = {Side.REPORT.value: "The gateway's report", Side.BANK.value: "The bank"}


class CurrencyForm(FilterForm):
    """What has a currency is asked for by it."""

    HIDDEN: ClassVar[tuple[str, ...]] = ("currency", "since", "until")

    currency = SelectField(
        "Currency",
        [Optional()],
        choices={"Any": [("", "Any currency")], **currency_choices()},
        validate_choice=False,
        widget=LongSelect(),
    )

    def validate_currency(self, field: SelectField) -> None:
        if field.data not in currency_codes():
            raise ValidationError("Choose a currency, like USD.")

    def wanted(self) -> Wanted:
        return replace(super().wanted(), currency=self.currency.data or None)


class SettlementsForm(CurrencyForm):
    """The filter of settlements."""

    KIND = "settlement"


class PayoutsForm(CurrencyForm):
    """The filter of payouts."""

    KIND = "payout"
    SORTS = (Sort.NEWEST, Sort.OLDEST, Sort.LARGEST, Sort.SMALLEST)


@dataclass(frozen=True)
class WantedBreaks(Wanted):
    """Which breaks: also by their kind, who tells of it, how old they are, who has them."""

    kind: str | None = None
    side: str | None = None
    between: tuple[datetime, datetime] | None = None
    assignee: str | None = None


class BreaksForm(CurrencyForm):
    """The filter of breaks."""

    KIND = "break"
    CODES = ("kind", "side", "age", "assignee")
    HIDDEN = ("kind", "side", "age", "assignee", "currency", "since", "until")

    kind = SelectField(
        "Kind",
        [Optional()],
        choices=[
            ("", "Any kind"),
            *((kind.value, LINE_OUTCOME[kind].label) for kind in Outcome if kind is not Outcome.MATCHED),
        ],
        validate_choice=False,
    )

    side = SelectField("Told by", [Optional()], choices=[("", "Anybody"), *SIDES.items()], validate_choice=False)
    age = SelectField("Age", [Optional()], choices=[("", "Any age"), *AGES.items()], validate_choice=False)
    assignee = SelectField("Who looks into it", [Optional()], validate_choice=False)

    def __init__(self, args: MultiDict[str, str], now: datetime) -> None:
        super().__init__(args, now)
        with reading() as session:
            able = {one.id: one.name for one in who_may_be_given_it(session)}
        self.assignee.choices = [("", "Anybody"), (NOBODY, "Nobody yet"), *able.items()]

    def validate_kind(self, field: SelectField) -> None:
        if field.data not in set(Outcome):
            raise ValidationError(f"Choose one of: {', '.join(Outcome)}.")

    def validate_side(self, field: SelectField) -> None:
        if field.data not in SIDES:
            raise ValidationError(f"Choose one of: {', '.join(SIDES)}.")

    def validate_age(self, field: SelectField) -> None:
        if field.data not in AGES:
            raise ValidationError(f"Choose one of: {', '.join(AGES)}.")

    def validate_assignee(self, field: SelectField) -> None:
        if field.data not in dict(field.choices):
            raise ValidationError("Choose somebody of the list.")

    def wanted(self) -> WantedBreaks:
        """What lists in general do not know goes along."""
        usual = super().wanted()
        return WantedBreaks(
            **{one.name: getattr(usual, one.name) for one in fields(usual)},
            kind=self.kind.data or None,
            side=self.side.data or None,
            between=between_of(self.age.data, self.now) if self.age.data else None,
            assignee=self.assignee.data or None,
        )


def _settlements(_session: Session, wanted: Wanted) -> Select[Settlement]:
    rows = select(Settlement).where(*usual_conditions(Settlement, wanted))
    if wanted.currency is not None:
        rows = rows.where(Settlement.currency == wanted.currency)
    if wanted.text is not None:
        text = wanted.text.strip()
        of_source = select(SettlementLine.settlement_id).where(
            or_(SettlementLine.source_id == text, SettlementLine.payment_id == text)
        )
        rows = rows.where(or_(Settlement.id == text, Settlement.payout_id == text, Settlement.id.in_(of_source)))
    return rows


def _payouts(session: Session, wanted: Wanted) -> Select[Payout]:
    rows = select(Payout).where(*sum_conditions(session, Payout, wanted))
    if wanted.text is not None:
        text = wanted.text.strip()
        paid = select(Settlement.payout_id).where(Settlement.id == text)
        rows = rows.where(or_(Payout.id == text, Payout.id.in_(paid)))
    return rows


def _breaks(_session: Session, wanted: Wanted) -> Select[Break]:
    rows = select(Break).where(*usual_conditions(Break, wanted))
    if wanted.currency is not None:
        rows = rows.where(Break.currency == wanted.currency)
    if isinstance(wanted, WantedBreaks):
        rows = rows.where(*_own_conditions(wanted))
    if wanted.text is not None:
        text = wanted.text.strip()
        ids = (Break.id, Break.settlement_id, Break.source_id, Break.line_id, Break.payment_id)
        rows = rows.where(or_(*(column == text for column in ids)))
    return rows


def _own_conditions(wanted: WantedBreaks) -> Iterator[ColumnElement[bool]]:
    if wanted.kind is not None:
        yield Break.kind == wanted.kind
    if wanted.side is not None:
        yield Break.side == wanted.side
    if wanted.between is not None:
        yield Break.created_at > wanted.between[0]
        yield Break.created_at <= wanted.between[1]
    if wanted.assignee is not None:
        yield Break.assigned_id.is_(None) if wanted.assignee == NOBODY else Break.assigned_id == wanted.assignee


SETTLEMENTS = Rows(Settlement, _settlements)
PAYOUTS = Rows(Payout, _payouts)
BREAKS = Rows(Break, _breaks)

SETTLEMENT_COLUMNS: tuple[Column[Settlement], ...] = (
    Column("day", "Day", lambda one: one.day.isoformat(), is_fixed=True),
    Column("status", "Status", lambda one: one.status),
    Column("lines", "Lines", lambda one: one.lines, is_number=True),
    Column("breaks", "Breaks", lambda one: one.breaks, is_number=True),
    Column("gross", "Gross", lambda one: one.gross.major, is_number=True),
    Column("fee", "Fees", lambda one: one.fee.major, is_number=True),
    Column("net", "Net", lambda one: one.net.major, is_number=True, is_fixed=True),
    Column("available", "Available on", lambda one: one.available_on.isoformat()),
    Column("payout", "Payout", lambda one: one.payout_id, is_usual=False),
    Column("created", "Closed (UTC)", lambda one: instant(one.created_at), sort="created", is_usual=False),
    Column("id", "Id", lambda one: one.id, is_usual=False),
)

PAYOUT_COLUMNS: tuple[Column[Payout], ...] = (
    Column("created", "Made (UTC)", lambda one: instant(one.created_at), sort="created", is_fixed=True),
    Column("status", "Status", lambda one: one.status),
    Column("settlements", "Settlements", lambda one: len(one.settlements), is_number=True),
    Column("carried", "Carried over", lambda one: one.carried_over.major, is_number=True),
    Column("account", "To", lambda one: str(one.destination.get("last4", ""))),
    Column("paid", "Paid (UTC)", lambda one: instant(one.paid_at)),
    Column("amount", "Amount", lambda one: one.amount.major, is_number=True, is_fixed=True, sort="amount"),
    Column("id", "Id", lambda one: one.id, is_usual=False),
)

BREAK_COLUMNS: tuple[Column[Break], ...] = (
    Column("kind", "Kind", lambda one: one.kind, is_fixed=True),
    Column("status", "Status", lambda one: one.status),
    Column("side", "Told by", lambda one: one.side),
    Column("source", "What", lambda one: one.source_id),
    Column("said", "It says", lambda one: _major(one.said_minor, one.currency), is_number=True),
    Column("expected", "Expected", lambda one: _major(one.expected_minor, one.currency), is_number=True),
    Column("currency", "Currency", lambda one: one.currency),
    Column("created", "First seen (UTC)", lambda one: instant(one.created_at), sort="created", is_usual=False),
    Column("age", "Age (days)", age_of, is_number=True),
    Column("assignee", "Who", lambda one: one.assigned_name),
    Column("reason", "How it ended", lambda one: one.reason, is_usual=False),
    Column("id", "Id", lambda one: one.id, is_usual=False),
)


def _major(minor: int | None, currency: str) -> str | None:
    return None if minor is None else Money(minor, currency).plain()
