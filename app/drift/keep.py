"""Keeping discrepancies: suspected at first sight, open at the second, resolved when all agree again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app import audit
from app.clock import business_now, wall_now
from app.customer_desk.hindrances import SHOWN_AT_MOST, Hindrance, hinders_erasure
from app.db import transaction
from app.drift.classify import Found
from app.drift.facts import fingerprint_of
from app.drift.models import Discrepancy, DiscrepancyStatus, Resolution
from app.ids import new_id
from app.orders.models import Order
from app.timeline import Actor, Kind, add
from app.timeline.actors import WORKER

GRACE = timedelta(seconds=3)
"""What is seen twice, so far apart, is not something that was just under way."""


def standing(session: Session, subject: str) -> Discrepancy | None:
    """The one that is not resolved yet; there is one at the most."""
    wanted = select(Discrepancy).where(Discrepancy.subject == subject, Discrepancy.status != DiscrepancyStatus.RESOLVED)
    return session.scalars(wanted.with_for_update()).one_or_none()


def note(found: Found) -> DiscrepancyStatus:
    """Keep what was found; RESOLVED where a person accepted this very difference before."""
    fingerprint = fingerprint_of(found.kind, found.facts)
    with transaction() as session:
        known = standing(session, found.subject)
        if known is None and _was_accepted(session, found.subject, fingerprint):
            return DiscrepancyStatus.RESOLVED
        now = business_now(session)
        if known is None:
            known = Discrepancy(
                id=new_id("dis"),
                subject=found.subject,
                status=DiscrepancyStatus.SUSPECTED,
                first_seen_at=now,
                suspected_at=wall_now(),
            )
            session.add(known)
        _describe(known, found, fingerprint)
        known.last_seen_at = now
        if known.status == DiscrepancyStatus.SUSPECTED and wall_now() - known.suspected_at >= GRACE:
            known.status = DiscrepancyStatus.OPEN
            _tell(session, known, f"Found to differ: {known.kind.replace('_', ' ')}", WORKER)
        return DiscrepancyStatus(known.status)


def _describe(known: Discrepancy, found: Found, fingerprint: str) -> None:
    known.kind, known.fingerprint = found.kind, fingerprint
    known.order_id = found.order.id if found.order else None
    known.payment_id = found.payment.id if found.payment else None
    known.gateway_id = found.told.id if found.told else found.payment.gateway_id if found.payment else None
    known.reference = found.order.reference if found.order else found.told.reference if found.told else None
    of: tuple[int, str] = (0, "USD")
    if found.told is not None:
        of = (found.told.amount, found.told.currency)
    elif found.payment is not None:
        of = (found.payment.amount_minor, found.payment.currency)
    known.amount_minor, known.currency = of
    known.facts = [fact.as_row() for fact in found.facts]
    known.told = found.told.model_dump(mode="json") if found.told else None


def agree(subject: str, *, how: Resolution = Resolution.BY_ITSELF, actor: Actor = WORKER, reason: str = "") -> bool:
    """All three agree: what was suspected is forgotten, what was open is resolved. True if one was open."""
    with transaction() as session:
        known = standing(session, subject)
        if known is None:
            return False
        if known.status == DiscrepancyStatus.SUSPECTED:
            session.delete(known)
            return False
        known.resolve(how, actor, reason, business_now(session))
        words = {
            Resolution.PULLED: "agrees again, after the gateway was asked",
            Resolution.REPLAYED: "agrees again, after stored events were applied",
            Resolution.REPAIRED: "agrees again, after our rows were set right",
        }
        _tell(session, known, f"What differed {words.get(how, 'agrees again')}", actor)
        if how is not Resolution.BY_ITSELF:
            _note_act(session, known, how, actor, reason)
        return True


def accept(discrepancy: Discrepancy, reason: str, actor: Actor) -> None:
    """Leave it as it is: it comes back only if something else differs."""
    with transaction() as session:
        known = standing(session, discrepancy.subject)
        if known is None or known.id != discrepancy.id:
            return
        known.resolve(Resolution.ACCEPTED, actor, reason, business_now(session))
        _tell(session, known, f"Left as it is, though it differs: {reason}", actor)
        _note_act(session, known, Resolution.ACCEPTED, actor, reason)


def _note_act(session: Session, known: Discrepancy, how: Resolution, actor: Actor, reason: str) -> None:
    """Somebody settled it: with the payment's or the order's other acts, where there is one."""
    audit.note(
        session,
        "discrepancy.settled",
        known.payment_id or known.order_id or known.id,
        f"Discrepancy of {known.reference or known.gateway_id or known.id} settled: {how.replace('_', ' ')}",
        actor,
        after={"discrepancy": known.id, "how": how, "kind": known.kind},
        reason=reason or None,
    )


def _tell(session: Session, known: Discrepancy, summary: str, actor: Actor) -> None:
    if known.order_id is None:
        return
    add(
        session,
        Kind.DISCREPANCY,
        known.payment_id or known.order_id,
        summary,
        actor,
        order_id=known.order_id,
        payment_id=known.payment_id,
        cause=known.id,
        data={"facts": [fact for fact in known.facts if fact["differs"]]},
    )


def _was_accepted(session: Session, subject: str, fingerprint: str) -> bool:
    same = select(Discrepancy.id).where(
        Discrepancy.subject == subject,
        Discrepancy.fingerprint == fingerprint,
        Discrepancy.resolution == Resolution.ACCEPTED,
    )
    return session.scalars(same.limit(1)).first() is not None


def count_open(session: Session, at_most: int) -> int:
    """How many are open, counted as far as one beyond `at_most`."""
    some = select(Discrepancy.id).where(Discrepancy.status == DiscrepancyStatus.OPEN).limit(at_most + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


@hinders_erasure
def _open_differences(session: Session, orders: Select[str]) -> Iterable[Hindrance]:
    differing = select(Order.id, Order.reference).join(Discrepancy, Discrepancy.order_id == Order.id)
    open_ones = differing.where(Order.id.in_(orders), Discrepancy.status == DiscrepancyStatus.OPEN)
    for order_id, reference in session.execute(open_ones.limit(SHOWN_AT_MOST)):
        yield Hindrance(order_id, reference, "something differs from the gateway: see Reconciliation")
