"""Filters as conditions in SQL, each of which an index answers."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import ColumnElement, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.finding.wanted import Wanted

FEW = 500
"""So many rows that begin with some letters are looked up one by one; more of them are met by walking the list."""
_LAST = "\U0010ffff"


class Listed(Protocol):
    """What orders and payments have in common."""

    status: Any
    amount_minor: Any
    currency: Any
    card_last4: Any
    card_network: Any
    decline_code: Any
    created_at: Any


def row_conditions(table: type[Listed], wanted: Wanted) -> list[ColumnElement[bool]]:
    """What can be asked of an order and of a payment alike."""
    found: list[ColumnElement[bool]] = []
    if len(wanted.statuses) == 1:
        found.append(table.status == wanted.statuses[0])
    elif wanted.statuses:
        found.append(table.status.in_(wanted.statuses))
    if wanted.created_after is not None:
        found.append(table.created_at >= wanted.created_after)
    if wanted.created_before is not None:
        found.append(table.created_at < wanted.created_before)
    if wanted.currency is not None:
        found.append(table.currency == wanted.currency)
    if wanted.amount is not None:
        found.append(wanted.amount.condition(table.amount_minor, table.currency, wanted.currency))
    for column, value in (
        (table.card_last4, wanted.last4),
        (table.card_network, wanted.network),
        (table.decline_code, wanted.decline_code),
    ):
        if value is not None:
            found.append(column == value)
    return found


def branches(table: type[Listed], wanted: Wanted) -> list[ColumnElement[bool]]:
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
    found: set[str] = set()
    for column in columns:
        found.update(session.scalars(select(row_id).where(begins(column, text)).limit(FEW + 1)))
        if len(found) > FEW:
            return or_(*(begins(one.concat(literal("")), text) for one in columns)), False
    return row_id.in_(found), True
