"""Where a customer leaves traces besides the rows of their own: table by table, and what is done with each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import JSON, ColumnElement, Select, Table, and_, delete, false, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.types import String

from app.checkout.models import PayLink
from app.customers.forget import ERASED_NAME, STRUCTURE, Words
from app.customers.models import Customer
from app.db import Base
from app.disputes.models import Dispute
from app.notifications.models import Message
from app.orders.models import Order
from app.payments.models import Payment
from app.timeline import ActorKind


class Of:
    """Selections of the ids of all that is one person's, by the columns that name them."""

    def __init__(self, family: list[str]) -> None:
        self.family = family
        self.orders: Select[str] = select(Order.id).where(Order.customer_id.in_(family))
        self.payments: Select[str] = select(Payment.id).where(Payment.order_id.in_(self.orders))
        self.disputes: Select[str] = select(Dispute.id).where(Dispute.order_id.in_(self.orders))
        self.links: Select[str] = select(PayLink.id).where(PayLink.order_id.in_(self.orders))
        self.messages: Select[str] = select(Message.id).where(
            or_(Message.order_id.in_(self.orders), Message.customer_id.in_(family))
        )
        self.by_column: dict[str, Any] = {
            "order_id": self.orders,
            "payment_id": self.payments,
            "dispute_id": self.disputes,
            "link_id": self.links,
            "message_id": self.messages,
            "gateway_payment_id": select(Payment.gateway_id).where(
                Payment.order_id.in_(self.orders), Payment.gateway_id.is_not(None)
            ),
            "customer_id": family,
        }


@dataclass(frozen=True)
class Trace:
    """What is done with the rows that `column` says are theirs: words taken out, values put, or the rows deleted."""

    column: str
    texts: tuple[str, ...] = ()
    prose: tuple[str, ...] = ()
    """What people wrote."""
    put: Mapping[str, Any] = field(default_factory=dict)
    is_deleted: bool = False


TRACES: dict[str, Trace] = {
    "approvals": Trace("order_id", ("payload",), ("reason", "decision_reason", "outcome")),
    "attempts": Trace("payment_id", ("request", "then_ship", "refusal"), ("then_cancel", "last_error")),
    "discrepancies": Trace("order_id", ("facts", "told"), ("reason",)),
    "dispute_attempts": Trace("dispute_id", ("refusal",), ("last_error",), {"request": {}}),
    "disputes": Trace("order_id", ("why",), put={"sent": {}, "draft": None}),
    "evidence_files": Trace("dispute_id", is_deleted=True),
    "gateway_calls": Trace("order_id", ("request", "response"), ("error",)),
    "message_tries": Trace("message_id", ("request", "response"), ("error",)),
    "notices": Trace("order_id", (), ("title", "detail")),
    "pay_tries": Trace("link_id", put={"ip": "", "browser_hash": ""}),
    "pay_visits": Trace("link_id", is_deleted=True),
    "payments": Trace("order_id", ("card", "why", "decline", "discrepancy"), ("failure",), {"next_action": None}),
    "refunds": Trace("payment_id", (), ("note", "failure")),
    "risk_assessments": Trace(
        "order_id",
        ("why", "reasons", "hits", "features", "facts", "card"),
        put=dict.fromkeys(("card_fingerprint", "email_key", "ip", "ip_country", "device_id")),
    ),
    "risk_reviews": Trace("order_id", (), ("why", "reason")),
    "shipments": Trace("order_id", put={"tracking": None}),
    "timeline": Trace("order_id", ("data",), ("summary",)),
    "webhook_events": Trace("gateway_payment_id", ("body",), ("last_error",), {"raw": None, "headers": {}}),
}
"""Tables whose rows are found by one column. One that is not named here is cleaned in every column of text."""

SEARCHED: dict[str, tuple[str, ...]] = {
    "api_idempotency": ("body",),
    "jobs": ("payload", "last_error"),
    "risk_list_entries": ("value", "note"),
    "risk_trials": ("condition",),
    "saved_views": ("query", "name"),
}
"""Small tables that name nobody's order: found by the words themselves."""

ELSEWHERE = frozenset({"customers", "orders", "pay_links", "messages", "audit_entries", "audit_seals"})
"""What an erasure does by itself; and the chain, which holds no words."""


