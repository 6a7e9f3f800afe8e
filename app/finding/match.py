"""Filters as conditions in SQL, each of which an index answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.finding.amounts import AmountRange
from app.finding.wanted import Wanted

FEW = 500
"""So many rows that begin with some letters are looked up one by one; more of them are met by walking the list."""
_LAST = "\U0010ffff"


class Dated(Protocol):
    """What the rows of every list have in common."""

    status: Any
    created_at: Any
    id: Any


class Summed(Dated, Protocol):
    """The rows of lists of money."""

    amount_minor: Any
    currency: Any


class Listed(Summed, Protocol):
    """What orders and payments have in common."""

    card_last4: Any
    card_network: Any
    decline_code: Any


def usual_conditions(table: type[Dated], wanted: Wanted) -> list[ColumnElement[bool]]:
    """What can be asked of the rows of every list: their status and their time."""
    found: list[ColumnElement[bool]] = []
    if len(wanted.statuses) == 1:
        found.append(table.status == wanted.statuses[0])
    elif wanted.statuses:
        found.append(table.status.in_(wanted.statuses))
    if wanted.created_after is not None:
        found.append(table.created_at >= wanted.created_after)
    if wanted.created_before is not None:
        found.append(table.created_at < wanted.created_before)
    return found


def sum_conditions(session: Session, table: type[Summed], wanted: Wanted) -> list[ColumnElement[bool]]:
    """What can be asked of rows of money: also their currency and amount."""
    found = usual_conditions(table, wanted)
    if wanted.currency is not None:
        found.append(table.currency == wanted.currency)
    if wanted.amount is not None:
        found.append(_of_amount(session, table, wanted.amount, wanted.currency))
    return found


def row_conditions(session: Session, table: type[Listed], wanted: Wanted) -> list[ColumnElement[bool]]:
    """What can be asked of an order and of a payment alike."""
    found = sum_conditions(session, table, wanted)
    for column, value in (
        (table.card_last4, wanted.last4),
        (table.card_network, wanted.network),
        (table.decline_code, wanted.decline_code),
    ):
        if value is not None:
            found.append(column == value)
    return found


def branches(table: type[Dated], wanted: Wanted) -> list[ColumnElement[bool]]:
    """One condition per status where several are wanted, so that each is read out of its own part of the index."""
    return [table.status == status for status in wanted.statuses] if len(wanted.statuses) > 1 else []


def begins(column: InstrumentedAttribute[str] | ColumnElement[str], text: str) -> ColumnElement[bool]:
    """Whether the text in a column of bytes in order begins so."""
    return column.between(text, text + _LAST)


def beginning(
    session: Session, text: str, row_id: InstrumentedAttribute[str], *columns: InstrumentedAttribute[str]
) -> tuple[ColumnElement[bool], bool]:
    """Rows in which one of the columns begins so, and whether they are few.

    A few are found by their indexes. Many are found soonest by walking the list from its top: then the condition keeps
    the database from collecting them all first.
    """
    few = _few(session, row_id, [begins(column, text) for column in columns])
    if few is not None:
        return row_id.in_(few), True
    return or_(*(begins(column.concat(literal("")), text) for column in columns)), False


def _few(
    session: Session, row_id: InstrumentedAttribute[str], alternatives: Sequence[ColumnElement[bool]]
) -> set[str] | None:
    """The rows that fulfill one of the alternatives, each asked of its own index; None if they are many."""
    found: set[str] = set()
    for one in alternatives:
        found.update(session.scalars(select(row_id).where(one).limit(FEW + 1)))
        if len(found) > FEW:
            return None
    return found


def _of_amount(session: Session, table: type[Summed], amount: AmountRange, only: str | None) -> ColumnElement[bool]:
    """Within a currency an index has the amounts in order; over all, each currency's is asked whether few fit."""
    if only is not None:
        return amount.condition(table.amount_minor, only)
    codes = _currencies(session, table)
    each = [and_(table.currency == code, amount.condition(table.amount_minor, code)) for code in codes]
    few = _few(session, table.id, each)
    if few is not None:
        found: ColumnElement[bool] = table.id.in_(few)
        return found
    unindexed = (table.currency.concat(literal("")), table.amount_minor + 0)  # that none is used: the list is walked
    return or_(*(and_(unindexed[0] == code, amount.condition(unindexed[1], code)) for code in codes))


def _currencies(session: Session, table: type[Summed]) -> list[str]:
    """Every currency that there is a row in; one look into the index for each."""
    found: list[str] = []
    while code := session.scalar(select(func.min(table.currency)).where(table.currency > (found[-1] if found else ""))):
        found.append(code)
    return found
