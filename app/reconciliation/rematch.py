"""Looks again at what was unknown: once its payment or payout has turned up, the break has ended by itself."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors import Actor
from app.banking import BankLine
from app.db import reading, transaction
from app.gateway.wire import GatewayLine
from app.ledger import Draft, Event, Line, lines_of, post
from app.merchants.plans import Plans
from app.merchants.shares import fees_passed_on
from app.money import Money
from app.reconciliation.bank import follow_merchants, judge_named
from app.reconciliation.models import BankEntry, BankStatement, ReportLine
from app.settlements.agreed import agreed
from app.settlements.breaks import note_break
from app.settlements.match import Matched, judge, key_of, known_sources, seen_before
from app.settlements.models import Break, Settlement
from app.settlements.resolve import end_break, line_of, take_in_line
from app.settlements.states import BOOKED_OUTCOMES, BreakStatus, Outcome, Side

WAY = "turned_up"
_AT_ONCE = 200


def rematch(actor: Actor) -> int:
    """Try every open break of something unknown once more; how many have ended."""
    with reading() as session:
        unknown = select(Break.id).where(Break.status == BreakStatus.OPEN, Break.kind == Outcome.MISSING_HERE)
        ids: Sequence[str] = session.scalars(unknown.order_by(Break.created_at.desc()).limit(_AT_ONCE)).all()
    ended = 0
    for break_id in ids:
        with transaction() as session:
            one = session.get(Break, break_id, with_for_update=True)
            if one is None or one.status != BreakStatus.OPEN or one.kind != Outcome.MISSING_HERE:
                continue
            ended += _again_at_bank(session, one, actor) if one.side == Side.BANK else _again(session, one, actor)
    if ended:
        follow_merchants(actor)
    return ended


def _again(session: Session, one: Break, actor: Actor) -> bool:
    if one.settlement_id is None:
        return _again_in_file(session, one, actor)
    line = line_of(session, one)
    known = known_sources(session, [(line.type, line.source_id)]).get(line.source_id)
    if known is None:
        return False
    settlement = session.get_one(Settlement, one.settlement_id)
    told = GatewayLine(
        id=line.line_id,
        type=line.type,
        payment=line.gateway_payment,
        source=line.source_id,
        currency=line.currency,
        gross=line.gross_minor,
        fee=line.fee_minor,
        net=line.net_minor,
        created_at=line.created_at,
    )
    is_seen = key_of(line.type, line.source_id, line.net_minor) in seen_before(session, [line.source_id])
    found = judge(told, known, is_seen, settlement.currency, settlement.day, agreed(session))
    line.outcome, line.payment_id, line.owner = found.outcome, known.payment_id, known.owner
    line.expected_minor = found.expected
    one.payment_id = known.payment_id
    if found.outcome not in BOOKED_OUTCOMES:  # it is known now, and differs in another way
        one.kind, one.expected_minor = found.outcome, found.expected
        return False
    if found.outcome is Outcome.FEE:
        note_break(
            session,
            Outcome.FEE,
            Side.REPORT,
            one.source_id,
            one.line_id,
            one.currency,
            said=line.fee_minor,
            expected=found.expected,
            settlement_id=one.settlement_id,
            payment_id=known.payment_id,
        )
    lines = _lines(session, one, found)
    draft = Draft("break", one.id, WAY, found.owner, lines, payment_id=known.payment_id, cause=one.id)
    post(session, draft)
    end_break(session, one, BreakStatus.RESOLVED, WAY, "Its payment has turned up: the line is matched now.", actor)
    return True


def _lines(session: Session, one: Break, found: Matched) -> tuple[Line, ...]:
    """What booking the line in its day would have posted, and its net where that is available already."""
    fee, gross, owner = found.fee_due, found.line.gross, found.owner
    lines = take_in_line(session, one, owner, fee, gross)
    is_of_dispute = found.known is not None and found.known.fee is not None
    if found.line.type == "fee" and is_of_dispute and fee > 0:  # booked since the dispute was opened
        return lines + lines_of(Event.GATEWAY_FEE, Money(-fee, one.currency), owner)
    if fee > 0:
        for bearer, borne in fees_passed_on(Plans(session), {owner: 1}, fee, found.line.created_at):
            lines += lines_of(Event.FEE_PASSED_ON, Money(borne, one.currency), bearer)
    return lines


def _again_in_file(session: Session, one: Break, actor: Actor) -> bool:
    """An uploaded report's line books nothing: that it is known is all."""
    lines = session.scalars(
        select(ReportLine).where(ReportLine.source_id == one.source_id, ReportLine.outcome == Outcome.MISSING_HERE)
    ).all()
    known = known_sources(session, [(line.type, line.source_id) for line in lines]).get(one.source_id)
    if known is None:
        return False
    for line in lines:
        line.outcome, line.payment_id, line.owner = Outcome.MATCHED, known.payment_id, known.owner
    one.payment_id = known.payment_id
    end_break(session, one, BreakStatus.RESOLVED, WAY, "Its payment has turned up.", actor)
    return True


def _again_at_bank(session: Session, one: Break, actor: Actor) -> bool:
    statement_id, _, number = one.line_id.rpartition(":")
    entry = session.get_one(BankEntry, (statement_id, int(number)))
    statement = session.get_one(BankStatement, statement_id)
    line = BankLine(entry.amount_minor, entry.booked_on, entry.valued_on, entry.reference, entry.end_to_end)
    entry.payout_id = entry.merchant_payout_id = None
    session.flush()
    found = judge_named(session, line, statement.currency)
    entry.payout_id = found.payout.id if found.payout else None
    entry.merchant_payout_id = found.merchant_payout.id if found.merchant_payout else None
    if found.outcome is Outcome.MISSING_HERE:
        return False
    entry.outcome, entry.expected_minor = found.outcome, found.expected
    one.source_id = entry.payout_id or entry.merchant_payout_id or one.source_id
    if found.outcome not in (Outcome.MATCHED, Outcome.LATE):
        one.kind, one.expected_minor = found.outcome, found.expected
        return False
    end_break(session, one, BreakStatus.RESOLVED, WAY, "Its payout has turned up: the entry is matched now.", actor)
    return True