def take_out(session: Session, of: Of, words: Words) -> None:
    """Clean every table, in the caller's transaction."""
    for table in Base.metadata.sorted_tables:
        if table.name in SEARCHED:
            _clean(session, table, _mentions(session, table, of, words), SEARCHED[table.name], words)
        elif table.name in TRACES:
            _take_out(session, table, TRACES[table.name], of, words)
        elif table.name not in ELSEWHERE:
            _clean(session, table, _theirs(table, of), _readable(table), words)
    # Entries that belong to no order: of the customer alone.
    entries = Base.metadata.tables["timeline"]
    mine = and_(entries.c.order_id.is_(None), entries.c.subject_id.in_(of.family))
    _clean(session, entries, mine, ("summary", "data"), words)
    orders = Base.metadata.tables["orders"]
    _clean(session, orders, orders.c.customer_id.in_(of.family), ("items", "cancel_reason"), words)


def _take_out(session: Session, table: Table, trace: Trace, of: Of, words: Words) -> None:
    theirs = table.c[trace.column].in_(of.by_column[trace.column])
    if trace.is_deleted:
        session.execute(delete(table).where(theirs))
        return
    if trace.put:
        session.execute(update(table).where(theirs).values(**trace.put))
    if "actor_kind" in table.c:
        by_themselves = table.c.actor_kind == ActorKind.CUSTOMER
        session.execute(update(table).where(theirs, by_themselves).values(actor_name=ERASED_NAME))
    _clean(session, table, theirs, (*trace.texts, *trace.prose), words, prose=trace.prose)


def _theirs(table: Table, of: Of) -> ColumnElement[bool]:
    """By whichever column names something of theirs; of a table without one nothing is theirs."""
    return or_(false(), *(table.c[name].in_(ids) for name, ids in of.by_column.items() if name in table.c))


def _readable(table: Table) -> tuple[str, ...]:
    """Columns of text and JSON, but for keys and what programs read."""
    return tuple(
        column.name
        for column in table.columns
        if isinstance(column.type, String | JSON)
        and not (column.primary_key or column.foreign_keys or column.unique or column.name in STRUCTURE)
    )


def _mentions(session: Session, table: Table, of: Of, words: Words) -> ColumnElement[bool]:
    needles = {*of.family, *session.scalars(of.disputes), *words.emails, *words.names, *words.spelled}
    as_text = [table.c[name].cast(String) for name in SEARCHED[table.name]]
    return or_(false(), *(column.icontains(needle, autoescape=True) for column in as_text for needle in needles))


def _clean(
    session: Session,
    table: Table,
    which: ColumnElement[bool],
    columns: tuple[str, ...],
    words: Words,
    *,
    prose: tuple[str, ...] | None = None,
) -> None:
    """Take the words out of these columns, a row at a time; all are people's prose unless some are said to be."""
    keys = list(table.primary_key.columns)
    wanted = select(*keys, *(table.c[name] for name in columns)).where(which)
    for row in session.execute(wanted).all():
        told = dict(zip(columns, row[len(keys) :], strict=True))
        left = {
            name: _left(value, words, is_prose=prose is None or name in prose)
            for name, value in told.items()
            if value is not None
        }
        changed = {name: value for name, value in left.items() if value != told[name]}
        if changed:
            mine = and_(*(key == value for key, value in zip(keys, row, strict=False)))
            session.execute(update(table).where(mine).values(**changed))


def _left(value: Any, words: Words, *, is_prose: bool) -> Any:
    if not isinstance(value, str):
        return words.value(value)
    if value[:1] in ("{", "["):
        return words.document(value)
    return words.prose(value) if is_prose else words.text(value)


def everybody_s_words(session: Session, family: list[Customer], of: Of) -> Words:
    """The names, addresses and devices under which this person was seen."""
    names, emails = {one.name for one in family}, {one.email for one in family}
    others: set[str] = set()
    snapshots = select(Order.customer_name, Order.customer_email, Order.context).where(Order.id.in_(of.orders))
    for name, email, context in session.execute(snapshots):
        names.add(name)
        emails.add(email)
        others |= {context.get(one, "") for one in ("ip", "device_id", "user_agent")}
    for card in session.scalars(select(Payment.card).where(Payment.order_id.in_(of.orders))):
        others.add((card or {}).get("fingerprint") or "")
    tables = Base.metadata.tables
    for table, column, which in (
        ("pay_tries", "ip", "link_id"),
        ("pay_visits", "device_id", "link_id"),
        ("shipments", "tracking", "order_id"),
    ):
        told = select(tables[table].c[column]).where(tables[table].c[which].in_(of.by_column[which])).distinct()
        others |= {one for one in session.scalars(told) if one}
    return Words(names, emails, others - _NOBODY_S)


_NOBODY_S = frozenset({"127.0.0.1", "::1", "localhost"})
"""Addresses that are everybody's own."""
