"""The tour of the first minute: four steps on the overview, each ticked once this operator has done it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import url_for
from sqlalchemy import ColumnElement, Row, func, select, update
from sqlalchemy.orm import Session

from app.clock import wall_now
from app.db import reading, transaction
from app.operators.models import ApiToken, Operator
from app.operators.roles import Permission
from app.payments.attempts import Attempt
from app.payments.models import Payment
from app.payments.states import PaymentStatus
from app.timeline import Entry, Kind

LOOKS_BACK = 5000
"""How many of the newest timeline entries are searched for what the operator did: the tour is about the first hour."""


@dataclass(frozen=True)
class Step:
    """One thing to do: where it is done, and whether it was."""

    title: str
    words: str
    link: str
    url: str
    is_done: bool


def steps_for(operator: Operator, may: Callable[[Permission], bool]) -> list[Step]:
    """What this operator may do of it."""
    with reading() as session:
        losses = _losses(session, operator)
        has_paid = _has_paid(session, operator)
        has_token = session.scalars(select(ApiToken.id).limit(1)).first() is not None
    repaired = [order_id for order_id, is_repaired in losses if is_repaired]
    shown = next(iter(repaired), None) or next((order_id for order_id, _ in losses), None)
    story = url_for("payments.order", order_id=shown, _anchor="timeline") if shown else url_for("orders.index")
    takes, develops = may(Permission.TAKE_PAYMENTS), may(Permission.DEVELOP)
    pay = Step(
        "Pay a test order",
        "A card of the sandbox decides what the bank says.",
        "Pay one",
        url_for("new_order.new"),
        has_paid,
    )
    lose = Step(
        "Lose an answer on purpose",
        "The gateway takes the money, and its answer never arrives.",
        "Lose one",
        url_for("new_order.new", story="lost"),
        bool(losses),
    )
    watch = Step(
        "Watch it repair itself",
        "The order's timeline tells how: calls, keys, webhooks, changes.",
        "Read the timeline",
        story,
        bool(repaired),
    )
    call = Step(
        "Try the API",
        "Whatever is done here, another program can do.",
        "See how",
        url_for("help.show", _anchor="api"),
        has_token,
    )
    return [*([pay] if takes else []), *([lose] if takes and develops else []), watch, call]


def is_dismissed(operator: Operator) -> bool:
    """Whether the operator put the tour away; it comes back only when asked for."""
    return operator.tour_dismissed_at is not None


def set_dismissed(operator: Operator, *, dismissed: bool) -> None:
    """Put the tour away, or take it out again."""
    with transaction() as session:
        mine = update(Operator).where(Operator.id == operator.id)
        session.execute(mine.values(tour_dismissed_at=wall_now() if dismissed else None))


def _recent(operator: Operator, kind: Kind) -> list[ColumnElement[bool]]:
    since = select(func.max(Entry.id) - LOOKS_BACK).scalar_subquery()
    return [Entry.id > since, Entry.kind == kind, Entry.actor_id == operator.id]


def _has_paid(session: Session, operator: Operator) -> bool:
    paid = Entry.to_status.in_((PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED))
    wanted = select(Entry.id).where(*_recent(operator, Kind.PAYMENT_STATUS), paid).limit(1)
    return session.scalars(wanted).first() is not None


def _losses(session: Session, operator: Operator) -> Sequence[Row[str | None, bool]]:
    """Orders on which the operator lost an answer, the newest first, and whether one was lost and is known again."""
    known_again = (
        select(Attempt.id)
        .join(Payment, Attempt.payment_id == Payment.id)
        .where(Payment.order_id == Entry.order_id, Attempt.unanswered_at.is_not(None), Attempt.closed_at.is_not(None))
        .exists()
    )
    wanted = select(Entry.order_id, known_again).where(*_recent(operator, Kind.SANDBOX))
    return session.execute(wanted.order_by(Entry.id.desc()).limit(20)).all()
