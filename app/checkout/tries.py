"""One card that is sent from the page: counted, bound to the browser, and what the way back from the bank leads to."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.checkout.browser import Browser, hash_of
from app.checkout.links import public_url
from app.checkout.models import PayLink, PayTry
from app.clock import wall_now
from app.db import reading, transaction
from app.errors import CounterfoilError, NotFound
from app.ids import new_id
from app.orders.models import Order
from app.payments.authorize import PaymentRequest, authorize_payment
from app.payments.models import Payment, lock_order
from app.payments.queries import get_payment, live_payment_of
from app.payments.states import OVER, PaymentStatus
from app.payments.sync import sync_payment
from app.payments.void import void_payment
from app.timeline import Actor, ActorKind, Kind, add

WINDOW = timedelta(hours=1)
MOST_PER_LINK = 10
MOST_PER_ADDRESS = 30
"""Tries in vain: who tries out stolen cards needs more of them than a customer who looks for the right one."""


class TooOften(CounterfoilError):
    """More cards were sent than a customer has; `wait` until the next may be."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("Too many cards were tried. Nothing was begun.")
        self.wait = wait


class ElsewhereBegun(CounterfoilError):
    """The way back was taken by another browser than the one that began; it learns nothing of the order."""


def customer_of(order: Order) -> Actor:
    """Who acts on this page."""
    return Actor(ActorKind.CUSTOMER, order.customer_name, order.customer_id)


def pay(link: PayLink, order: Order, token: str, browser: Browser, locale: str, request_key: str) -> Payment:
    """Authorize with the card behind `token`; a decline and an unknown outcome are results.

    Raises TooOften, and what `authorize_payment` raises.
    """
    try_id, state = _begin(link, browser, locale)
    request = PaymentRequest(token=token, return_url=f"{public_url()}/pay/return/{state}")
    payment = authorize_payment(order.id, request, customer_of(order), request_key=request_key)
    with transaction() as session:
        session.get_one(PayTry, try_id).payment_id = payment.id
    return payment


def _begin(link: PayLink, browser: Browser, locale: str) -> tuple[str, str]:
    """Count the try, and let the order know the browser. The way back's secret is told here and never again."""
    now, state = wall_now(), secrets.token_urlsafe(32)
    with transaction() as session:
        order = lock_order(session, link.order_id)
        assert order is not None, "orders are never deleted"
        _check(session, PayTry.link_id == link.id, MOST_PER_LINK, now)
        _check(session, PayTry.ip == browser.ip, MOST_PER_ADDRESS, now)
        order.context = _with_browser(order.context, browser.context)
        order.customer_locale = order.customer_locale or locale
        made = PayTry(
            id=new_id("try"),
            link_id=link.id,
            state_hash=hash_of(state),
            browser_hash=browser.session_hash,
            ip=browser.ip,
            at=now,
        )
        session.add(made)
    return made.id, state


def _check(session: Session, whose: ColumnElement[bool], most: int, now: datetime) -> None:
    in_vain = or_(PayTry.payment_id.is_(None), Payment.status.in_(OVER))
    recent = select(func.count(), func.min(PayTry.at)).join(Payment, isouter=True)
    number, first = session.execute(recent.where(whose, in_vain, PayTry.at > now - WINDOW)).one()
    if number >= most:
        raise TooOften(first + WINDOW - now)


def _with_browser(before: Mapping[str, str], seen: Mapping[str, str]) -> dict[str, str]:
    """What was seen wins over what was told; the country of another address is not known."""
    told = dict(before)
    if told.get("ip") != seen.get("ip"):
        told.pop("ip_country", None)
    return told | dict(seen)


def come_back(state: str, browser: Browser) -> PayLink:
    """The browser is back from 3-D Secure: ask the gateway what came of it, unless that is known. The link to go on at.

    Raises NotFound for a way back that we never gave, ElsewhereBegun where another browser takes it, and
    GatewayUnavailable where the gateway could not be asked.
    """
    with transaction() as session:
        found = session.scalars(select(PayTry).where(PayTry.state_hash == hash_of(state))).one_or_none()
        if found is None:
            raise NotFound("There is no such way back.")
        if not secrets.compare_digest(found.browser_hash, browser.session_hash):
            raise ElsewhereBegun
        link = session.get_one(PayLink, found.link_id)
        order = session.get_one(Order, link.order_id)
        if found.returned_at is None:
            found.returned_at = wall_now()
            add(
                session,
                Kind.CUSTOMER_RETURNED,
                found.id,
                "The customer came back from 3-D Secure",
                customer_of(order),
                order_id=order.id,
                payment_id=found.payment_id,
                cause=found.id,
            )
    if found.payment_id is not None and get_payment(found.payment_id).state == PaymentStatus.REQUIRES_ACTION:
        sync_payment(found.payment_id, customer_of(order), cause=found.id)
    return link


def begin_anew(order: Order, request_key: str) -> None:
    """Give up a challenge that the customer does not want to finish, so that another card can be tried.

    What the gateway says now decides: a payment that was confirmed meanwhile stays. Raises GatewayUnavailable,
    RuleBroken.
    """
    with reading() as session:
        live = live_payment_of(session, order.id)
    if live is None or live.state != PaymentStatus.REQUIRES_ACTION:
        return
    if sync_payment(live.id, customer_of(order), cause=request_key).state == PaymentStatus.REQUIRES_ACTION:
        void_payment(live.id, customer_of(order), request_key=request_key)
