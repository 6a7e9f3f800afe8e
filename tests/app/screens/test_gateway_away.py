"""The gateway does not answer: the screens say so, orders can still be placed, and nothing is begun."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.screens.visitor import Read, Visitor
from tests.clients import GatewayAccount, OrderService
from tests.stack import Process, Stack, clean_environment, free_port, lifeline


@pytest.fixture(scope="module")
def cut_off(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """An operator at a second dashboard on the same data, whose gateway is nowhere."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    folder: Path = tmp_path_factory.mktemp("cut-off")
    settings = stack.environment(
        port=port, public_url=url, gateway_url=f"http://127.0.0.1:{free_port()}", gateway_tries=1
    )
    argv = [sys.executable, "-m", "app.cli", "dashboard", "--child", "--parent-fd", str(lifeline())]
    root = Path(__file__).resolve().parents[3]
    process = Process("cut-off", argv, env=clean_environment(**settings), log=folder / "log", cwd=root)
    process.wait_ready(f"{url}/readyz")
    yield Visitor(stack, url=url)
    process.kill()


def test_an_order_is_placed_and_not_paid(cut_off: Visitor, account: GatewayAccount) -> None:
    page = cut_off.read("/orders/new")
    assert "The gateway does not answer" in page.text
    assert page.fields["test_card"] == ""
    reference = f"A-{secrets.token_hex(5)}"
    placed = cut_off.send("/orders/new", "/orders", reference=reference, test_card="visa_success")
    assert placed.status_code == 200
    told = Read(placed.text).text
    assert "The order is placed, but the gateway does not answer: no payment was begun." in told
    assert "Awaiting payment" in told
    assert account.payments({"reference": reference}) == []


def test_paying_says_that_nothing_was_begun(cut_off: Visitor, service: OrderService, account: GatewayAccount) -> None:
    order = service.place()
    path = f"/orders/{order['id']}"
    assert "The gateway does not answer" in cut_off.read(f"{path}/pay").text
    answer = cut_off.send(f"{path}/pay", f"{path}/payments", test_card="visa_success")
    assert answer.status_code == 503
    assert "Nothing was begun, so nothing was charged." in Read(answer.text).text
    assert service.order(order)["status"] == "awaiting_payment"
    assert account.payments(order) == []


def test_asking_again_says_that_there_is_no_answer(cut_off: Visitor, service: OrderService) -> None:
    order = service.place()
    payment = service.pay(order)
    token = {"csrf_token": cut_off.read(f"/orders/{order['id']}").fields["csrf_token"]}
    answer = cut_off.post(f"/payments/{payment['id']}/sync", token)
    assert answer.status_code == 200
    assert "The gateway does not answer." in Read(answer.text).text
    back = cut_off.get(f"/payments/{payment['id']}/return?payment=x")
    assert "The gateway could not be asked what came of it yet" in Read(back.text).text
    assert service.order(order)["status"] == "authorized"


def test_a_capture_without_an_answer_is_unknown(cut_off: Visitor, service: OrderService) -> None:
    order = service.place()
    payment = service.pay(order)
    answer = cut_off.send(f"/orders/{order['id']}/capture", f"/payments/{payment['id']}/captures")
    assert answer.status_code == 200
    assert "The outcome is unknown" in Read(answer.text).text
    assert service.order_when(order, "paid")["amount_captured"] == order["amount"]
