"""The drift desk: each kind of difference is made to happen, found, classified, and settled by what is offered."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from sqlalchemy import Engine, text

from tests import stack as stacks
from tests.app.screens.visitor import Visitor
from tests.clients import GatewayAccount, Json, OrderService, both_agree
from tests.database import engine_of
from tests.hostile import NASTY, assert_harmless
from tests.stack import Stack


@pytest.fixture(scope="module")
def stack(
    engine: stacks.Engine, databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """An installation whose rows these tests change by hand."""
    with stacks.running_stack(engine, databases, tmp_path_factory.mktemp("drift")) as running:
        yield running


@pytest.fixture(scope="module")
def database(stack: Stack) -> Engine:
    """The app's database, for a hand that changes it past the desk."""
    return engine_of(stack.database_url)


@dataclass
class Desk:
    """Everything that a test of the desk needs."""

    stack: Stack
    database: Engine
    service: OrderService
    account: GatewayAccount
    visitor: Visitor

    def by_hand(self, statement: str, **values: Any) -> None:
        """Change a row past the desk."""
        with self.database.begin() as connection:
            assert connection.execute(text(statement), values).rowcount >= 1, statement

    def paid(self) -> tuple[Json, Json]:
        """A paid order and its payment, of which every event has come."""
        order = self.service.place()
        self.service.pay(order, capture=True)
        self.account.call("POST", "/_sandbox/drain", {"timeout": 10})
        order = self.service.order_when(order, "paid")
        return order, order["payments"][0]

    def set_back(self, order: Json, payment: Json) -> None:
        """Our rows as they were before the capture, as a database restored from a backup has them."""
        self.by_hand(
            "UPDATE payments SET status = 'authorized', gateway_version = 1, amount_captured_minor = 0,"
            " amount_capturable_minor = amount_minor, amount_refundable_minor = 0 WHERE id = :id",
            id=payment["id"],
        )
        self.by_hand("DELETE FROM captures WHERE payment_id = :id", id=payment["id"])
        self.by_hand(
            "UPDATE orders SET status = 'authorized', amount_captured_minor = 0 WHERE id = :id", id=order["id"]
        )

    def catch_up(self) -> None:
        """Wait until the worker has walked past every event, so that it does not find those again that are deleted."""
        newest = self.account.call("GET", "/v1/events?limit=1")["data"][0]["id"]

        def walked() -> bool:
            with self.database.connect() as connection:
                return bool(connection.execute(text("SELECT event_id FROM event_cursors")).scalar() == newest)

        stacks.until(walked, what="the worker's walk", within=30)

    def reconcile(self, *options: str, code: int = 1) -> Json:
        """What `counterfoil reconcile --json` tells."""
        return dict(json.loads(self.stack.cli_here("reconcile", "--json", *options, code=code)))

    def found(self, reference: str) -> Json:
        """The one discrepancy about the order of this reference, by a whole comparison."""
        return only(self.reconcile(), reference)

    def settle(self, one: Json, way: str, **written: str) -> requests.Response:
        """What the page of the discrepancy offers, sent."""
        at = f"/reconciliation/{one['id']}"
        return self.visitor.send(f"{at}/{way}" if written else at, f"{at}/{way}", **written)

    def agree_again(self, order: Json) -> None:
        """Both sides tell the same, and the desk has nothing open about anything."""
        both_agree(self.service.order(order), self.account.payments(order))
        assert self.reconcile(code=0)["data"] == []


def only(told: Json, reference: str) -> Json:
    """The one discrepancy of those that is about the order of this reference."""
    (one,) = [one for one in told["data"] if one["reference"] == reference]
    return dict(one)


@pytest.fixture(scope="module")
def desk(stack: Stack, database: Engine) -> Desk:
    return Desk(stack, database, OrderService(stack), GatewayAccount(stack), Visitor(stack))


def test_a_desk_on_which_all_agree_says_so(desk: Desk) -> None:
    order, _ = desk.paid()
    told = desk.reconcile(code=0)
    assert (told["differing"], told["data"]) == (0, [])
    assert told["compared"] >= 1
    assert "All agree" in desk.visitor.read("/reconciliation").text
    both_agree(desk.service.order(order), desk.account.payments(order))


