"""One place records what the gateway says of its payouts to our bank, and books them by whose money they carry."""

from __future__ import annotations

from collections import defaultdict

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import reading, transaction
from app.gateway.wire import GatewayPayout
from app.ledger import Draft, Event, lines_of, post
from app.ledger.accounts import DESK
from app.ledger.post import reverse, standing_from
from app.money import Money
from app.notifications import NoticeKind, tell_operators
from app.settlements.book import make_available
from app.settlements.breaks import note_break
from app.settlements.models import Payout, Settlement
from app.settlements.states import PAYOUT, Outcome, PayoutStatus, SettlementStatus, Side

log = structlog.get_logger("settlements")


def record_payout(told: GatewayPayout) -> bool:
    """Take the gateway's word on a payout; False where it waits for a settlement that is not booked yet.

    What it cannot be is not believed: nothing of it is taken, and operators are told.
    """
    with reading() as session:
        known = session.get(Payout, told.id)
        booked = _settlements(session, told.settlements)
    if known is not None and known.version >= told.version:
        return True
    if (why := _why_not(known, told)) is not None:
        _tell_not_believed(known, told, why)
        return True
    if len(booked) < len(told.settlements) or any(one.status == SettlementStatus.WAITING for one in booked):
        return False
    for one in booked:
        make_available(one.id)
    with transaction() as session:
        payout = session.get(Payout, told.id, with_for_update=True)
        if payout is None:
            payout = _begin(session, told)
        if payout.version < told.version and _why_not(payout, told) is None:
            _follow(session, payout, told)
    return True


def is_recorded(told: GatewayPayout) -> bool:
    """Whether we know as much of the payout as the gateway said."""
    with reading() as session:
        known = session.get(Payout, told.id)
    return known is not None and known.version >= told.version


def _why_not(payout: Payout | None, told: GatewayPayout) -> str | None:
    """Why the gateway's word cannot be believed; None where it can."""
    if told.status not in set(PayoutStatus):
        return f"It says that the payout is {told.status[:40]!r}, which we do not know."
    before, after = PayoutStatus.PENDING if payout is None else PayoutStatus(payout.status), PayoutStatus(told.status)
    if before == after or PAYOUT.leads_to(before, after):
        return None
    return f"It says that the payout is {told.status}; what is {before.value} cannot become that."


def _begin(session: Session, told: GatewayPayout) -> Payout:
    parts: dict[str, int] = defaultdict(int)
    for settlement in _settlements(session, told.settlements):
        for owner, net in settlement.parts.items():
            parts[owner] += net
    ours = sum(parts.values())
    if ours != told.amount:
        # What our books cannot explain is the desk's until somebody has found out whose it is.
        parts[DESK] += told.amount - ours
        _differs(session, told, ours)
    payout = Payout(
        id=told.id,
        version=0,
        status=PayoutStatus.PENDING,
        amount_minor=told.amount,
        currency=told.currency,
        settled_minor=told.settled,
        carried_over_minor=told.carried_over,
        settlements=told.settlements,
        destination=told.destination,
        parts=dict(parts),
        created_at=told.created_at,
    )
    session.add(payout)
    session.execute(
        update(Settlement)
        .where(Settlement.id.in_(told.settlements))
        .values(payout_id=told.id, status=SettlementStatus.PAID_OUT)
    )
    _book(session, payout, Event.PAYOUT_SENT)
    return payout


def _follow(session: Session, payout: Payout, told: GatewayPayout) -> None:
    after = PayoutStatus(told.status)
    payout.version, payout.status = told.version, after
    payout.failure, payout.why = told.failure, told.why
    payout.arrives_at, payout.paid_at, payout.failed_at = told.arrives_at, told.paid_at, told.failed_at
    has_arrived = told.paid_at is not None
    standing, _ = standing_from(session, "payout", payout.id)
    kinds = {one.kind for one in standing}
    if has_arrived and Event.PAYOUT_PAID not in kinds:
        _book(session, payout, Event.PAYOUT_PAID)
    if after is PayoutStatus.FAILED:
        if has_arrived:
            _book(session, payout, Event.PAYOUT_RETURNED)
        else:
            reverse(session, next(one for one in standing if one.kind == Event.PAYOUT_SENT), cause=payout.id)
        session.execute(
            update(Settlement)
            .where(Settlement.payout_id == payout.id)
            .values(payout_id=None, status=SettlementStatus.AVAILABLE)
        )
        _tell_failed(session, payout)


def _book(session: Session, payout: Payout, event: Event) -> None:
    lines = [
        line
        for owner, amount in payout.parts.items()
        for line in lines_of(event, Money(amount, payout.currency), owner)
    ]
    post(session, Draft("payout", payout.id, event.value, DESK, tuple(lines), cause=payout.id))


def _differs(session: Session, told: GatewayPayout, ours: int) -> None:
    note_break(
        session,
        Outcome.PAYOUT,
        Side.REPORT,
        told.id,
        "",
        told.currency,
        said=told.amount,
        expected=ours,
        settlement_id=told.settlements[-1] if told.settlements else None,
    )


def _tell_not_believed(payout: Payout | None, told: GatewayPayout, why: str) -> None:
    with transaction() as session:
        is_news = tell_operators(
            session,
            NoticeKind.MISMATCH,
            told.id if payout is not None else f"payout {told.id}"[:80],
            f"What the gateway says of the payout {told.id} is not believed",
            detail=f"{why} Nothing of it is taken into the books. Ask the gateway what became of the payout.",
            occasion=f"version {told.version}"[:80],
        )
    if is_news:
        log.warning("a payout that is not believed", payout=told.id, version=told.version, reason=why)


def _tell_failed(session: Session, payout: Payout) -> None:
    why = (payout.failure or {}).get("message", "")
    tell_operators(
        session,
        NoticeKind.PAYOUT_FAILED,
        payout.id,
        f"A payout of {payout.amount} to our bank failed",
        detail=f"The money is back at the gateway and goes out again with its next payout. {why}".strip(),
    )


def _settlements(session: Session, ids: list[str]) -> list[Settlement]:
    return list(session.scalars(select(Settlement).where(Settlement.id.in_(ids)).order_by(Settlement.day)))
