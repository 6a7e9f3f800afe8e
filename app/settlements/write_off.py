"""Writes a break off: asked for by one person, allowed by another, never by the same."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app import approvals
from app.approvals import Approval, ask_approval, find_approval
from app.db import transaction
from app.errors import NotFound, RuleBroken
from app.ledger import Draft, Event, Line, lines_of, post
from app.ledger.accounts import DESK
from app.money import Money
from app.settlements.missing import loss_of_missing, uncount
from app.settlements.models import Break
from app.settlements.resolve import end_break, line_of, lock_open_break, take_in_line
from app.settlements.states import BreakStatus, Outcome, Side
from app.timeline import Actor

KIND = "write_off"
WAY = "write_off"
_CAN = {
    Side.REPORT: frozenset({Outcome.FEE, Outcome.AMOUNT, Outcome.MISSING_THERE, Outcome.PAYOUT}),
    Side.BANK: frozenset({Outcome.AMOUNT, Outcome.MISSING_THERE}),
}


def loss_of(session: Session, one: Break) -> Money | None:
    """What we have less than the books say (below zero: more); None where a break of its kind has no such sum."""
    if Outcome(one.kind) not in _CAN[Side(one.side)]:
        return None
    if one.kind == Outcome.FEE:
        loss = (one.said_minor or 0) - (one.expected_minor or 0)
    elif one.kind == Outcome.MISSING_THERE and one.side == Side.REPORT:
        loss = loss_of_missing(session, one).amount_minor
    else:
        loss = one.difference.amount_minor
    return Money(loss, one.currency) if loss else None


def ask_write_off(break_id: str, reason: str, actor: Actor, request_key: str | None) -> Approval:
    """Ask for a second person. RuleBroken where it cannot be written off, or somebody has asked already."""
    with transaction() as session:
        asked_before = find_approval(session, request_key)
        if asked_before is not None:
            return asked_before
        one = lock_open_break(session, break_id)
        loss = loss_of(session, one)
        if loss is None:
            raise RuleBroken("nothing_to_write_off", "No sum is in question: resolve it with a reason instead.")
        amount = Money(abs(loss.amount_minor), loss.currency)
        payload = {"loss": loss.amount_minor}
        return ask_approval(
            session, KIND, one.id, amount, payload, actor, reason, request_key, payment_id=one.payment_id
        )


@approvals.carries_out(KIND, "write-off")
def _write_off_approved(approval: Approval) -> str:
    with transaction() as session:
        standing = session.get(Break, approval.subject_id)
        if standing is None:
            raise NotFound(f"There is no break {approval.subject_id}.")
        if standing.status == BreakStatus.WRITTEN_OFF:
            return "written off."
        one = lock_open_break(session, approval.subject_id)
        loss = loss_of(session, one)
        if loss is None or loss.amount_minor != approval.payload["loss"]:
            raise RuleBroken("changed_since", "The break is another one since it was asked for. Look at it again.")
        draft = Draft(
            "break",
            one.id,
            Event.WRITTEN_OFF.value,
            DESK,
            _lines(session, one, loss),
            payment_id=one.payment_id,
            cause=one.id,
        )
        post(session, draft)
        reason = f"{approval.reason} (allowed by {approval.decided_by_name}: {approval.decision_reason})"
        end_break(session, one, BreakStatus.WRITTEN_OFF, WAY, reason, approval.asker)
    return "written off; the ledger has the loss."


def _lines(session: Session, one: Break, loss: Money) -> tuple[Line, ...]:
    """The loss is taken off where the books have it: at the bank, or at the gateway.

    A line with another sum is believed from now on; one that never came costs nothing and brings nothing.
    """
    gain = Money(-loss.amount_minor, loss.currency)
    written_off = lines_of(Event.WRITTEN_OFF, loss, DESK)
    if one.side == Side.BANK:
        return lines_of(Event.BANK_UNMATCHED, gain, DESK) + written_off
    lines = lines_of(Event.UNMATCHED, loss, DESK) + written_off
    if one.kind == Outcome.PAYOUT:  # its rest was available, and stays there
        lines += lines_of(Event.BECAME_AVAILABLE, gain, DESK)
    elif one.kind == Outcome.MISSING_THERE:
        lines += uncount(session, one)
    elif one.kind == Outcome.AMOUNT and one.settlement_id is not None:
        line = line_of(session, one)
        lines += take_in_line(session, one, line.owner, line.fee_minor, line.gross_minor)
    return lines
