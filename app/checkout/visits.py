"""Who opened a pay link: each browser is told of once in the order's timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.checkout.browser import Browser
from app.checkout.models import PayLink, PayTry, PayVisit
from app.checkout.tries import customer_of
from app.clock import wall_now
from app.db import insert_if_absent, reading, transaction
from app.orders.models import Order
from app.timeline import Kind, add

MOST_TOLD = 20
"""Scanners of mail open links over and over, each time as another browser."""


@dataclass(frozen=True)
class Use:
    """How often a link was used: by how many browsers opened, and how many cards were sent."""

    browsers: int = 0
    tries: int = 0


def note_visit(link: PayLink, order: Order, browser: Browser) -> None:
    """The browser has opened the link; nothing happens where that is known."""
    with reading() as session:
        if session.get(PayVisit, (link.id, browser.device_id)) is not None:
            return
        if uses_of(session, [link])[link.id].browsers >= MOST_TOLD:
            return
    with transaction() as session:
        values = {"link_id": link.id, "device_id": browser.device_id, "at": wall_now()}
        if insert_if_absent(session, PayVisit.__table__, values):
            words = "The customer opened the pay link"
            seen = {"ip": browser.ip, "user_agent": browser.user_agent}
            add(session, Kind.PAY_LINK_OPENED, link.id, words, customer_of(order), order_id=order.id, data=seen)


def uses_of(session: Session, links: Sequence[PayLink]) -> Mapping[str, Use]:
    """How often each of the links was used."""
    ids = [link.id for link in links]
    opened = select(PayVisit.link_id, func.count()).where(PayVisit.link_id.in_(ids)).group_by(PayVisit.link_id)
    tried = select(PayTry.link_id, func.count()).where(PayTry.link_id.in_(ids)).group_by(PayTry.link_id)
    browsers = dict(session.execute(opened).tuples().all())
    tries = dict(session.execute(tried).tuples().all())
    return {link_id: Use(browsers.get(link_id, 0), tries.get(link_id, 0)) for link_id in ids}
