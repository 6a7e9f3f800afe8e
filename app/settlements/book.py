"""Takes a settlement into the books, some lines in each transaction, so that it can go on wherever it was cut off.

Captures, refunds and disputes are in the books since they happened. What a settlement brings is their cost, what the
gateway booked by hand or holds in reserve, and the day on which the net becomes available.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from itertools import islice
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from app.clock import business_now
from app.crash import crash_point
from app.db import insert_many, reading, transaction
from app.gateway import gateway
from app.gateway.wire import GatewayLine
from app.ledger import Draft, Event, lines_of, post
from app.ledger.accounts import DESK
from app.money import Money
from app.settlements.agreed import agreed
from app.settlements.breaks import note_break
from app.settlements.cost import Cost, add_lines
from app.settlements.learn import ask_about, unheard_of
from app.settlements.mass import COLUMNS, LINES, take_in_mass
from app.settlements.match import Known, Matched, known_sources, match_lines
from app.settlements.missing import break_of_missing, missing_from, take_in_late
from app.settlements.models import Break, Settlement
from app.settlements.states import BOOKED_OUTCOMES, SETTLEMENT, BreakStatus, Outcome, SettlementStatus, Side

CHUNK = 5000
_LOOKS_BACK = timedelta(days=7)
_BREAKS = cast(Table, Break.__table__)


def book_settlement(settlement_id: str) -> Settlement:
    """Read the report's lines to their end and book them. Raises GatewayUnavailable; what was booked stays booked."""
    with reading() as session:
        settlement = session.get_one(Settlement, settlement_id)
    if settlement.status != SettlementStatus.WAITING:
        return settlement
    lines = gateway().settlement_lines(settlement_id)
    at = sum(1 for _ in islice(lines, settlement.lines_read))
    while some := list(islice(lines, CHUNK)):
        try:
            _book_some(settlement_id, at, some)
        except _Unheard as unheard:
            ask_about(unheard.lines)
            _book_some(settlement_id, at, some, is_asked=True)
        crash_point("settlement.lines_booked")
        at += len(some)
    return _finish(settlement_id, at)


class _Unheard(Exception):
    """Nothing was booked: the gateway is to be asked about these lines first, and not while we hold the database."""

    def __init__(self, lines: Sequence[GatewayLine]) -> None:
        super().__init__(f"{len(lines)} lines of unknown payments")
        self.lines = lines


def _book_some(settlement_id: str, first: int, lines: Sequence[GatewayLine], *, is_asked: bool = False) -> None:
    with transaction() as session:
        settlement = _locked(session, settlement_id)
        if settlement.lines_read != first:
            return  # another worker has these
        terms, cost = agreed(session), Cost(settlement.currency)
        others = take_in_mass(session, settlement, first, lines, terms, cost)
        numbers, left = [number for number, _ in others], [line for _, line in others]
        known = known_sources(session, [(line.type, line.source) for line in left])
        unheard = unheard_of(left, known)
        if unheard and not is_asked:
            raise _Unheard(unheard)
        matched = match_lines(session, left, known, settlement.currency, settlement.day, terms)
        rows = [_row(settlement.id, number, one) for number, one in zip(numbers, matched, strict=True)]
        insert_many(session, LINES, COLUMNS, rows)
        add_lines(session, cost, _note_breaks(session, settlement, matched))
        _post(session, settlement, f"{settlement.id}:{first}", "lines", cost)
        settlement.lines_read = first + len(lines)
        settlement.net_read_minor += sum(line.net for line in lines)


def _row(settlement_id: str, number: int, one: Matched) -> tuple[Any, ...]:
    """A line as it came and what it is to us, in the order of `COLUMNS`."""
    line, outcome, known, expected = one
    payment_id, owner = (None, DESK) if known is None else (known.payment_id, known.owner)
    return (
        *(settlement_id, number, line.id, line.type, line.payment, line.source, payment_id, owner, line.currency),
        *(line.gross, line.fee, line.net, outcome.value, expected, line.created_at),
    )


