"""Captures get no answer, all else does: the outage is seen, new captures wait or are refused, and all end right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from app.gateway.breaker import Breaker
from tests.app.payments.desk import Desk
from tests.app.people.rows import by_hand
from tests.app.screens.visitor import Read
from tests.clients import Json, both_agree
from tests.stack import until

BAR = "The gateway does not answer to captures since"
WAITS = "The capture waits for the end of an outage"


@pytest.fixture(scope="module")
def outage(desk: Desk) -> Iterator[list[Json]]:
    """Orders whose captures were lost, so many and for so long that no further ones are sent; until the module ends."""
    desk.account.fault({"type": "status", "status": 503}, operation="capture")
    lost = [desk.held() for _ in range(3)]
    for order in lost:
        assert desk.act(order, "captures").json()["status"] == "payment_unknown"
    desk.says("/", BAR, within=90)
    yield lost
    desk.account.no_faults()
    it_is_over(desk)


def it_is_over(desk: Desk) -> None:
    until(lambda: BAR not in desk.visitor.read("/").text, what="the end of the outage to be seen", within=60)


@pytest.fixture(autouse=True)
def _no_faults() -> None:
    """The fault lasts for the whole module here."""


def captures(desk: Desk, count: int) -> Iterator[tuple[Json, int, Json]]:
    """New captures one after the other. Now and then one is sent, to see whether there are answers again."""
    for order in [desk.held() for _ in range(count)]:
        answer = desk.act(order, "captures")
        yield order, answer.status_code, answer.json()


@pytest.mark.usefixtures("outage")
def test_it_is_seen_on_every_page_and_told_once(desk: Desk) -> None:
    for path in ("/", "/orders", "/settings/policy"):
        assert "New ones wait, and are sent as soon as it does." in desk.says(path, BAR).text
    title, at = "The gateway does not answer to captures", "/notices?kind=outage"
    told = desk.says(at, "What was lost is asked again by itself").text.count(title)
    for _ in captures(desk, 2):
        assert desk.visitor.read(at).text.count(title) == told


@pytest.mark.usefixtures("outage")
def test_what_is_no_capture_goes_on(desk: Desk) -> None:
    order = desk.held()
    assert desk.act(order, "cancel").json()["status"] == "canceled"
    paid = desk.paid()
    assert desk.act(paid, "refunds", amount=100).json()["status"] == "partially_refunded"
    for one in (order, paid):
        both_agree(desk.service.order(one), desk.account.payments(one))


def test_new_captures_wait_and_are_made_once_it_is_over(desk: Desk, outage: list[Json]) -> None:
    waiting = []
    for order, status, told in captures(desk, 6):
        assert status == 200
        outage.append(order)
        if told["status"] == "authorized":  # not sent: nothing about it is unknown
            waiting.append(order)
    assert waiting
    order = waiting[0]
    assert desk.act(order, "cancel").json()["code"] == "operation_in_progress"
    assert WAITS in desk.visitor.read(f"/orders/{order['id']}").text
    assert "Nothing was sent yet." in desk.visitor.read(desk.attempt_page(order)).text
    assert desk.account.payments(order)[0]["captures"] == []


def test_new_captures_are_refused_where_the_policy_says_so(desk: Desk, outage: list[Json]) -> None:
    with desk.policy(during_outage="refuse"):
        assert "New ones are refused until it does." in desk.says("/", BAR).text
        refused = []
        for order, status, told in captures(desk, 6):
            if status == 503:
                assert told["code"] == "gateway_outage"
                refused.append(order)
            else:
                outage.append(order)
        assert refused
        order = refused[0]
        assert (desk.service.order(order)["status"], desk.attempt(order)["operation"]) == ("authorized", "authorize")
        assert any("Nothing was begun, and nothing was charged." in said for said in by_form(desk, outage))


def by_form(desk: Desk, outage: list[Json]) -> Iterator[str]:
    """What the form says to new captures, one after the other."""
    for order in [desk.held() for _ in range(4)]:
        payment = desk.service.order(order)["payments"][0]
        sent = desk.visitor.send(f"/orders/{order['id']}/capture", f"/payments/{payment['id']}/captures")
        if sent.status_code == 200:  # this one was let through, to see whether there are answers again
            outage.append(order)
        yield Read(sent.text).text


def test_it_is_over_with_the_first_answer(desk: Desk, outage: list[Json]) -> None:
    desk.account.no_faults()
    for order in outage:
        settled = desk.service.order_when(order, "paid", within=60)
        told = desk.account.payments(order)
        assert len(told[0]["captures"]) == 1
        both_agree(settled, told)
    it_is_over(desk)


def test_what_waited_longer_than_a_key_lives_is_sent_once_all_the_same(desk: Desk) -> None:
    """It was never sent, so the gateway cannot have forgotten it."""
    now = datetime.now(UTC)
    began = {"failures": 9, "began_at": now, "opened_at": now, "failed_at": now, "last_error": "As the test has it"}
    with by_hand(desk.stack) as connection:
        connection.execute(insert(Breaker).values(operation="capture", probe_at=now + timedelta(seconds=10), **began))

    def waiting() -> Json | None:
        order = desk.held()
        return order if desk.act(order, "captures").json()["status"] == "authorized" else None

    order = until(waiting, what="the dashboard to know of it, which looks twice a second")
    assert WAITS in desk.visitor.read(f"/orders/{order['id']}").text
    desk.account.clock(advance="PT25H")
    settled = desk.service.order_when(order, "paid", within=60)
    both_agree(settled, desk.account.payments(order))