def _missed(desk: Desk, order: Json, payment: Json) -> None:
    desk.catch_up()
    desk.set_back(order, payment)
    desk.by_hand("DELETE FROM webhook_events WHERE gateway_payment_id = :id", id=payment["gateway_id"])


def _not_applied(desk: Desk, order: Json, payment: Json) -> None:
    desk.set_back(order, payment)


def _order_by_hand(desk: Desk, order: Json, _payment: Json) -> None:
    desk.by_hand("UPDATE orders SET status = 'refunded', version = version + 1 WHERE id = :id", id=order["id"])


def _payment_by_hand(desk: Desk, _order: Json, payment: Json) -> None:
    desk.by_hand(
        "UPDATE payments SET status = 'voided', amount_captured_minor = 0, amount_refundable_minor = 0 WHERE id = :id",
        id=payment["id"],
    )


def _capture_by_hand(desk: Desk, _order: Json, payment: Json) -> None:
    desk.by_hand("UPDATE captures SET amount_minor = 1 WHERE payment_id = :id", id=payment["id"])


def _amount_by_hand(desk: Desk, order: Json, _payment: Json) -> None:
    desk.by_hand("UPDATE orders SET amount_minor = amount_minor + 500 WHERE id = :id", id=order["id"])


KINDS: dict[str, tuple[Callable[[Desk, Json, Json], None], str, str]] = {
    "missed event": (_missed, "missed_event", "pull"),
    "event not applied": (_not_applied, "out_of_order", "replay"),
    "order changed": (_order_by_hand, "changed_by_hand", "repair"),
    "payment changed": (_payment_by_hand, "changed_by_hand", "repair"),
    "capture changed": (_capture_by_hand, "changed_by_hand", "repair"),
    "order's amount changed": (_amount_by_hand, "amount", "repair"),
}


def test_each_kind_is_found_shown_and_settled(desk: Desk) -> None:
    orders = {}
    for how, (change, _, _) in KINDS.items():
        order, payment = desk.paid()
        change(desk, order, payment)
        orders[how] = order
    told = desk.reconcile()
    for how, order in orders.items():
        _, kind, way = KINDS[how]
        one = only(told, order["reference"])
        assert one["kind"] == kind, how
        page = desk.visitor.read(f"/reconciliation/{one['id']}")
        assert "Differs" in page.text, how
        written = {"reason": f"Somebody's hand: {how}"} if way == "repair" else {}
        assert desk.settle(one, way, **written).status_code == 200, how
        both_agree(desk.service.order(order), desk.account.payments(order))
        settled = desk.visitor.read(f"/reconciliation/{one['id']}").text
        assert re.search(r"(Pulled|Replayed|Repaired) by Local admin", settled), how
        assert not written or written["reason"] in settled, how
    assert desk.reconcile(code=0)["data"] == []


def test_a_repair_does_nothing_else_than_what_was_shown(desk: Desk) -> None:
    order, payment = desk.paid()
    _order_by_hand(desk, order, payment)
    one = desk.found(order["reference"])
    at = f"/reconciliation/{one['id']}/repair"
    shown = desk.visitor.read(at)
    assert "Order: status" in shown.text
    assert desk.visitor.post(at, shown.fields | {"reason": ""}).status_code == 422
    _payment_by_hand(desk, order, payment)
    refused = desk.visitor.post(at, shown.fields | {"reason": "Seen before the second change"})
    assert refused.status_code == 409
    assert "not what was shown" in refused.text
    assert desk.service.order(order)["status"] == "refunded"
    assert desk.settle(one, "repair", reason="Both changes seen").status_code == 200
    desk.agree_again(order)


