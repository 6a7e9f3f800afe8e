"""Lists of orders: filters, and pages that repeat and lose nothing while orders are added."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.clients import GatewayAccount, Json, OrderService
from tests.stack import until


def pages(service: OrderService, query: str) -> list[list[Json]]:
    """Every page of a list, the first first."""
    found: list[list[Json]] = []
    cursor = ""
    while True:
        answer = service.call("GET", f"/orders?{query}{cursor}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert set(page) == {"data", "has_more", "next_cursor"}
        assert page["has_more"] == (page["next_cursor"] is not None)
        found.append(page["data"])
        if not page["has_more"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def ids(orders: list[Json]) -> list[str]:
    return [order["id"] for order in orders]


@pytest.fixture(scope="module")
def shopper(service: OrderService) -> tuple[str, list[Json]]:
    """A customer of this module's own, and the customer's orders, newest first."""
    email = f"shopper-{secrets.token_hex(4)}@example.com"
    placed = [service.place(100 + number, customer={"email": email, "name": "Sam"}) for number in range(7)]
    service.pay(placed[0])
    service.pay(placed[1], capture=True)
    service.pay(placed[2], "visa_generic_decline")
    return email, [service.order(order) for order in reversed(placed)]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_of_any_size_are_the_whole_list(
    service: OrderService, shopper: tuple[str, list[Json]], limit: int
) -> None:
    email, orders = shopper
    found = pages(service, f"customer={email}&limit={limit}")
    assert [order for page in found for order in page] == orders
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)


def test_a_list_shows_twenty_unless_asked(service: OrderService) -> None:
    email = f"many-{secrets.token_hex(4)}@example.com"
    for _ in range(21):
        service.place(customer={"email": email, "name": "Many"})
    assert [len(page) for page in pages(service, f"customer={email}")] == [20, 1]


@pytest.mark.parametrize(
    ("status", "count"), [("authorized", 1), ("paid", 1), ("declined", 1), ("awaiting_payment", 4)]
)
def test_a_status_filters(service: OrderService, shopper: tuple[str, list[Json]], status: str, count: int) -> None:
    email, orders = shopper
    (page,) = pages(service, f"customer={email}&status={status}")
    assert page == [order for order in orders if order["status"] == status]
    assert len(page) == count


def test_a_customer_filters_by_id_and_by_address_in_any_case(
    service: OrderService, shopper: tuple[str, list[Json]]
) -> None:
    email, orders = shopper
    for customer in (email, email.upper(), orders[0]["customer"]["id"]):
        assert pages(service, f"customer={customer}") == [orders]
    assert pages(service, "customer=nobody@example.com") == [[]]
    assert pages(service, "customer=cus_nobody") == [[]]


def test_a_reference_filters(service: OrderService, shopper: tuple[str, list[Json]]) -> None:
    _, orders = shopper
    assert pages(service, f"reference={orders[3]['reference']}") == [[orders[3]]]
    assert pages(service, "reference=nothing of that name") == [[]]


def test_times_filter_from_one_on_and_before_another(service: OrderService, shopper: tuple[str, list[Json]]) -> None:
    email, orders = shopper
    newer, older = orders[1]["created_at"], orders[5]["created_at"]
    assert pages(service, f"customer={email}&created_after={older}&created_before={newer}") == [orders[2:6]]
    elsewhere = newer.replace("Z", "-00:00")
    assert pages(service, f"customer={email}&created_after={elsewhere}") == [orders[:2]]


def test_nothing_repeats_and_nothing_is_lost_while_orders_are_added(service: OrderService) -> None:
    email = f"busy-{secrets.token_hex(4)}@example.com"
    customer = {"email": email, "name": "Busy"}
    before = ids([service.place(customer=customer) for _ in range(15)])

    def add(_: int) -> str:
        return str(service.place(customer=customer)["id"])

    with ThreadPoolExecutor(3) as pool:
        adding = [pool.submit(add, number) for number in range(30)]
        found = ids([order for page in pages(service, f"customer={email}&limit=2") for order in page])
        added = [future.result() for future in adding]
    assert len(set(found)) == len(found)
    assert [one for one in found if one in before] == before[::-1]
    assert set(found) <= {*before, *added}
    assert set(ids([order for page in pages(service, f"customer={email}&limit=50") for order in page])) == {
        *before,
        *added,
    }


@pytest.fixture
def standing_clock(service: OrderService, account: GatewayAccount) -> Iterator[None]:
    """While the account's clock stands still, and the app has noticed; afterwards it ticks again."""

    def stands() -> bool:
        return bool(service.place()["created_at"] == service.place()["created_at"])

    account.clock(mode="frozen")
    until(stands, what="the app to see the clock stand")
    yield
    account.clock(mode="live")
    until(lambda: not stands(), what="the app to see the clock tick")


@pytest.mark.usefixtures("standing_clock")
def test_orders_of_one_instant_are_paged_like_any(service: OrderService) -> None:
    email = f"frozen-{secrets.token_hex(4)}@example.com"
    placed = [service.place(customer={"email": email, "name": "Frozen"}) for _ in range(7)]
    assert len({order["created_at"] for order in placed}) == 1
    found = ids([order for page in pages(service, f"customer={email}&limit=2") for order in page])
    assert found == sorted(ids(placed), reverse=True)
