"""Lines that a report should have and lacks: found, counted as they should be, and what becomes of them later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.disputes.models import Dispute
from app.gateway.wire import GatewayLine
from app.ledger import Draft, Event, Line, lines_of, post
from app.ledger.accounts import DESK
from app.ledger.post import TRANSACTIONS
from app.money import Money
from app.payments.moved import Capture, Refund
from app.settlements.agreed import Agreed, agreed
from app.settlements.cost import Cost, add_lines
from app.settlements.match import Known, Matched, known_sources
from app.settlements.models import Break, Settlement, SettlementLine
from app.settlements.states import BOOKED_OUTCOMES, BreakStatus, Outcome, SettlementStatus, Side

_LOOKS_BACK = timedelta(days=7)
_TAKING = frozenset({"refund", "dispute"})
_RECOVERED = "recovered"


def missing_from(session: Session, settlement: Settlement) -> list[Matched]:
    """What moved in this currency until the day's end and is in no report, as its lines should be."""
    terms = agreed(session)
    found = []
    for type_, source_id, moment in _untold(session, settlement):
        known = known_sources(session, [(type_, source_id)])[source_id]
        found.append(_as_it_should_be(settlement.currency, type_, source_id, known, moment, terms))
    return found


def break_of_missing(session: Session, one: Matched) -> Break | None:
    """The break of an earlier report that lacked this line; it was counted there."""
    if one.line.type == "fee":  # no report is found to lack one
        return None
    missing = select(Break).where(
        Break.side == Side.REPORT,
        Break.kind == Outcome.MISSING_THERE,
        Break.source_id == one.line.source,
        Break.settlement_id.is_not(None),
    )
    return session.scalars(missing.with_for_update()).first()


def take_in_late(session: Session, missing: Break, one: Matched) -> bool:
    """The line has come: an open break is now that it came late, a loss is one no more. True if it is to be counted."""
    if missing.status == BreakStatus.OPEN:
        missing.kind, missing.line_id, missing.said_minor = Outcome.LATE, one.line.id, one.line.gross
    if missing.status != BreakStatus.WRITTEN_OFF:
        return False
    loss = loss_of_missing(session, missing)
    gain = Money(-loss.amount_minor, loss.currency)
    lines = lines_of(Event.UNMATCHED, gain, DESK) + lines_of(Event.WRITTEN_OFF, gain, DESK)
    post(
        session,
        Draft("break", missing.id, _RECOVERED, DESK, lines, payment_id=missing.payment_id, cause=missing.id),
    )
    return True


def loss_of_missing(session: Session, missing: Break) -> Money:
    """What we have less for good if the line never comes; below zero where it would have taken money from us."""
    expected = missing.expected_minor or 0
    return Money(-expected if _type_of(session, missing) in _TAKING else expected, missing.currency)


def uncount(session: Session, missing: Break) -> tuple[Line, ...]:
    """The postings that take back what the line was counted with: its fee, and its net where that is available."""
    if missing.settlement_id is None:  # an upload's alone: nothing was counted
        return ()
    type_ = _type_of(session, missing)
    known = known_sources(session, [(type_, missing.source_id)])[missing.source_id]
    capture = session.get(Capture, missing.source_id)
    moment = missing.created_at if capture is None else capture.created_at
    settlement = session.get_one(Settlement, missing.settlement_id, with_for_update=True)
    cost = Cost(missing.currency)
    add_lines(
        session,
        cost,
        [_as_it_should_be(missing.currency, type_, missing.source_id, known, moment, agreed(session))],
    )
    lines = [Line(one.owner, one.code, Money(-one.amount.amount_minor, one.amount.currency)) for one in cost.lines()]
    for owner, net in cost.parts.items():
        if settlement.status in (SettlementStatus.WAITING, SettlementStatus.BOOKED):
            settlement.parts = settlement.parts | {owner: settlement.parts.get(owner, 0) - net}
        else:
            lines += lines_of(Event.BECAME_AVAILABLE, Money(-net, missing.currency), owner)
    return tuple(lines)


def _type_of(session: Session, missing: Break) -> str:
    """Of which type the line would be."""
    if session.get(Capture, missing.source_id) is not None:
        return "capture"
    if session.get(Refund, missing.source_id) is not None:
        return "refund"
    told = select(SettlementLine.number).where(
        SettlementLine.source_id == missing.source_id,
        SettlementLine.type == "dispute",
        SettlementLine.outcome.in_(BOOKED_OUTCOMES),
    )
    return "dispute_reversal" if session.scalars(told.limit(1)).first() is not None else "dispute"


def _untold(session: Session, settlement: Settlement) -> Sequence[tuple[str, str, datetime]]:
    """Type of line, source, moment."""
    begins = datetime.combine(settlement.day, time(), UTC)
    ends = begins + timedelta(days=1)
    currency = settlement.currency

    def told(source: Any, type_: str) -> Any:
        lines = select(SettlementLine.number).where(
            SettlementLine.source_id == source,
            SettlementLine.type == type_,
            SettlementLine.outcome.not_in((Outcome.DUPLICATE, Outcome.CURRENCY)),
        )
        known = select(Break.id).where(Break.source_id == source, Break.kind == Outcome.MISSING_THERE)
        return lines.exists() | known.exists()

    captures = select(Capture.id, Capture.created_at).where(
        Capture.currency == currency,
        Capture.created_at >= begins,
        Capture.created_at < ends,
        ~told(Capture.id, "capture"),
    )
    found = [("capture", id_, at) for id_, at in session.execute(captures)]
    for row, moment, kind, type_ in (
        (Refund, Refund.created_at, Event.REFUNDED, "refund"),
        (Dispute, Dispute.created_at, Event.DISPUTE_OPENED, "dispute"),
        (Dispute, Dispute.decided_at, Event.DISPUTE_WON, "dispute_reversal"),
    ):
        # Begun and booked before the day's end, so it happened before: of a refund no more is known. Its booking alone
        # would not do: where the account's clock was moved, our reading of it is a little behind.
        moved = (
            select(row.id, TRANSACTIONS.c.at)
            .join(TRANSACTIONS, TRANSACTIONS.c.source_id == row.id)
            .where(
                row.currency == currency,
                moment < ends,
                TRANSACTIONS.c.kind == kind,
                TRANSACTIONS.c.at >= begins - _LOOKS_BACK,
                TRANSACTIONS.c.at < ends,
                ~told(row.id, type_),
            )
        )
        found += [(type_, id_, at) for id_, at in session.execute(moved)]
    return found


def _as_it_should_be(
    currency: str, type_: str, source_id: str, known: Known, moment: datetime, terms: Agreed
) -> Matched:
    gross = -known.amount if type_ in _TAKING else known.amount
    fee = terms.capture_fee(gross, known.currency, known.country, moment) if type_ == "capture" else 0
    line = GatewayLine(
        id="",
        type=type_,
        payment=None,
        source=source_id,
        currency=currency,
        gross=gross,
        fee=fee or 0,
        net=gross - (fee or 0),
        created_at=moment,
    )
    return Matched(line, Outcome.MATCHED, known)
