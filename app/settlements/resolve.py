"""Ends a break: with a reason, and where the other side was right after all, with the posting that says so."""

from __future__ import annotations

import enum

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.actors import Actor
from app.clock import business_now
from app.db import transaction
from app.errors import NotFound, RuleBroken
from app.ledger import Draft, Event, Line, lines_of, post
from app.ledger.accounts import DESK
from app.merchants.plans import Plans
from app.merchants.shares import fees_passed_on
from app.money import Money
from app.settlements.models import Break, Settlement, SettlementLine
from app.settlements.states import BREAK, BreakStatus, Outcome, SettlementStatus, Side


class Way(enum.StrEnum):
    """How a break may be ended by one person."""

    ACCEPT = "accept"
    """The report is right: its fee is booked."""
    BOOK = "book"
    """The other side is right: the difference is booked as unmatched, until somebody knows whose it is."""
    CLAIM = "claim"
    """Our books are right: nothing is posted, the gateway or the bank is asked to mend it."""
    NOTE = "note"
    """It is explained, and nothing is to be done."""


_WAYS: dict[tuple[Side, Outcome], list[Way]] = {
    (Side.REPORT, Outcome.FEE): [Way.ACCEPT, Way.CLAIM],
    (Side.REPORT, Outcome.MISSING_HERE): [Way.CLAIM, Way.BOOK],
    (Side.REPORT, Outcome.AMOUNT): [Way.CLAIM, Way.BOOK],
    (Side.REPORT, Outcome.DUPLICATE): [Way.CLAIM, Way.NOTE],
    (Side.REPORT, Outcome.LATE): [Way.NOTE, Way.CLAIM],
    (Side.BANK, Outcome.MISSING_HERE): [Way.BOOK, Way.CLAIM],
    (Side.BANK, Outcome.AMOUNT): [Way.BOOK, Way.CLAIM],
    (Side.BANK, Outcome.DUPLICATE): [Way.BOOK, Way.CLAIM, Way.NOTE],
    (Side.BANK, Outcome.LATE): [Way.NOTE, Way.CLAIM],
}


def ways_of(one: Break) -> list[Way]:
    """What one person may do about it."""
    ways = _WAYS.get((Side(one.side), Outcome(one.kind)), [Way.CLAIM])
    if one.side == Side.REPORT and one.settlement_id is None:  # an upload's alone: there is no line to book
        return [way for way in ways if way not in (Way.ACCEPT, Way.BOOK)]
    return ways


def resolve_break(break_id: str, way: Way, reason: str, actor: Actor) -> Break:
    """End it, once. RuleBroken where that way is not open to it, or somebody else was sooner."""
    with transaction() as session:
        one = lock_open_break(session, break_id)
        if way not in ways_of(one):
            raise RuleBroken(
                "not_this_way", f"This kind of break can only be ended by: {', '.join(ways_of(one))}.", status=422
            )
        if way is Way.ACCEPT:
            _accept_fee(session, one)
        elif way is Way.BOOK:
            _book(session, one)
        end_break(session, one, BreakStatus.RESOLVED, way.value, reason, actor)
    return one


def lock_open_break(session: Session, break_id: str) -> Break:
    """The row, held; RuleBroken where it was ended before."""
    one = session.get(Break, break_id, with_for_update=True, populate_existing=True)
    if one is None:
        raise NotFound(f"There is no break {break_id}.")
    if one.status != BreakStatus.OPEN:
        raise RuleBroken(
            "already_resolved",
            f"{one.resolved_by} has ended it: {one.reason}",
            current_status=BreakStatus(one.status).value,
        )
    return one


def end_break(session: Session, one: Break, status: BreakStatus, way: str, reason: str, actor: Actor) -> None:
    """Write down how and why it ended."""
    assert BREAK.leads_to(BreakStatus(one.status), status), f"no line {one.status} to {status}"
    one.status, one.way = status, way
    one.resolved_at, one.resolved_by, one.reason = business_now(session), actor.name[:200], reason[:500]
    audit.note(
        session,
        "break.resolved",
        one.id,
        f"Break of {one.source_id} {status.value.replace('_', ' ')}: {way}",
        actor,
        after={"way": way, "kind": one.kind, "side": one.side},
        reason=reason,
    )


def take_in_line(session: Session, one: Break, owner: str, fee: int, gross: int) -> tuple[Line, ...]:
    """The postings for a line that was not believed: what it costs, and its net where that is available already."""
    assert one.settlement_id is not None, "only a settlement's line can be taken in"
    settlement = session.get(Settlement, one.settlement_id, with_for_update=True)
    assert settlement is not None, "settlements are never removed"
    net = gross - fee
    lines = lines_of(Event.GATEWAY_FEE, Money(fee, one.currency), owner)
    if settlement.status in (SettlementStatus.WAITING, SettlementStatus.BOOKED):
        settlement.parts = settlement.parts | {owner: settlement.parts.get(owner, 0) + net}
    else:
        lines += lines_of(Event.BECAME_AVAILABLE, Money(net, one.currency), owner)
    return lines


def line_of(session: Session, one: Break) -> SettlementLine:
    """The settlement's line that the break is about."""
    return session.scalars(
        select(SettlementLine).where(
            SettlementLine.settlement_id == one.settlement_id,
            SettlementLine.line_id == one.line_id,
            SettlementLine.outcome == one.kind,
        )
    ).one()


def _book(session: Session, one: Break) -> None:
    """What the other side has more than our books stands as unmatched, on the desk's account."""
    if one.side == Side.BANK:
        more = Money((one.said_minor or 0) - (one.expected_minor or 0), one.currency)
        _post(session, one, Event.BANK_UNMATCHED, lines_of(Event.BANK_UNMATCHED, more, DESK))
        return
    line = line_of(session, one)
    expected = one.expected_minor or 0
    more = Money(expected - line.gross_minor, one.currency)
    lines = lines_of(Event.UNMATCHED, more, DESK)
    lines += take_in_line(session, one, line.owner, line.fee_minor, line.gross_minor)
    _post(session, one, Event.UNMATCHED, lines)


def _accept_fee(session: Session, one: Break) -> None:
    """The difference is booked beside the fee that was agreed, and borne as that was."""
    assert one.said_minor is not None, "a report that says no fee is no break of one"
    assert one.expected_minor is not None, "a fee is compared with another"
    line = line_of(session, one)
    more = Money(one.said_minor - one.expected_minor, one.currency)
    lines = lines_of(Event.GATEWAY_FEE, more, line.owner)
    if more.amount_minor > 0:
        for bearer, borne in fees_passed_on(Plans(session), {line.owner: 1}, more.amount_minor, line.created_at):
            lines += lines_of(Event.FEE_PASSED_ON, Money(borne, one.currency), bearer)
    _post(session, one, Event.GATEWAY_FEE, lines, line.owner)


def _post(session: Session, one: Break, event: Event, lines: tuple[Line, ...], owner: str = DESK) -> None:
    post(session, Draft("break", one.id, event.value, owner, lines, payment_id=one.payment_id, cause=one.id))
