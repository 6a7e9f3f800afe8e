"""With every webhook dropped, orders still reach their true state: what nobody told is asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.clients import GatewayAccount, OrderService, both_agree
from tests.stack import Stack


@pytest.fixture
def deaf(stack: Stack) -> Iterator[GatewayAccount]:
    """The gateway's account while nothing that it sends arrives."""
    account = GatewayAccount(stack)
    account.call("POST", "/_sandbox/drain", {"timeout": 10})
    rule = account.fault({"type": "webhook_drop"})
    yield account
    account.call("DELETE", f"/_sandbox/faults/{rule['id']}")


def test_with_every_webhook_dropped_orders_reach_their_true_state(stack: Stack, deaf: GatewayAccount) -> None:
    service = OrderService(stack)
    before = {one["id"] for one in deaf.call("GET", "/v1/webhook_deliveries?limit=100")["data"]}
    expected = {
        "visa_processing_approved": "authorized",
        "visa_processing_declined": "declined",
        "visa_challenge": "authorized",
        "visa_refund_pending": "refunded",
        "visa_refund_fails": "paid",
        "visa_success": "paid",
    }
    orders = {}
    for card, status in expected.items():
        orders[card] = service.place()
        payment = service.pay(orders[card], card, capture=status in ("refunded", "paid"))
        if card == "visa_challenge":
            page = requests.post(
                payment["next_action"]["url"], {"decision": "approve"}, timeout=20, allow_redirects=False
            )
            assert page.status_code in (200, 303)
        if card.startswith("visa_refund"):
            assert service.call("POST", f"/orders/{orders[card]['id']}/refunds", {}).ok
    deaf.clock(advance="P3D")
    for card, status in expected.items():
        order = service.order_when(orders[card], status, within=60)
        both_agree(order, deaf.payments(order))
    sent = [one for one in deaf.call("GET", "/v1/webhook_deliveries?limit=100")["data"] if one["id"] not in before]
    assert {one["status"] for one in sent if one["attempt"] == 1} == {"dropped"}