def test_a_payment_that_somebody_else_made_is_told_and_never_taken_in(desk: Desk) -> None:
    token = desk.account.call(
        "POST", "/_sandbox/tokens", {"test_card": "visa_success", "amount": 777, "currency": "EUR"}
    )
    body = {"token": token["id"], "amount": 777, "currency": "EUR", "reference": "ELSEWHERE", "capture": True}
    desk.account.call("POST", "/v1/payments", body)
    one = desk.found("ELSEWHERE")
    assert (one["kind"], one["payment"]) == ("missing_here", None)
    assert desk.settle(one, "pull").status_code == 200
    left = desk.settle(one, "leave", reason=f"The subscription service uses this key too {NASTY}")
    assert left.status_code == 200
    assert desk.reconcile(code=0)["data"] == []
    page = desk.visitor.read(f"/reconciliation/{one['id']}")
    assert "The subscription service" in page.text
    assert_harmless(page.html)
    assert_harmless(desk.visitor.get(f"/audit?subject={one['id']}").text)


def test_a_payment_that_the_gateway_does_not_know_is_told(desk: Desk) -> None:
    order, payment = desk.paid()
    desk.by_hand("UPDATE payments SET gateway_id = 'pay_gone' WHERE id = :id", id=payment["id"])
    kinds = {one["kind"] for one in desk.reconcile()["data"] if one["reference"] == order["reference"]}
    assert kinds == {"missing_there", "missing_here"}
    desk.by_hand(
        "UPDATE payments SET gateway_id = :gateway WHERE id = :id", gateway=payment["gateway_id"], id=payment["id"]
    )
    desk.agree_again(order)


def test_the_worker_finds_a_difference_by_itself(desk: Desk) -> None:
    order, payment = desk.paid()
    _payment_by_hand(desk, order, payment)

    def told() -> bool:
        return order["reference"] in desk.visitor.read("/reconciliation?status=open").text

    stacks.until(told, what="the worker's round", within=60)
    assert "To reconcile 1" in desk.visitor.read("/").text
    one = desk.found(order["reference"])
    desk.settle(one, "repair", reason="Found by itself")
    desk.agree_again(order)


def test_several_are_settled_at_once_and_what_needs_a_decision_is_left_out(desk: Desk) -> None:
    pulled, decided = desk.paid(), desk.paid()
    _missed(desk, *pulled)
    _order_by_hand(desk, *decided)
    found = {one["reference"]: one["id"] for one in desk.reconcile()["data"]}
    fields = desk.visitor.read("/reconciliation?status=open").fields
    ids = [found[order["reference"]] for order, _ in (pulled, decided)]
    answer = desk.visitor.session.post(
        f"{desk.visitor.url}/reconciliation/settling",
        data=[("csrf_token", fields["csrf_token"]), *(("discrepancy", one) for one in ids)],
        timeout=30,
    )
    assert answer.status_code == 200
    assert "Settled 1 of 2" in answer.text
    assert "open it to decide" in answer.text
    both_agree(desk.service.order(pulled[0]), desk.account.payments(pulled[0]))
    (one,) = desk.reconcile()["data"]
    assert one["reference"] == decided[0]["reference"]
    desk.settle(one, "repair", reason="Decided alone")
    desk.agree_again(decided[0])


def test_the_terminal_repairs_what_is_safe(desk: Desk) -> None:
    order, payment = desk.paid()
    _missed(desk, order, payment)
    told = desk.reconcile("--repair", code=0)
    assert (len(told["settled"]), told["differing"]) == (1, 0)
    desk.agree_again(order)
    assert "agree" in desk.stack.cli("reconcile")
    desk.stack.cli_here("reconcile", "--nonsense", code=2)


def test_only_who_may_reconcile_settles(desk: Desk) -> None:
    viewer = Visitor(desk.stack, "viewer")
    token = viewer.read("/reconciliation").fields["csrf_token"]
    for path in ("comparisons", "settling", "dis_x/pull", "dis_x/replay", "dis_x/leave", "dis_x/repair"):
        assert viewer.post(f"/reconciliation/{path}", {"csrf_token": token}).status_code == 403, path


def test_everything_is_compared_when_somebody_asks(desk: Desk) -> None:
    desk.visitor.send("/reconciliation", "/reconciliation/comparisons")
    told = re.compile(r"Everything compared by Local admin .*: \d+ payments?, none differing")
    stacks.until(lambda: told.search(desk.visitor.read("/reconciliation/state").text), what="the comparison", within=60)
