"""Looking: one payment by asking the gateway for it, or a page of the gateway's list at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.db import reading
from app.drift.classify import Found, compare, is_under_way, missing_here
from app.drift.keep import agree, note
from app.drift.models import Discrepancy, DiscrepancyStatus, Resolution
from app.errors import GatewayRefused, NotFound
from app.gateway import GatewayPayment, gateway
from app.payments.models import Payment
from app.payments.queries import WHOLE
from app.timeline import Actor
from app.timeline.actors import WORKER

ABSENT_ASKED_AT_MOST = 500
"""So many of ours that a page of the gateway's list does not hold are asked for one by one."""


@dataclass(frozen=True)
class PageDone:
    """A page of the gateway's list was compared. `next_cursor` and `oldest` are None where it was the last."""

    next_cursor: str | None
    oldest: datetime | None
    compared: int
    differing: tuple[str, ...]
    """The subjects of what differs and was not accepted."""


def told_of(gateway_id: str) -> GatewayPayment | None:
    """The gateway's word; None where it has no such payment. Raises GatewayUnavailable, GatewayRefused."""
    try:
        return gateway().get_payment(gateway_id)
    except GatewayRefused as refusal:
        if refusal.status == 404:
            return None
        raise


def look_again(
    subject: str, *, how: Resolution = Resolution.BY_ITSELF, actor: Actor = WORKER, reason: str = ""
) -> bool:
    """Compare one anew, by the payment's id or the gateway's; True if it differs still.

    `how`, `actor` and `reason` say what resolved it, if nothing differs. Raises GatewayUnavailable, GatewayRefused.
    """
    with reading() as session:
        payment = session.get(Payment, subject)
    gateway_id = subject if payment is None else payment.gateway_id
    told = told_of(gateway_id) if gateway_id is not None else None
    with reading() as session:
        ours = _ours(session, [told] if told else [], [subject])
        payment = ours.get(subject) or (ours.get(told.id) if told else None)
        if payment is not None and is_under_way(payment):
            return True
        found = _compared(session, payment, told)
    if payment is not None and payment.id != subject:
        agree(subject, how=how, actor=actor, reason=reason)  # it was missing here, and is ours now
    if found is None:
        agree(payment.id if payment else subject, how=how, actor=actor, reason=reason)
        return False
    return note(found) != DiscrepancyStatus.RESOLVED


def _compared(session: Session, payment: Payment | None, told: GatewayPayment | None) -> Found | None:
    if payment is None:
        return missing_here(told) if told is not None else None
    return compare(session, payment, told, is_newest=payment.id in _newest(session, [payment]))


def _ours(session: Session, told: Sequence[GatewayPayment], ids: Iterable[str] = ()) -> dict[str, Payment]:
    """Our payments by their own ids and by the gateway's: also those that it names though they have no id of it yet."""
    named = {one.metadata.get("payment", "") for one in told} - {""}
    wanted = or_(Payment.gateway_id.in_([one.id for one in told]), Payment.id.in_([*named, *ids]))
    payments = session.scalars(select(Payment).where(wanted).options(*WHOLE)).all()
    by_id = {payment.id: payment for payment in payments}
    by_gateway_id = {payment.gateway_id: payment for payment in payments if payment.gateway_id}
    for one in told:
        mine = by_id.get(one.metadata.get("payment", ""))
        if one.id not in by_gateway_id and mine is not None and mine.gateway_id is None:
            by_gateway_id[one.id] = mine
    return by_id | by_gateway_id


def _newest(session: Session, payments: Sequence[Payment]) -> set[str]:
    """Those of the payments that are the newest of their orders."""
    orders = {payment.order_id for payment in payments}
    rows = select(Payment.order_id, Payment.created_at, Payment.id).where(Payment.order_id.in_(orders))
    newest: dict[str, tuple[datetime, str]] = {}
    for order_id, created_at, payment_id in session.execute(rows):
        newest[order_id] = max(newest.get(order_id, (created_at, payment_id)), (created_at, payment_id))
    return {payment_id for _, payment_id in newest.values()}


def compare_page(cursor: str | None, before: datetime | None) -> PageDone:
    """Compare a page of the gateway's list with ours, and those of ours that should be on it but are not.

    `before` is the oldest of the page before: each of our payments is looked for in one page. Raises
    GatewayUnavailable, GatewayRefused.
    """
    page = gateway().list_payments(cursor)
    oldest = min((one.created_at for one in page.data), default=None) if page.next_cursor else None
    with reading() as session:
        absent = _absent(session, before, oldest, {one.id for one in page.data})
    # Each of these is asked for: its date may differ from the gateway's. An empty account needs no asking.
    is_empty = cursor is None and not page.data
    words = {} if is_empty else {one: told_of(gateway_id) for one, gateway_id in absent.items()}
    with reading() as session:  # ours are read after the gateway's word: what we know is never the older
        results = _results(session, page.data, absent, words)
        known = _standing(session, [subject for subject, _ in results])
    differing = []
    for subject, found in results:
        if found is not None:
            if note(found) != DiscrepancyStatus.RESOLVED:
                differing.append(found.subject)
        elif subject in known:
            agree(subject)
    return PageDone(page.next_cursor, oldest, len(results), tuple(differing))


def _results(
    session: Session, told: Sequence[GatewayPayment], absent: Iterable[str], words: dict[str, GatewayPayment | None]
) -> list[tuple[str, Found | None]]:
    """What of each differs, by its subject; nothing is said of what is under way."""
    ours = _ours(session, told, absent)
    newest = _newest(session, list(ours.values()))
    pairs = [(ours.get(one.id), one) for one in told]
    results = [
        (payment.id, compare(session, payment, one, is_newest=payment.id in newest))
        if payment is not None
        else (one.id, missing_here(one))
        for payment, one in pairs
        if payment is None or not is_under_way(payment)
    ]
    results += [
        (one, compare(session, ours[one], words.get(one), is_newest=one in newest))
        for one in absent
        if one in ours and not is_under_way(ours[one])
    ]
    return results


def _absent(session: Session, before: datetime | None, oldest: datetime | None, listed: set[str]) -> dict[str, str]:
    """Ours of the page's span of time that the page does not hold: our ids and the gateway's."""
    span: list[ColumnElement[bool]] = [Payment.gateway_id.is_not(None)]
    if before is not None:
        span.append(Payment.created_at < before)
    if oldest is not None:
        span.append(Payment.created_at >= oldest)
    rows = session.execute(
        select(Payment.id, Payment.gateway_id)
        .where(*span, Payment.gateway_id.not_in(listed))
        .limit(ABSENT_ASKED_AT_MOST)
    )
    return {payment_id: gateway_id for payment_id, gateway_id in rows if gateway_id is not None}


def _standing(session: Session, subjects: Sequence[str]) -> set[str]:
    rows = select(Discrepancy.subject).where(
        Discrepancy.subject.in_(subjects), Discrepancy.status != DiscrepancyStatus.RESOLVED
    )
    return set(session.scalars(rows))


def get_discrepancy(discrepancy_id: str) -> Discrepancy:
    """The discrepancy; NotFound."""
    with reading() as session:
        found = session.get(Discrepancy, discrepancy_id)
    if found is None or found.status == DiscrepancyStatus.SUSPECTED:
        raise NotFound(f"There is no discrepancy {discrepancy_id}.")
    return found
