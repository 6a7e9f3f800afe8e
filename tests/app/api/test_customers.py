"""Customers over the API: found, merged, erased; each once, by whoever may, and refused with the reason."""

from __future__ import annotations

import secrets

import pytest
import requests

from tests.clients import Json, OrderService
from tests.stack import Stack


@pytest.fixture(scope="module")
def admin(stack: Stack) -> OrderService:
    """Whoever may erase."""
    return OrderService(stack, "admin")


def placed(service: OrderService, name: str = "Ann Example") -> Json:
    """An order of somebody whom nobody knew before."""
    return service.place(customer={"email": f"c{secrets.token_hex(6)}@api.example", "name": name})


def customer(service: OrderService, customer_id: str) -> Json:
    answer = service.call("GET", f"/customers/{customer_id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def refusal(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_customer_is_found_with_what_their_orders_came_to(service: OrderService) -> None:
    mark = f"Zoe{secrets.token_hex(5)}"
    order = placed(service, f"{mark} Finder")
    service.pay(order, capture=True)
    assert service.call("POST", f"/orders/{order['id']}/refunds", {"amount": 99}).ok
    who = order["customer"]
    for asked in (who["id"], who["email"].upper(), mark.lower()):
        listed = service.call("GET", f"/customers?q={asked}&status=active").json()
        assert [one["id"] for one in listed["data"]] == [who["id"]], asked
    told = customer(service, who["id"])
    assert (told["status"], told["email"], told["merged_into"]) == ("active", who["email"], None)
    assert told["totals"] == [{"currency": "USD", "orders": 1, "amount_captured": 1999, "amount_refunded": 99}]
    assert service.call("GET", f"/customers?q={mark}&status=merged").json()["data"] == []


def test_pages_of_customers_follow_one_another(service: OrderService) -> None:
    mark = f"Page{secrets.token_hex(5)}"
    placed_ids = [placed(service, f"{mark} {number}")["customer"]["id"] for number in range(3)]
    found, cursor = [], ""
    while True:
        page = service.call("GET", f"/customers?q={mark}&limit=2{cursor}").json()
        found += [one["id"] for one in page["data"]]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == placed_ids[::-1]
    assert refusal(service.call("GET", "/customers?cursor=none")) == (422, "invalid_cursor")


def test_the_other_one_s_orders_become_this_one_s_once(service: OrderService) -> None:
    first, second = placed(service), placed(service)
    stays, goes = first["customer"], second["customer"]
    at, body = f"/customers/{stays['id']}/merge", {"other": goes["email"], "reason": "The same person, by phone"}
    merged = service.call("POST", at, body, **{"Idempotency-Key": secrets.token_hex(8)})
    assert merged.status_code == 200, merged.text
    assert [(one["currency"], one["orders"]) for one in merged.json()["totals"]] == [("USD", 2)]
    assert service.order(second)["customer"]["id"] == stays["id"]
    gone = customer(service, goes["id"])
    assert (gone["status"], gone["merged_into"], gone["totals"]) == ("merged", stays["id"], [])
    assert gone["changed_reason"] == "The same person, by phone"
    assert service.call("POST", at, body | {"reason": "Again"}).json() == merged.json()
    assert customer(service, goes["id"]) == gone, "what is done already changes nothing"

    third = placed(service)["customer"]["id"]
    late = service.call("POST", f"/customers/{third}/merge", {"other": goes["id"], "reason": "Late"})
    assert refusal(late) == (409, "customer_merged")
    assert stays["id"] in late.json()["detail"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"reason": "Why"}, "/other"),
        ({"other": "nobody@nowhere.example", "reason": "Why"}, "/other"),
        ({"other": "themselves", "reason": "Why"}, "/other"),
        ({"other": "another"}, "/reason"),
        ({"other": "another", "reason": " \t "}, "/reason"),
        ({"other": "another", "reason": "x" * 401}, "/reason"),
    ],
)
def test_what_is_wrong_with_a_merge_is_named(service: OrderService, body: Json, param: str) -> None:
    this, another = placed(service)["customer"], placed(service)["customer"]
    meant = {"themselves": this["id"], "another": another["id"]}
    body = {name: meant.get(value, value) for name, value in body.items()}
    answer = service.call("POST", f"/customers/{this['id']}/merge", body)
    assert refusal(answer) == (422, "validation_failed"), answer.text
    assert answer.json()["param"] == param
    assert customer(service, another["id"])["status"] == "active"


def test_an_erased_customer_leaves_the_money_and_no_name(service: OrderService, admin: OrderService) -> None:
    name = f"Wilhelmina{secrets.token_hex(4)} Forgotten"
    order = placed(service, name)
    service.pay(order)
    who, at = order["customer"], f"/customers/{order['customer']['id']}/erase"
    waits = admin.call("POST", at, {"reason": "Asked for by letter"})
    assert refusal(waits) == (409, "customer_has_open_money")
    assert order["reference"] in waits.json()["detail"]
    assert service.call("POST", f"/orders/{order['id']}/captures", {}).ok

    key = {"Idempotency-Key": secrets.token_hex(8)}
    erased = admin.call("POST", at, {"reason": f"{name} asked by letter"}, **key)
    assert erased.status_code == 200, erased.text
    told = erased.json()
    assert (told["status"], told["email"]) == ("erased", f"{who['id']}@erased.invalid")
    assert told["totals"] == [{"currency": "USD", "orders": 1, "amount_captured": 1999, "amount_refunded": 0}]
    left = (erased.text, service.call("GET", f"/orders/{order['id']}").text, admin.call("GET", "/customers").text)
    assert not [text for text in left if "Wilhelmina" in text or who["email"] in text]
    replayed = admin.call("POST", at, {"reason": f"{name} asked by letter"}, **key)
    assert (replayed.headers["Idempotent-Replayed"], replayed.json()) == ("true", told)
    assert admin.call("POST", at, {"reason": "Again"}).json() == told, "what is done already changes nothing"
    late = admin.call(
        "POST", f"/customers/{who['id']}/merge", {"other": placed(service)["customer"]["id"], "reason": "No"}
    )
    assert refusal(late) == (409, "customer_erased")


def test_only_an_admin_s_token_erases(stack: Stack, service: OrderService) -> None:
    who = placed(service)["customer"]
    for role in ("operator", "finance", "developer", "viewer"):
        answer = OrderService(stack, role).call("POST", f"/customers/{who['id']}/erase", {"reason": "No"})
        assert refusal(answer) == (403, "forbidden"), role
    assert customer(service, who["id"])["name"] == who["name"]


def test_what_can_be_no_id_is_nobody(admin: OrderService) -> None:
    for customer_id in ("none", "cus_" + "0" * 26, "ord_" + "0" * 26):
        for method, path, body in (
            ("GET", "", None),
            ("POST", "/merge", {"other": "x", "reason": "Why"}),
            ("POST", "/erase", {"reason": "Why"}),
        ):
            answer = admin.call(method, f"/customers/{customer_id}{path}", body)
            assert refusal(answer) == (404, "not_found"), (customer_id, path)
