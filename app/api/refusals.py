"""What a verb refused about a payment, told in the words of the order that this door knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app.api.answers import allowed_actions
from app.api.problems import PROBLEMS, ApiProblem
from app.db import reading
from app.errors import RuleBroken
from app.orders.queries import find_order
from app.payments.queries import payments_of


@contextmanager
def told_of_order(order_id: str) -> Iterator[None]:
    """Let refusals tell where the order stands; a code of the gateway's that has no page here is told as its own."""
    try:
        yield
    except RuleBroken as broken:
        if broken.errors:
            raise
        if broken.code == "gateway_outage":
            raise ApiProblem(broken.code, broken.detail, headers={"Retry-After": "5"}) from broken
        if broken.status >= 500:
            raise ApiProblem("gateway_refused", broken.detail, gateway_code=broken.code) from broken
        if broken.code not in PROBLEMS or broken.code == "validation_failed":
            raise ApiProblem(
                "refused_by_gateway", broken.detail, status=broken.status, gateway_code=broken.code
            ) from broken
        if broken.status != 409:
            raise
        raise not_now(order_id, broken.detail, broken.code) from broken


def not_now(order_id: str, detail: str, code: str = "invalid_transition") -> RuleBroken:
    """The refusal of what the order's status does not allow."""
    with reading() as session:
        order = find_order(session, order_id)
        actions = allowed_actions(order, payments_of(session, order_id))
        return RuleBroken(code, detail, current_status=order.status, allowed_actions=actions)