def _note_breaks(session: Session, settlement: Settlement, matched: Sequence[Matched]) -> list[Matched]:
    """Write down what differs; the lines that count towards this batch's net by our own books."""
    counted = []
    for one in matched:
        missing = break_of_missing(session, one) if one.outcome in (Outcome.LATE, Outcome.FEE) else None
        counts, is_new = one.outcome in BOOKED_OUTCOMES, one.outcome is not Outcome.MATCHED
        if missing is not None:  # it was counted where it was missing
            is_new = is_new and not (missing.status == BreakStatus.OPEN and one.outcome is Outcome.LATE)
            settlement.breaks += missing.status == BreakStatus.OPEN
            counts = take_in_late(session, missing, one)
        if is_new:
            said = one.line.fee if one.outcome is Outcome.FEE else one.line.gross
            _break(session, settlement, one.outcome, one.line.source, one.line.id, one.known, said, one.expected)
        if counts:
            counted.append(one)
    return counted


def _break(
    session: Session,
    settlement: Settlement,
    kind: Outcome,
    source_id: str,
    line_id: str,
    known: Known | None,
    said: int | None,
    expected: int | None,
) -> None:
    is_new = note_break(
        session,
        kind,
        Side.REPORT,
        source_id,
        line_id,
        settlement.currency,
        said=said,
        expected=expected if expected is not None or known is None else known.amount,
        settlement_id=settlement.id,
        payment_id=None if known is None else known.payment_id,
    )
    if is_new:
        settlement.breaks += 1


def _finish(settlement_id: str, read: int) -> Settlement:
    """All lines are read: what should have been among them, and is not, is a break too."""
    with transaction() as session:
        settlement = _locked(session, settlement_id)
        if settlement.status != SettlementStatus.WAITING or settlement.lines_read != read:
            return settlement
        missing = missing_from(session, settlement)
        for one in missing:
            assert one.known is not None, "what nobody knows of is not missed"
            _break(session, settlement, Outcome.MISSING_THERE, one.line.source, "", one.known, None, one.known.amount)
        cost = Cost(settlement.currency)
        add_lines(session, cost, missing)
        _post(session, settlement, settlement.id, "missing_lines", cost)
        _move(settlement, SettlementStatus.BOOKED)
        settlement.booked_at = business_now(session)
        crash_point("settlement.before_commit")
    crash_point("settlement.booked")
    return settlement


def _post(session: Session, settlement: Settlement, source_id: str, kind: str, cost: Cost) -> None:
    """Book what lines cost and bring, and count their net towards what becomes available, by owner."""
    parts: dict[str, int] = defaultdict(int, settlement.parts)
    for owner, net in cost.parts.items():
        parts[owner] += net
    settlement.parts = dict(parts)
    draft = Draft(
        "settlement", source_id, kind, DESK, cost.lines(), happened_at=settlement.created_at, cause=settlement.id
    )
    post(session, draft)


def make_available(settlement_id: str) -> None:
    """Its day of payout has come: the net of each owner moves from pending to available."""
    with transaction() as session:
        settlement = _locked(session, settlement_id)
        if settlement.status != SettlementStatus.BOOKED:
            return
        lines = [
            line
            for owner, net in settlement.parts.items()
            for line in lines_of(Event.BECAME_AVAILABLE, Money(net, settlement.currency), owner)
        ]
        draft = Draft("settlement", settlement.id, Event.BECAME_AVAILABLE, DESK, tuple(lines), cause=settlement.id)
        post(session, draft)
        _move(settlement, SettlementStatus.AVAILABLE)
    crash_point("settlement.available")


def _move(settlement: Settlement, status: SettlementStatus) -> None:
    before = SettlementStatus(settlement.status)
    assert SETTLEMENT.leads_to(before, status), f"no line from {before} to {status}"
    settlement.status = status


def _locked(session: Session, settlement_id: str) -> Settlement:
    found = session.get(Settlement, settlement_id, with_for_update=True)
    assert found is not None, "settlements are never removed"
    return found
