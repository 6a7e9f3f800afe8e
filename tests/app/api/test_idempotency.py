"""The same Idempotency-Key with the same request is one act, answered with the first answer, through crashes too."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from tests import stack as stacks
from tests.clients import GatewayAccount, Json, OrderService, both_agree
from tests.database import engine_of
from tests.stack import Stack, until


def new_order(**more: Any) -> Json:
    return {
        "reference": f"K-{secrets.token_hex(6)}",
        "amount": 1999,
        "currency": "USD",
        "customer": {"email": "ann@example.com", "name": "Ann Example"},
    } | more


def keyed(service: OrderService, key: str, path: str, body: Json) -> requests.Response:
    return service.call("POST", path, body, **{"Idempotency-Key": key})


def change_claim(stack: Stack, key: str, **values: datetime | None) -> None:
    """Let a claim be as old as no test can wait for, or without the answer that its process did not come to keep."""
    engine = engine_of(stack.database_url)
    claims = sa.Table("api_idempotency", sa.MetaData(), autoload_with=engine)
    sqlite = engine.dialect.name == "sqlite"
    given = {name: at.replace(tzinfo=None) if at and sqlite else at for name, at in values.items()}
    with engine.begin() as connection:
        changed = connection.execute(sa.update(claims).where(claims.c.key == key).values(**given))
        assert changed.rowcount == 1


def check_replayed(first: requests.Response, second: requests.Response) -> None:
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers["Content-Type"] == first.headers["Content-Type"]
    assert second.headers.get("Location") == first.headers.get("Location")
    assert second.headers["Request-Id"] != first.headers["Request-Id"]


def test_a_repeated_order_is_one_order(service: OrderService) -> None:
    key, body = secrets.token_hex(8), new_order()
    first = keyed(service, key, "/orders", body)
    assert first.status_code == 201
    check_replayed(first, keyed(service, key, "/orders", dict(reversed(body.items()))))
    check_replayed(first, keyed(service, f'"{key}"', "/orders", body))
    assert len(service.call("GET", f"/orders?reference={body['reference']}").json()["data"]) == 1


@pytest.mark.parametrize(
    ("before", "action", "body", "count"),
    [
        ([], "payments", {"test_card": "visa_success"}, lambda told: told["amount_capturable"] == 1999),
        ([], "payments", {"test_card": "visa_do_not_honor"}, lambda told: told["status"] == "declined"),
        ([{}], "captures", {"amount": 500}, lambda told: told["amount_captured"] == 500),
        ([{"capture": True}], "refunds", {"amount": 500}, lambda told: told["amount_refunded"] == 500),
        ([{}], "cancel", {}, lambda told: told["status"] == "voided"),
    ],
)
def test_a_repeated_operation_is_done_once(
    service: OrderService,
    account: GatewayAccount,
    before: list[Json],
    action: str,
    body: Json,
    count: Callable[[Json], bool],
) -> None:
    order = service.place()
    for paid in before:
        service.pay(order, **paid)
    key = secrets.token_hex(8)
    first, second = (keyed(service, key, f"/orders/{order['id']}/{action}", body) for _ in range(2))
    assert first.ok
    check_replayed(first, second)
    (told,) = account.payments(order)
    assert count(told)
    both_agree(service.order(order), [told])


def test_a_refusal_stands_for_its_key_and_not_for_another(service: OrderService) -> None:
    order = service.place()
    key, path = secrets.token_hex(8), f"/orders/{order['id']}/captures"
    first = keyed(service, key, path, {})
    assert (first.status_code, first.json()["code"]) == (409, "invalid_transition")
    service.pay(order)
    check_replayed(first, keyed(service, key, path, {}))
    assert keyed(service, secrets.token_hex(8), path, {}).json()["status"] == "paid"


@pytest.mark.parametrize(
    ("path", "change"),
    [("/orders", {"amount": 2000}), ("/orders", {"metadata": {"a": "b"}}), ("/orders/{id}/payments", None)],
)
def test_a_key_with_another_request_is_refused(service: OrderService, path: str, change: Json | None) -> None:
    key, body = secrets.token_hex(8), new_order()
    order = keyed(service, key, "/orders", body).json()
    other = {"test_card": "visa_success"} if change is None else body | change
    answer = keyed(service, key, path.format(id=order["id"]), other)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert service.order(order) == order


def test_keys_of_two_tokens_do_not_meet(service: OrderService, stack: Stack) -> None:
    other = OrderService(stack, "admin")
    key = secrets.token_hex(8)
    one = keyed(service, key, "/orders", new_order())
    two = keyed(other, key, "/orders", new_order())
    assert (one.status_code, two.status_code) == (201, 201)
    assert one.json()["id"] != two.json()["id"]


@pytest.mark.parametrize(
    ("refused", "status"),
    [(new_order(amount="5"), 422), (new_order(currency="ZZZ"), 422), (new_order(merchant="mer_nobody"), 422)],
)
def test_a_key_whose_request_was_not_understood_is_free(service: OrderService, refused: Json, status: int) -> None:
    key = secrets.token_hex(8)
    assert keyed(service, key, "/orders", refused).status_code == status
    answer = keyed(service, key, "/orders", new_order())
    assert answer.status_code == 201
    assert "Idempotent-Replayed" not in answer.headers


def test_a_key_of_an_order_that_was_not_found_is_free(service: OrderService) -> None:
    key, order = secrets.token_hex(8), service.place()
    body = {"test_card": "visa_success"}
    assert keyed(service, key, "/orders/ord_00000000000000000000000000/payments", body).status_code == 404
    assert keyed(service, key, f"/orders/{order['id']}/payments", body).status_code == 201


@pytest.mark.parametrize("key", ["", "a b", "a" * 256, '""', '"a', '"' + "a" * 256 + '"', "caf\xe9", "\x07"])
def test_a_malformed_key_is_refused(service: OrderService, key: str) -> None:
    answer = requests.post(
        f"{service.stack.dashboard_url}/api/orders",
        json=new_order(),
        headers={"Idempotency-Key": key.encode("latin-1"), "Authorization": service.authorization},
        timeout=30,
    )
    if key == "\x07":  # no header may hold this: the server itself turns it away
        assert answer.status_code == 400
    else:
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")


@pytest.mark.parametrize("key", ["!", "a" * 255, '"' + "a" * 255 + '"', 'in"side', "~"])
def test_a_key_of_any_visible_characters_is_taken(service: OrderService, key: str) -> None:
    body = new_order()
    key = secrets.token_hex(4) + key[8:] if len(key) >= 255 and key[0] != '"' else key
    first = keyed(service, key, "/orders", body)
    assert first.status_code == 201
    check_replayed(first, keyed(service, key, "/orders", body))


def test_a_key_is_ignored_where_nothing_is_done(service: OrderService) -> None:
    order = service.place()
    answer = service.call("GET", f"/orders/{order['id']}", None, **{"Idempotency-Key": "a b"})
    assert answer.json() == order


def test_twenty_requests_with_one_key_at_once_are_one_act(service: OrderService, account: GatewayAccount) -> None:
    order, key = service.place(), secrets.token_hex(8)
    body = {"test_card": "visa_success", "capture": True}

    def pay(_: int) -> requests.Response:
        return keyed(service, key, f"/orders/{order['id']}/payments", body)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(pay, range(20)))
    done = [answer for answer in answers if answer.status_code == 201]
    waiting = [answer for answer in answers if answer.status_code == 409]
    assert len(done) + len(waiting) == 20
    assert len({answer.content for answer in done}) == 1
    assert {answer.json()["code"] for answer in waiting} <= {"idempotency_in_progress"}
    assert all(answer.headers["Retry-After"] == "1" for answer in waiting)
    both_agree(service.order(order), account.payments(order))
    assert len(account.payments(order)) == 1


def test_a_key_is_new_again_after_a_day(service: OrderService, stack: Stack) -> None:
    key, order = secrets.token_hex(8), service.place()
    service.pay(order)
    path, body = f"/orders/{order['id']}/captures", {"amount": 500}
    assert keyed(service, key, path, body).json()["amount_captured"] == 500
    change_claim(stack, key, created_at=datetime.now(UTC) - timedelta(hours=23, minutes=59))
    assert keyed(service, key, path, body).headers["Idempotent-Replayed"] == "true"
    long_ago = datetime.now(UTC) - timedelta(hours=24, minutes=1)
    change_claim(stack, key, created_at=long_ago, lease_until=long_ago)
    again = keyed(service, key, path, body)
    assert "Idempotent-Replayed" not in again.headers
    assert again.json()["amount_captured"] == 1000


@pytest.fixture(scope="module")
def killed_stack(
    engine: stacks.Engine, databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """An installation that is killed and started again by the tests that have it."""
    with stacks.running_stack(engine, databases, tmp_path_factory.mktemp("killed")) as running:
        yield running


def check_repeated_after_the_kill(service: OrderService, key: str, path: str, body: Json) -> Json:
    """The answer to the repetition: the claim of the dead process holds for its lease, then the act is ended."""
    waiting = keyed(service, key, path, body)
    assert (waiting.status_code, waiting.json()["code"]) == (409, "idempotency_in_progress")
    change_claim(service.stack, key, lease_until=datetime.now(UTC) - timedelta(seconds=1))
    done = keyed(service, key, path, body)
    assert done.ok, done.text
    check_replayed(done, keyed(service, key, path, body))
    return dict(done.json())


@pytest.mark.parametrize(("action", "outcome"), [("", "awaiting_payment"), ("/{id}/cancel", "canceled")])
def test_what_was_done_before_the_kill_is_found_and_not_done_again(
    killed_stack: Stack, action: str, outcome: str
) -> None:
    service, key, body = OrderService(killed_stack), secrets.token_hex(8), new_order()
    path = "/orders"
    if action:
        path, body = f"/orders/{service.place()['id']}/cancel", {}
    killed_stack.restart(crash_at="api.before_keep")
    with suppress(requests.ConnectionError):
        keyed(service, key, path, body)
    killed_stack.process.wait(within=20)
    killed_stack.kill()
    killed_stack.start()
    order = check_repeated_after_the_kill(service, key, path, body)
    assert order["status"] == outcome
    assert service.order(order) == order


def test_a_refusal_of_the_gateways_is_found_and_not_asked_for_again(
    service: OrderService, account: GatewayAccount, stack: Stack
) -> None:
    order, key = service.place(), secrets.token_hex(8)
    path, body = f"/orders/{order['id']}/payments", {"test_card": "visa_success", "return_url": "https://evil.example"}
    first = keyed(service, key, path, body)
    assert (first.status_code, first.json()["code"]) == (422, "refused_by_gateway")
    change_claim(stack, key, status=None, lease_until=datetime.now(UTC) - timedelta(seconds=1))
    again = keyed(service, key, path, body)
    assert again.json() | {"request_id": ""} == first.json() | {"request_id": ""}
    assert len(service.order(order)["payments"]) == 1
    assert account.payments(order) == []


def test_calls_that_were_under_way_at_the_kill_are_each_one_act(killed_stack: Stack) -> None:
    service, account = OrderService(killed_stack), GatewayAccount(killed_stack)
    acts: list[tuple[str, list[Json], Json, tuple[str, int, int]]] = [
        ("payments", [], {"test_card": "visa_success"}, ("authorized", 0, 0)),
        ("payments", [], {"test_card": "visa_do_not_honor"}, ("declined", 0, 0)),
        ("captures", [{}], {"amount": 700}, ("partially_captured", 700, 0)),
        ("captures", [{}], {}, ("paid", 1999, 0)),
        ("refunds", [{"capture": True}], {"amount": 700}, ("partially_refunded", 1999, 700)),
        ("cancel", [{}], {}, ("canceled", 0, 0)),
    ]
    orders = [service.place() for _ in acts]
    for order, (_, before, _, _) in zip(orders, acts, strict=True):
        for paid in before:
            service.pay(order, **paid)
    for operation in ("payment", "capture", "refund", "void"):
        account.fault({"type": "latency", "ms": 9000}, operation=operation)
    sent = [
        (secrets.token_hex(8), f"/orders/{order['id']}/{action}", body)
        for order, (action, _, body, _) in zip(orders, acts, strict=True)
    ]

    def send(call: tuple[str, str, Json]) -> None:
        with suppress(requests.ConnectionError):
            keyed(service, *call)

    def all_asked() -> bool:
        return all(
            any(
                attempt["closed_at"] is None
                for payment in service.order(order)["payments"]
                for attempt in payment["attempts"]
            )
            for order in orders
        )

    with ThreadPoolExecutor(len(sent)) as pool:
        under_way = [pool.submit(send, call) for call in sent]
        until(all_asked, what="every call to be under way", within=8)
        killed_stack.kill()
        for future in under_way:
            future.result()

    killed_stack.start()
    account.no_faults()
    for call, order, (_, _, _, outcome) in zip(sent, orders, acts, strict=True):
        check_repeated_after_the_kill(service, *call)
        settled = service.order_when(order, outcome[0])
        assert (settled["status"], settled["amount_captured"], settled["amount_refunded"]) == outcome
        both_agree(settled, account.payments(order))


def test_nothing_of_a_card_is_kept_with_a_key(service: OrderService, stack: Stack) -> None:
    key = secrets.token_hex(8)
    order = service.place()
    keyed(service, key, f"/orders/{order['id']}/payments", {"test_card": "visa_success"})
    with engine_of(stack.database_url).connect() as connection:
        rows = (
            connection.execute(sa.text("SELECT * FROM api_idempotency WHERE key = :key"), {"key": key}).mappings().all()
        )
    assert len(rows) == 1
    assert "4242424242424242" not in json.dumps([dict(row) for row in rows], default=str)
