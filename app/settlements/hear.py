"""Hears of the gateway's settlements and payouts: by events, and by looking at its lists on the account's clock."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import jobs
from app.clock import business_now
from app.db import insert_if_absent, reading, transaction
from app.errors import GatewayRefused, GatewayUnavailable
from app.gateway import gateway
from app.gateway.wire import GatewayPayout, GatewaySettlement
from app.settlements.agreed import learn_terms
from app.settlements.book import book_settlement, make_available
from app.settlements.models import Payout, Settlement
from app.settlements.payouts import record_payout
from app.settlements.states import SettlementStatus

BOOK_JOB = "book_settlement"


def hear_of_settlement(told: GatewaySettlement) -> bool:
    """Write the head down and have its lines booked; False where it is known."""
    values = {
        "id": told.id,
        "status": SettlementStatus.WAITING,
        "currency": told.currency,
        "day": told.day,
        "lines": told.lines,
        "gross_minor": told.gross,
        "fee_minor": told.fee,
        "net_minor": told.net,
        "totals": told.totals,
        "available_on": told.available_on,
        "parts": {},
        "lines_read": 0,
        "net_read_minor": 0,
        "breaks": 0,
        "created_at": told.created_at,
    }
    with transaction() as session:
        is_new = insert_if_absent(session, Settlement.__table__, values)
        if is_new:
            jobs.enqueue(session, BOOK_JOB, f"{BOOK_JOB}:{told.id}", {"settlement": told.id})
    return is_new


@jobs.handler(BOOK_JOB)
def _book(payload: dict[str, str]) -> None:
    _wait_for_earlier_days(payload["settlement"])
    try:
        learn_terms()
        book_settlement(payload["settlement"])
    except (GatewayUnavailable, GatewayRefused) as trouble:
        raise jobs.Retry(str(trouble)) from trouble


def _wait_for_earlier_days(settlement_id: str) -> None:
    """Days are booked in their order: what one lacks may come late with the next."""
    with reading() as session:
        mine = session.get_one(Settlement, settlement_id)
        earlier = select(Settlement.id).where(
            Settlement.currency == mine.currency,
            Settlement.day < mine.day,
            Settlement.status == SettlementStatus.WAITING,
        )
        if session.scalars(earlier.limit(1)).first() is not None:
            raise jobs.Retry("an earlier day is not booked yet", timedelta(seconds=1))


def look_for_settlements() -> None:
    """Look at the gateway's lists for what no event told of. Raises GatewayUnavailable, GatewayRefused."""
    unknown: list[GatewaySettlement] = []
    cursor: str | None = ""
    while cursor is not None:
        page = gateway().list_settlements(cursor or None)
        with reading() as session:
            known = _known(session, [one.id for one in page.data])
        unknown += [one for one in page.data if one.id not in known]
        cursor = page.next_cursor if not known else None
    for one in reversed(unknown):  # the oldest first: a line that comes late is found missing before
        hear_of_settlement(one)
    look_for_payouts()


def look_for_payouts() -> None:
    """A payout changes for days after it was made, so the newest page is looked at each time, and on while any waits.

    One whose settlements are not booked yet is heard of again in the next round.
    """
    found: list[GatewayPayout] = []
    cursor: str | None = ""
    while cursor is not None:
        page = gateway().list_payouts(cursor or None)
        found += page.data
        with reading() as session:
            known = session.scalars(select(Payout.id).where(Payout.id.in_([one.id for one in page.data]))).all()
        cursor = page.next_cursor if not known else None
    for one in reversed(found):
        if not record_payout(one):
            return


def free_what_is_due() -> None:
    """Move what has become available by the account's clock."""
    with reading() as session:
        today = business_now(session).date()
        due = select(Settlement.id).where(
            Settlement.status == SettlementStatus.BOOKED, Settlement.available_on <= today
        )
        ids = session.scalars(due.order_by(Settlement.created_at, Settlement.id)).all()
    for one in ids:
        make_available(one)


def _known(session: Session, ids: list[str]) -> set[str]:
    return set(session.scalars(select(Settlement.id).where(Settlement.id.in_(ids))))
