"""What a chargeback brings to the books: the money and the fee at its opening, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from app.disputes.states import LOST, DisputeStatus
from app.ledger import Draft, Event, Line, lines_of, post_once, standing_of
from app.merchants.shares import share_freed, share_held, share_lost

if TYPE_CHECKING:
    from app.disputes.models import Dispute


def book_dispute(session: Session, dispute: Dispute, cause: str | None) -> bool:
    """Post what is new of it, in the caller's transaction; an inquiry moves nothing. True if anything was posted."""
    if dispute.taken_at is None:
        return False
    changed = False
    for kind, lines in _money(dispute):
        standing, past = standing_of(session, dispute.payment_id)
        changed |= post_once(session, standing, past, _draft(dispute, kind, lines, cause))
    return _book_share(session, dispute, cause) or changed


def _money(dispute: Dispute) -> list[tuple[Event, tuple[Line, ...]]]:
    owner = dispute.order.merchant_id
    opened = lines_of(Event.DISPUTE_OPENED, dispute.amount, owner)
    found = [(Event.DISPUTE_OPENED, opened + lines_of(Event.DISPUTE_FEE, dispute.fee, owner))]
    end = _end_of(dispute)
    if end is not None:
        found.append((end, lines_of(end, dispute.amount, owner)))
    return found


def _end_of(dispute: Dispute) -> Event | None:
    if dispute.state == DisputeStatus.WON:
        return Event.DISPUTE_WON
    return Event.DISPUTE_LOST if dispute.state in LOST else None


def _book_share(session: Session, dispute: Dispute, cause: str | None) -> bool:
    """What merchants got of the disputed money is held until it is decided; a loss takes it back."""
    standing, past = standing_of(session, dispute.payment_id)
    held = next((one for one in standing if one.key == ("dispute", dispute.id, Event.SHARE_HELD)), None)
    changed = False
    if held is None:
        lines = share_held(session, standing, dispute.amount, dispute.fee, dispute.payment.created_at)
        changed = post_once(session, standing, past, _draft(dispute, Event.SHARE_HELD, lines, cause))
        standing, past = standing_of(session, dispute.payment_id)
        held = next((one for one in standing if one.key == ("dispute", dispute.id, Event.SHARE_HELD)), None)
    end = _end_of(dispute)
    if held is None or end is None:
        return changed
    if end == Event.DISPUTE_WON:
        draft = _draft(dispute, Event.SHARE_FREED, share_freed(held), cause)
    else:
        lines = share_lost(session, standing, held, dispute.payment.created_at)
        draft = _draft(dispute, Event.SHARE_LOST, lines, cause)
    if any(one.key == draft.key for one in standing):
        return changed
    return post_once(session, standing, past, draft) or changed


def _draft(dispute: Dispute, kind: Event, lines: tuple[Line, ...], cause: str | None) -> Draft:
    return Draft(
        "dispute",
        dispute.id,
        kind.value,
        dispute.order.merchant_id,
        lines,
        order_id=dispute.order_id,
        payment_id=dispute.payment_id,
        cause=cause,
        happened_at=dispute.taken_at if kind in (Event.DISPUTE_OPENED, Event.SHARE_HELD) else dispute.decided_at,
    )
