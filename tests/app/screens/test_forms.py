"""Forms: what is wrong is told beside its field, nothing typed is lost, and nothing is done."""

from __future__ import annotations

import secrets

import pytest

from app.operators.roles import ALLOWED, Permission, Role
from tests.app.screens.visitor import Read, Visitor
from tests.clients import GatewayAccount, Json, OrderService
from tests.stack import Stack, until


@pytest.fixture
def reference() -> str:
    return f"F-{secrets.token_hex(6)}"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"customer_name": "  "}, "Write the customer's name"),
        ({"customer_name": "x" * 201}, "At most 200 characters."),
        ({"customer_name": "a\x00b"}, "Write plain text, without control characters."),
        ({"customer_email": "nobody"}, "Write an e-mail address, like ann@example.com."),
        ({"customer_email": f"{'x' * 250}@example.com"}, "At most 254 characters."),
        ({"customer_email": f"{'x' * 65}@example.com"}, "Write an e-mail address, like ann@example.com."),
        ({"currency": "XXX"}, "Not a valid choice"),
        ({"currency": "usd"}, "Not a valid choice"),
        ({"currency": "JPY"}, "JPY has no digits after the point; write it like 123450."),
        ({"items-0-unit_price": ""}, "Write the amount in USD, like 1234.50."),
        ({"items-0-unit_price": "0"}, "The amount must lie between 0.01 and 9999999999.99 USD."),
        ({"items-0-unit_price": "-5"}, "Write the amount in USD, like 1234.50."),
        ({"items-0-unit_price": "1e3"}, "Write the amount in USD, like 1234.50."),
        ({"items-0-unit_price": "10000000000.00"}, "The amount must lie between 0.01 and 9999999999.99 USD."),
        ({"items-0-unit_price": "9999999999.99", "items-0-quantity": "2"}, "The amount must be 1 to 999999999999"),
        ({"items-0-quantity": "0"}, "Write a whole number from 1 to 9999."),
        ({"items-0-quantity": "1.5"}, "Write a whole number from 1 to 9999."),
        ({"items-0-quantity": ""}, "Write a whole number from 1 to 9999."),
        ({"items-0-name": ""}, "Name the item, like Coffee beans."),
        ({"items-0-name": "x" * 201}, "At most 200 characters."),
        ({"items-0-name": "", "items-0-unit_price": ""}, "Write at least one item with its price."),
        ({"test_card": "visa_unheard_of"}, "Choose a card of the list."),
        ({"context": "moon"}, "Not a valid choice"),
        ({"merchant": "mer_nobody"}, "Not a valid choice"),
        ({"capture": "perhaps"}, "Not a valid choice"),
    ],
)
def test_a_test_order_that_cannot_be(
    visitor: Visitor, service: OrderService, reference: str, written: dict[str, str], told: str
) -> None:
    answer = visitor.send("/orders/new", "/orders", reference=reference, **written)
    assert answer.status_code == 422
    page = Read(answer.text)
    assert told in page.text
    for name, value in written.items():
        if name.startswith(("items", "customer")) and value.strip() and "\x00" not in value:
            assert page.fields[name] == value
    assert service.call("GET", f"/orders?reference={reference}").json()["data"] == []


def test_a_reference_is_used_once(visitor: Visitor, service: OrderService) -> None:
    taken = service.place()["reference"]
    answer = visitor.send("/orders/new", "/orders", reference=taken, test_card="")
    assert answer.status_code == 422
    assert f"This merchant already has an order &#39;{taken}&#39;." in answer.text


