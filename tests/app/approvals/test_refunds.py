"""Refunds above the limit wait for a second person: at the screen and at the API, on the server, whatever is sent."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.app.screens.visitor import Visitor
from tests.clients import GatewayAccount, Json, OrderService
from tests.stack import Stack, until

Somebody = Callable[[str], Visitor]


def paid(service: OrderService, amount: int = 90_000, currency: str = "USD") -> Json:
    """An order that was paid."""
    order = service.place(amount, currency)
    service.pay(order, capture=True)
    return order


def asked_over_the_api(service: OrderService, order: Json, amount: int | None = None) -> Json:
    """A refund above the limit, asked for: the approval."""
    answer = service.call("POST", f"/orders/{order['id']}/refunds", {} if amount is None else {"amount": amount})
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert answer.headers["Location"] == f"/api/approvals/{told['approval']['id']}"
    return dict(told["approval"])


def decide(
    visitor: Visitor, approval: Json, decision: str = "approve", reason: str = "Slip checked"
) -> tuple[int, str]:
    """What the decision is answered with, from a page where the form need not stand."""
    at = f"/approvals/{approval['id']}"
    fields = visitor.read(at).fields
    written = {"csrf_token": fields["csrf_token"], "decision": decision, "reason": reason}
    answer = visitor.post(f"{at}/decision", written)
    return answer.status_code, answer.text


def test_up_to_the_limit_one_person_is_enough(service: OrderService) -> None:
    order = paid(service)
    answer = service.call("POST", f"/orders/{order['id']}/refunds", {"amount": 50_000})
    assert (answer.status_code, answer.json()["amount_refunded"]) == (201, 50_000)


def test_above_it_nothing_moves_until_another_approves(service: OrderService, somebody: Somebody) -> None:
    order = paid(service)
    approval = asked_over_the_api(service, order)
    assert (approval["status"], approval["amount"]) == ("asked", 90_000)
    assert service.order(order)["amount_refunded"] == 0
    assert decide(somebody("finance"), approval)[0] == 200
    told = service.order_when(order, "refunded")
    assert [refund["amount"] for refund in told["payments"][0]["refunds"]] == [90_000]
    done = service.call("GET", f"/approvals/{approval['id']}").json()
    assert (done["status"], done["decided_by"], done["decision_reason"]) == ("done", "Local finance", "Slip checked")


def test_a_refusal_moves_nothing_and_says_why(service: OrderService, somebody: Somebody) -> None:
    order = paid(service)
    approval = asked_over_the_api(service, order)
    assert decide(somebody("finance"), approval, "refuse", "No parcel came back")[0] == 200
    assert service.order(order)["amount_refunded"] == 0
    page = somebody("viewer").read(f"/approvals/{approval['id']}")
    assert "No parcel came back" in page.text
    answer = decide(somebody("admin"), approval)
    assert answer[0] == 409
    assert "refused by Local finance already" in answer[1]


@pytest.mark.parametrize("role", ["admin", "finance"])
def test_nobody_is_the_second_person_for_an_own_request(service: OrderService, stack: Stack, role: str) -> None:
    order = paid(service)
    asker, again = Visitor(stack, role), Visitor(stack, role)
    refund = f"/payments/{service.order(order)['payments'][0]['id']}/refunds"
    form = asker.read(f"/orders/{order['id']}/refund")
    assert "takes a second person" in form.text
    sent = asker.post(refund, form.fields | {"amount": "900.00", "reason": "duplicate"})
    assert "waits for a second person" in sent.text
    found = re.search(r"/approvals/(apr_\w+)", asker.read(f"/orders/{order['id']}").html)
    assert found is not None
    for visitor in (asker, again):  # the same person in another browser is the same person
        status, text = decide(visitor, {"id": found[1]})
        assert status == 403
        assert "You asked for this yourself" in text
    assert service.order(order)["amount_refunded"] == 0


def test_who_may_not_approve_is_refused(service: OrderService, somebody: Somebody) -> None:
    approval = asked_over_the_api(service, paid(service))
    for role in ("operator", "developer", "viewer"):
        assert decide(somebody(role), approval)[0] == 403
    assert service.call("GET", f"/approvals/{approval['id']}").json()["status"] == "asked"


def test_small_steps_do_not_pass_the_limit(service: OrderService) -> None:
    order = paid(service)
    for amount, status in ((30_000, 201), (20_000, 201), (1, 202)):
        answer = service.call("POST", f"/orders/{order['id']}/refunds", {"amount": amount})
        assert answer.status_code == status, amount


@pytest.mark.parametrize(("currency", "limit"), [("JPY", 500), ("KWD", 500_000)])
def test_the_limit_is_in_the_digits_of_the_currency(service: OrderService, currency: str, limit: int) -> None:
    order = paid(service, 2 * limit, currency)
    path = f"/orders/{order['id']}/refunds"
    assert service.call("POST", path, {"amount": limit + 1}).status_code == 202
    assert service.call("POST", path, {"amount": limit}).status_code == 201


def test_the_same_question_twice_is_one(service: OrderService) -> None:
    order = paid(service)
    path, key = f"/orders/{order['id']}/refunds", {"Idempotency-Key": f"ask-{order['id']}"}
    first, second = (service.call("POST", path, {}, **key) for _ in range(2))
    assert first.json()["approval"]["id"] == second.json()["approval"]["id"]
    other = service.call("POST", path, {})
    assert (other.status_code, other.json()["code"]) == (409, "approval_pending")


def test_what_can_not_be_done_any_more_fails_and_says_so(service: OrderService, somebody: Somebody) -> None:
    order = paid(service)
    approval = asked_over_the_api(service, order)
    assert service.call("POST", f"/orders/{order['id']}/refunds", {"amount": 40_000}).status_code == 201
    assert "could not be done" in decide(somebody("finance"), approval)[1]
    told = service.call("GET", f"/approvals/{approval['id']}").json()
    assert told["status"] == "failed"
    assert "Only 500.00 USD is refundable" in told["outcome"]
    assert service.order(order)["amount_refunded"] == 40_000


def test_an_approval_waits_while_the_gateway_is_away(service: OrderService, somebody: Somebody, stack: Stack) -> None:
    order = paid(service)
    approval = asked_over_the_api(service, order)
    account = GatewayAccount(stack)
    account.fault({"type": "drop_before"}, operation="refund", reference=order["reference"])
    try:
        decide(somebody("finance"), approval)
    finally:
        account.no_faults()
    told = service.order_when(order, "refunded")
    assert [refund["amount"] for refund in told["payments"][0]["refunds"]] == [90_000]


def test_who_asked_may_withdraw_and_nobody_else(service: OrderService, stack: Stack, somebody: Somebody) -> None:
    order = paid(service)
    asker = somebody("operator")
    form = asker.read(f"/orders/{order['id']}/refund")
    payment = service.order(order)["payments"][0]["id"]
    asker.post(f"/payments/{payment}/refunds", form.fields | {"amount": "900.00", "reason": "duplicate"})
    found = re.search(r"/approvals/(apr_\w+)", asker.read(f"/orders/{order['id']}").html)
    assert found is not None
    path = f"/approvals/{found[1]}/withdrawal"
    token = somebody("admin").read("/orders").fields["csrf_token"]
    assert somebody("admin").post(path, {"csrf_token": token, "reason": "Mine"}).status_code == 403
    assert asker.send(f"/approvals/{found[1]}", path, reason="Wrong order").status_code == 200
    assert service.call("GET", f"/approvals/{found[1]}").json()["status"] == "withdrawn"


def test_what_nobody_decides_lapses(service: OrderService, stack: Stack, somebody: Somebody) -> None:
    order = paid(service)
    approval = asked_over_the_api(service, order)
    GatewayAccount(stack).clock(advance="P8D")
    until(
        lambda: service.call("GET", f"/approvals/{approval['id']}").json()["status"] == "expired",
        what="the approval to lapse",
    )
    assert decide(somebody("finance"), approval)[0] == 409
    page = somebody("finance").read(f"/approvals/{approval['id']}")
    assert "Lapsed" in page.text
    assert "decision" not in page.fields
    assert service.order(order)["amount_refunded"] == 0
