"""Authorize: begin a payment of an order with a token, or with a card of the sandbox's catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.clock import business_now
from app.db import reading, transaction
from app.errors import GatewayRefused, InvalidInput, NotFound, RuleBroken
from app.gateway import GatewayToken, gateway
from app.ids import new_id, new_key
from app.orders.models import Order
from app.payments.ask import carry_out, carry_out_again
from app.payments.models import Payment, lock_order
from app.payments.outages import check_reachable
from app.payments.queries import attempt_of_request, get_payment, live_payment_of
from app.payments.record import follow_payment
from app.payments.screen import screen, take_opinion
from app.payments.states import Operation, PaymentStatus
from app.policy import current_policy
from app.policy.current import Unauthenticated
from app.risk.assess import Opinion
from app.risk.models import Decision
from app.timeline import Actor
from app.timeline.queries import payment_changed_by


@dataclass(frozen=True)
class PaymentRequest:
    """How an order is to be paid: exactly one of `token` and `test_card`; `capture` None follows the order's policy."""

    token: str | None = None
    test_card: str | None = None
    capture: bool | None = None
    return_url: str | None = None
    three_ds: str | None = None
    retry_of: str | None = None
    """The declined payment that this one tries again by itself."""


def authorize_payment(
    order_id: str, request: PaymentRequest, actor: Actor, *, request_key: str | None = None
) -> Payment:
    """Write, ask, record. A decline and an unknown outcome are results, not errors.

    Raises NotFound, InvalidInput (naming `/token` or `/test_card`), RuleBroken where the order cannot be paid now,
    and GatewayUnavailable where not even the token could be looked at: then nothing was begun.
    """
    standing = attempt_of_request(request_key)
    if standing is not None:
        return carry_out_again(standing)
    try:
        return _authorize(order_id, request, actor, request_key)
    except RuleBroken:
        rival = attempt_of_request(request_key)  # the same request, a moment earlier, is in the way
        if rival is None:
            raise
        return carry_out_again(rival)


def _authorize(order_id: str, request: PaymentRequest, actor: Actor, request_key: str | None) -> Payment:
    with reading() as session:
        blocked = payment_changed_by(session, order_id, request_key)
    if blocked is not None:
        return get_payment(blocked)
    order = _payable(order_id)
    token = _token_for(order, request)
    opinion = screen(order, token.card)
    with transaction() as session:
        locked = lock_order(session, order_id)
        assert locked is not None, "orders are never deleted"
        blocked = payment_changed_by(session, order_id, request_key)  # the same request, a moment earlier
        if blocked is not None:
            return get_payment(blocked)
        _check_unpaid(session, locked)
        payment = _begin(session, locked, request, token)
        take_opinion(session, payment, opinion, actor, request_key)
        attempt = None
        if payment.state == PaymentStatus.BLOCKED:
            follow_payment(session, payment, actor, request_key)
        else:
            asked = _asked(session, payment, request, token, opinion)
            attempt = payment.open_attempt(
                session, Operation.AUTHORIZE, asked, actor, amount=payment.amount, request_key=request_key
            )
    return get_payment(payment.id) if attempt is None else carry_out(attempt)


def _payable(order_id: str) -> Order:
    with reading() as session:
        order = session.get(Order, order_id)
        if order is None:
            raise NotFound(f"There is no order {order_id}.")
        _check_unpaid(session, order)
        check_reachable(session, Operation.AUTHORIZE)
        return order


def _check_unpaid(session: Session, order: Order) -> None:
    order.check_payable()
    live = live_payment_of(session, order.id)
    if live is not None:  # begun, and its outcome is not known yet
        live.check_idle()
        raise RuleBroken(
            "invalid_transition",
            f"Payment {live.id} of this order is {live.state.value.replace('_', ' ')}.",
            current_status=order.status,
            allowed_actions=live.allowed_actions(),
        )


def _token_for(order: Order, request: PaymentRequest) -> GatewayToken:
    if (request.token is None) == (request.test_card is None):
        raise InvalidInput("/token", "one_of", "Give either a token or the name of a test card.")
    try:
        if request.test_card is not None:
            return gateway().create_test_token(request.test_card, order.amount_minor, order.currency, new_key())
        assert request.token is not None
        token = gateway().get_token(request.token)
    except GatewayRefused as refusal:
        member = "/token" if request.token is not None else "/test_card"
        if refusal.status not in (404, 422):
            raise
        code = "token_not_found" if request.token is not None else "unknown_test_card"
        raise InvalidInput(member, code, refusal.detail or "The gateway does not know it.") from refusal
    if token.used:
        raise RuleBroken("token_used", "This token has paid for something already; a token is for one payment.")
    if token.amount != order.amount_minor:
        raise InvalidInput("/token", "amount_mismatch", "The token is for another amount than the order's.")
    if token.currency != order.currency:
        raise InvalidInput("/token", "currency_mismatch", "The token is for another currency than the order's.")
    return token


def _begin(session: Session, order: Order, request: PaymentRequest, token: GatewayToken) -> Payment:
    capture = order.captures_at_once if request.capture is None else request.capture
    payment = Payment(
        id=new_id("pay"),
        order_id=order.id,
        order=order,
        status=PaymentStatus.UNKNOWN,
        gateway_version=0,
        version=1,
        amount_minor=order.amount_minor,
        amount_capturable_minor=0,
        amount_captured_minor=0,
        amount_refunded_minor=0,
        amount_refundable_minor=0,
        currency=order.currency,
        capture=capture,
        test_card=request.test_card,
        retry_of=request.retry_of,
        created_at=business_now(session),
    )
    payment.take_card(token.card)
    session.add(payment)
    session.flush()
    return payment


def _asked(
    session: Session, payment: Payment, request: PaymentRequest, token: GatewayToken, opinion: Opinion
) -> dict[str, Any]:
    """What the gateway is asked, in its own words."""
    order = payment.order
    # Money is taken only after it is known that 3-D Secure was possible, or that a person agrees.
    looks_first = payment.in_review or current_policy(session).unauthenticated is Unauthenticated.FAIL
    asked: dict[str, Any] = {
        "token": token.id,
        "amount": order.amount_minor,
        "currency": order.currency,
        "capture": payment.capture and not looks_first,
        "reference": order.reference,
        "customer": {"id": order.customer_id, "email": order.customer_email, "name": order.customer_name},
        "metadata": {"order": order.id, "payment": payment.id},
    }
    if order.context.get("ip"):
        asked["customer"]["ip"] = order.context["ip"]
    if request.return_url is not None:
        asked["return_url"] = request.return_url.replace("{payment}", payment.id)
    if opinion.decision is Decision.THREE_DS:
        asked["three_ds"] = "force"
    elif request.three_ds is not None:
        asked["three_ds"] = request.three_ds
    return asked
