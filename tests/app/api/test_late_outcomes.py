"""Money that does not move after all: a capture that the bank refuses, refunds that end later or come back."""

from __future__ import annotations

import pytest

from tests.clients import GatewayAccount, Json, OrderService, both_agree
from tests.stack import until


def test_a_capture_that_fails_is_told_and_leaves_the_hold(service: OrderService, account: GatewayAccount) -> None:
    order = service.place()
    service.pay(order, "visa_capture_fails")
    refused = service.call("POST", f"/orders/{order['id']}/captures", {})
    assert refused.status_code == 409, refused.text
    assert refused.json()["code"] == "capture_failed"
    assert "No money moved" in refused.json()["detail"]
    stands = service.order_when(order, "authorized")
    assert (stands["amount_authorized"], stands["amount_captured"]) == (1999, 0)
    assert stands["payments"][0]["attempts"][-1]["refusal"]["code"] == "capture_failed"
    both_agree(stands, account.payments(order))
    assert service.call("POST", f"/orders/{order['id']}/cancel", {"reason": "the bank does not pay"}).status_code == 200


@pytest.mark.parametrize(
    ("test_card", "refund_becomes", "order_becomes"),
    [
        ("visa_refund_pending", "succeeded", "refunded"),
        ("visa_refund_fails", "failed", "paid"),
        ("visa_refund_fails_later", "failed", "paid"),
    ],
)
def test_a_refund_that_ends_later_takes_the_order_along(
    service: OrderService, account: GatewayAccount, test_card: str, refund_becomes: str, order_becomes: str
) -> None:
    order = service.place()
    payment = service.pay(order, test_card, capture=True)
    answer = service.call("POST", f"/orders/{order['id']}/refunds", {"amount": 1999, "reason": "other"})
    assert answer.status_code in (200, 201), answer.text
    service.order_when(order, "refunded")
    # The outside world ends it now, as it would by itself after days.
    refund_id = account.payments(order)[0]["refunds"][0]["id"]
    move = "succeed" if refund_becomes == "succeeded" else "fail"
    account.call("POST", f"/_sandbox/refunds/{refund_id}/next", {"action": move})

    def settled() -> Json | None:
        now = service.order(order)
        return now if [refund["status"] for refund in now["payments"][0]["refunds"]] == [refund_becomes] else None

    now = until(settled, what=f"the refund to be {refund_becomes}")
    assert (now["status"], now["amount_refunded"]) == (order_becomes, 1999 if refund_becomes == "succeeded" else 0)
    assert payment["id"] == now["payments"][0]["id"]
    both_agree(now, account.payments(order))
