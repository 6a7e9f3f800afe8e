"""Two customers become one: what is whose afterwards, who may do it, and what is refused."""

from __future__ import annotations

import hashlib
import re

import pytest
import requests
from itsdangerous import Signer

from tests.app.notifications.test_callbacks import rows
from tests.app.notifications.test_mail import somebody
from tests.app.screens.visitor import Visitor
from tests.clients import TIMEOUT, Json, OrderService
from tests.mailbox import Mailbox
from tests.stack import Stack


@pytest.fixture(scope="module")
def operator(telling: Stack) -> Visitor:
    return Visitor(telling, "operator")


def merge(visitor: Visitor, one: str, other: str, **written: str) -> requests.Response:
    """Fill the form and send it; who stays is chosen already."""
    fields = {"reason": "Ordered from work and from home"} | written
    return visitor.send(f"/customers/{one}/merge?other={other}", f"/customers/{one}/merge/{other}", **fields)


def placed(service: OrderService, name: str = "Ann Example") -> tuple[Json, str, str]:
    """An order, its customer's id and e-mail address."""
    order = service.place(**somebody(name))
    return order, order["customer"]["id"], order["customer"]["email"]


def test_what_was_the_one_s_is_the_other_s(
    telling: Stack, service: OrderService, operator: Visitor, box: Mailbox
) -> None:
    name = "Theodora Twice"
    (first, stays, _), (second, goes, email) = placed(service, name), placed(service, name)
    service.pay(second, capture=True)
    box.wait_for(email)
    dialog = operator.read(f"/customers/{stays}/merge")
    assert email in dialog.text, "customers of the same name are offered"
    shown = operator.read(f"/customers/{stays}/merge?other={email.upper()}").text
    assert "cannot be undone" in shown
    answer = merge(operator, stays, goes)
    assert answer.url == f"{operator.url}/customers/{stays}"
    for text in (first["reference"], second["reference"], "Ordered from work and from home", "Local operator", email):
        assert text in answer.text, text
    assert service.order(second)["customer"]["id"] == stays
    assert service.order(second)["customer"]["email"] == email, "an order keeps what it was placed with"
    owners = rows(telling, "SELECT DISTINCT customer_id FROM messages WHERE order_id = :id", id=second["id"])
    assert [tuple(one) for one in owners] == [(stays,)]
    assert operator.get(f"/customers/{goes}").url == answer.url
    assert operator.get(f"/search?q={goes}").url == answer.url
    assert goes in operator.get("/customers?status=merged").text

    secret = (telling.data_dir / "secrets" / "secret_key").read_text().strip()
    theirs = Signer(secret, salt="payment-history", digest_method=hashlib.sha256).sign(goes).decode()
    page = requests.get(f"{telling.dashboard_url}/my/{theirs}", timeout=TIMEOUT).text
    assert first["reference"] in page
    assert second["reference"] in page

    again = service.place(customer={"email": email, "name": name})
    assert again["customer"]["id"] == stays
    acts = rows(telling, "SELECT actor_name, reason, after FROM audit_entries WHERE subject_id = :id", id=goes)
    assert [tuple(act)[:2] for act in acts] == [("Local operator", "Ordered from work and from home")]
    assert stays in acts[0][2]


def test_the_other_one_may_stay(service: OrderService, operator: Visitor) -> None:
    (_, first, _), (order, second, _) = placed(service), placed(service)
    answer = merge(operator, first, second, stays=second)
    assert answer.url == f"{operator.url}/customers/{second}"
    assert operator.get(f"/customers/{first}").url == answer.url
    assert service.order(order)["customer"]["id"] == second


def test_what_cannot_be_merged_is_refused_with_the_reason(service: OrderService, operator: Visitor) -> None:
    (_, stays, _), (_, goes, _), (_, third, _) = placed(service), placed(service), placed(service)
    for told, said in (
        (stays, "This is the customer that you are merging"),
        ("nobody@nowhere.example", "There is no customer"),
        ("", "Write an e-mail address or an id."),
    ):
        answer = operator.get(f"/customers/{stays}/merge?other={told}")
        assert answer.status_code == 422
        assert said in answer.text
    fields = operator.read(f"/customers/{third}/merge?other={goes}").fields
    without = merge(operator, stays, goes, reason="")
    assert without.status_code == 422
    assert "Write why" in without.text
    assert merge(operator, stays, goes).status_code == 200
    late = operator.post(f"/customers/{third}/merge/{goes}", fields | {"stays": third, "reason": "Late"})
    assert late.status_code == 409
    assert re.search(rf"merged into customer {stays} already", late.text)
    assert operator.get(f"/customers/{goes}/merge").status_code == 409


@pytest.mark.parametrize("role", ["viewer", "developer"])
def test_who_only_looks_merges_nobody(telling: Stack, service: OrderService, role: str) -> None:
    (_, stays, _), (_, goes, _) = placed(service), placed(service)
    visitor = Visitor(telling, role)
    page = visitor.read(f"/customers/{stays}")
    assert "Merge" not in page.text
    assert visitor.get(f"/customers/{stays}/merge").status_code == 403
    sent = visitor.post(f"/customers/{stays}/merge/{goes}", page.fields | {"stays": stays, "reason": "No"})
    assert sent.status_code == 403