def test_a_form_sent_twice_places_one_order_and_pays_it_once(
    visitor: Visitor, account: GatewayAccount, reference: str
) -> None:
    fields = visitor.read("/orders/new").fields | {"reference": reference}
    first, second = (visitor.post("/orders", fields) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.url == second.url
    assert len(account.payments({"reference": reference})) == 1


def test_a_form_that_is_filled_differently_the_second_time_acts_anew(visitor: Visitor, reference: str) -> None:
    fields = visitor.read("/orders/new").fields | {"test_card": ""}
    first = visitor.post("/orders", fields | {"reference": reference})
    second = visitor.post("/orders", fields | {"reference": f"{reference}-2"})
    assert first.url != second.url
    assert f"{reference}-2" in second.text


@pytest.mark.parametrize(
    "nasty", ["{{7*7}}", "<svg onload=alert(1)>", "'\"><script>alert(1)</script>", "%s%n", "../../etc", "Ω≈ç√∫ 愛 🤝"]
)
def test_what_is_typed_is_shown_as_it_is(visitor: Visitor, reference: str, nasty: str) -> None:
    written = {"reference": f"{reference} {nasty}", "customer_name": nasty, "items-0-name": nasty}
    answer = visitor.send("/orders/new", "/orders", **written)
    assert answer.status_code == 200
    assert "<svg onload" not in answer.text
    assert "<script>" not in answer.text
    assert nasty in Read(answer.text).text
    assert nasty in visitor.read("/").text


@pytest.fixture(scope="module")
def paid(service: OrderService) -> tuple[Json, Json]:
    """Nothing is done to it: whatever is asked for is refused."""
    order = service.place(10_000)
    return order, service.pay(order, capture=True)


@pytest.fixture(scope="module")
def held(service: OrderService) -> tuple[Json, Json]:
    """Nothing is done to it either."""
    order = service.place(10_000)
    return order, service.pay(order)


SUMS = [
    ({"amount": ""}, "Write the amount."),
    ({"amount": "ten"}, "Write the amount in USD, like 1234.50."),
    ({"amount": "1,05"}, "Write the amount in USD, like 1234.50. Did you mean 1.05?"),
    ({"amount": "0.00"}, "The amount must lie between 0.01 and 100.00 USD."),
    ({"amount": "-1"}, "Write the amount in USD, like 1234.50."),
    ({"amount": "1.005"}, "USD has at most 2 digits after the point"),
    ({"amount": "100.01"}, "100.01 USD is more."),
    ({"amount": "9" * 31}, "Field cannot be longer than 30 characters."),
]


@pytest.mark.parametrize(("written", "told"), SUMS)
def test_a_capture_that_cannot_be(
    visitor: Visitor, service: OrderService, held: tuple[Json, Json], written: dict[str, str], told: str
) -> None:
    order, payment = held
    answer = visitor.send(f"/orders/{order['id']}/capture", f"/payments/{payment['id']}/captures", **written)
    assert answer.status_code == 422
    assert told in Read(answer.text).text
    assert Read(answer.text).fields["amount"] == written["amount"]
    assert service.order(order)["amount_captured"] == 0


@pytest.mark.parametrize(
    ("written", "told"),
    [
        *[(written | {"reason": "other"}, told) for written, told in SUMS],
        ({"reason": ""}, "Choose a reason."),
        ({"reason": "whim"}, "Not a valid choice"),
        ({"reason": "other", "note": "x" * 501}, "At most 500 characters."),
    ],
)
def test_a_refund_that_cannot_be(
    visitor: Visitor, service: OrderService, paid: tuple[Json, Json], written: dict[str, str], told: str
) -> None:
    order, payment = paid
    answer = visitor.send(f"/orders/{order['id']}/refund", f"/payments/{payment['id']}/refunds", **written)
    assert answer.status_code == 422
    assert told in Read(answer.text).text
    assert Read(answer.text).fields["amount"] == written.get("amount", "100.00")
    assert service.order(order)["amount_refunded"] == 0


def test_all_that_is_wrong_with_a_refund_is_told_at_once(visitor: Visitor, paid: tuple[Json, Json]) -> None:
    order, payment = paid
    answer = visitor.send(f"/orders/{order['id']}/refund", f"/payments/{payment['id']}/refunds", amount="100.01")
    assert answer.status_code == 422
    assert "Only 100.00 USD is refundable; 100.01 USD is more." in Read(answer.text).text
    assert "Choose a reason." in Read(answer.text).text


@pytest.mark.parametrize("written", ["1,05", "1 05", ",", "0,00", "1.005", "none"])
def test_a_limit_that_cannot_be_read_is_not_set(visitor: Visitor, written: str) -> None:
    before = visitor.read("/settings/policy").fields["refund_limit_minor"]
    answer = visitor.send("/settings/policy", "/settings/policy", refund_limit_minor=written, reason="a test")
    assert answer.status_code == 422
    assert "Write an amount with at most two digits after the point, like 500.00." in Read(answer.text).text
    assert Read(answer.text).fields["refund_limit_minor"] == written
    assert visitor.read("/settings/policy").fields["refund_limit_minor"] == before


@pytest.mark.parametrize("action", ["pay", "capture", "void", "cancel"])
def test_a_dialog_for_what_cannot_be_done_says_so(visitor: Visitor, paid: tuple[Json, Json], action: str) -> None:
    order, _ = paid
    answer = visitor.get(f"/orders/{order['id']}/{action}")
    assert answer.status_code == 409
    assert "That is not possible now" in answer.text


def test_an_order_without_a_payment_has_nothing_to_capture(visitor: Visitor, service: OrderService) -> None:
    order = service.place()
    for action in ("capture", "void", "refund"):
        assert visitor.get(f"/orders/{order['id']}/{action}").status_code == 409


def test_a_form_without_its_token_or_from_elsewhere_does_nothing(
    visitor: Visitor, service: OrderService, held: tuple[Json, Json]
) -> None:
    order, payment = held
    fields = visitor.read(f"/orders/{order['id']}/capture").fields
    to = f"/payments/{payment['id']}/captures"
    without = {name: value for name, value in fields.items() if name != "csrf_token"}
    assert visitor.post(to, without).status_code == 403
    assert visitor.post(to, fields, Origin="https://evil.example").status_code == 403
    assert visitor.post(to, fields, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert service.order(order)["amount_captured"] == 0


ACTS = {
    "orders/new": Permission.TAKE_PAYMENTS,
    "orders/{order}/pay": Permission.TAKE_PAYMENTS,
    "orders/{order}/capture": Permission.TAKE_PAYMENTS,
    "orders/{order}/void": Permission.TAKE_PAYMENTS,
    "orders/{order}/cancel": Permission.TAKE_PAYMENTS,
    "orders/{order}/refund": Permission.REFUND,
}
POSTS = {
    "orders": Permission.TAKE_PAYMENTS,
    "orders/{order}/payments": Permission.TAKE_PAYMENTS,
    "orders/{order}/cancel": Permission.TAKE_PAYMENTS,
    "payments/{payment}/captures": Permission.TAKE_PAYMENTS,
    "payments/{payment}/void": Permission.TAKE_PAYMENTS,
    "payments/{payment}/sync": Permission.ASK,
    "payments/{payment}/refunds": Permission.REFUND,
}


@pytest.fixture(scope="module")
def taken_in_part(service: OrderService) -> tuple[Json, Json]:
    """What is left can be captured still, and what was taken be refunded; nothing of that is done."""
    order = service.place(10_000)
    payment = service.pay(order)
    assert service.call("POST", f"/orders/{order['id']}/captures", {"amount": 4000}).status_code == 200
    return order, payment


@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_offered_and_may_do_only_what_is_its_own(
    stack: Stack, taken_in_part: tuple[Json, Json], role: Role
) -> None:
    order, payment = taken_in_part
    visitor = Visitor(stack, role)
    names = {"order": order["id"], "payment": payment["id"]}
    token = {"csrf_token": visitor.read(f"/orders/{order['id']}").fields["csrf_token"]}
    for path, permission in ACTS.items():
        denied = visitor.get("/" + path.format(**names)).status_code == 403
        assert denied == (permission not in ALLOWED[role]), path
    for path, permission in POSTS.items():
        if permission not in ALLOWED[role]:
            assert visitor.post("/" + path.format(**names), token).status_code == 403, path
    offered = {link.href.partition("?")[0] for link in visitor.read(f"/orders/{order['id']}").links}
    assert (f"/orders/{order['id']}/capture" in offered) == (Permission.TAKE_PAYMENTS in ALLOWED[role])
    assert (f"/orders/{order['id']}/refund" in offered) == (Permission.REFUND in ALLOWED[role])


def test_a_poll_with_nothing_new_gets_nothing_and_one_with_news_gets_the_fragment(
    visitor: Visitor, service: OrderService
) -> None:
    order = service.place()
    service.pay(order, "visa_challenge", return_url=f"{visitor.url}/")
    headers = {"HX-Request": "true", "X-Poll": "1"}

    def nothing_new() -> bool:  # once the webhook is in as well
        page = visitor.get(f"/orders/{order['id']}").text
        seen = page.partition('"X-Seen": "')[2].partition('"')[0]
        return visitor.get(f"/orders/{order['id']}", **headers, **{"X-Seen": seen}).status_code == 204

    until(nothing_new, what="a page to which nothing is added")
    fragment = visitor.get(f"/orders/{order['id']}", **headers, **{"X-Seen": "older"})
    assert fragment.text.lstrip().startswith('<div id="order"')
    assert "<html" not in fragment.text
    assert "HX-Request" in fragment.headers["Vary"]
