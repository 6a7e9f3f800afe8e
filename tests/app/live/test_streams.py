"""What happens through one process is told by all, once, from where a page left off, to whoever is signed in."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable
from datetime import timedelta

import pytest
import requests
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.clock import wall_now
from app.operators.models import OperatorSession
from tests.app.live.listening import Listener, database_of, listening
from tests.app.screens.visitor import Visitor
from tests.clients import Json, OrderService
from tests.stack import Stack, group_members, until


def paid(service: OrderService) -> Json:
    """An order with a payment, and nothing open."""
    order = service.place()
    service.pay(order)
    return service.order_when(order, "authorized")


def told_of(listener: Listener, order: Json) -> set[tuple[str, str | None]]:
    """What was told of the order: kinds, and the payments concerned."""
    changes = [event.data for event in listener.named("change")]
    return {(change["kind"], change["payment"]) for change in changes if change["order"] == order["id"]}


def test_a_change_through_one_process_reaches_the_streams_of_all(
    service: OrderService, visitor: Visitor, elsewhere: Visitor
) -> None:
    with listening(visitor) as here, listening(elsewhere) as there:
        order = paid(service)

        payment = order["payments"][0]["id"]
        expected = {("order.placed", None), ("order.status", None), ("payment.status", payment)}
        until(lambda: told_of(here, order) >= expected, what="all that happened here")
        until(lambda: told_of(there, order) >= expected, what="all that happened there")
        until(lambda: here.entries(order["id"]) == there.entries(order["id"]), what="both to have heard the same")
        for event in here.named("change"):
            assert set(event.data) == {"entry", "kind", "order", "payment"}, "a stream says what changed, not to what"
        entries = there.entries()
        assert entries == sorted(set(entries)), "each entry comes once, in its turn"


@pytest.mark.parametrize("how", ["header", "query"])
def test_a_stream_goes_on_where_the_last_one_ended(service: OrderService, elsewhere: Visitor, how: str) -> None:
    with listening(elsewhere) as first:
        known = paid(service)
        until(lambda: len(first.entries(known["id"])) >= 4, what="the first order")
        position = max(event.position or 0 for event in first.events)
    missed = paid(service)
    path, headers = ("/live", {"Last-Event-ID": str(position)}) if how == "header" else (f"/live?after={position}", {})
    with listening(elsewhere, path, **headers) as second:
        assert "order.placed" in {event.data["kind"] for event in second.named("change")}
        assert len(second.entries(missed["id"])) >= 4
        assert min(second.entries()) > position
        assert second.events[-1].name == "here" or second.named("here")


def test_a_page_that_was_just_drawn_hears_of_the_last_seconds(service: OrderService, elsewhere: Visitor) -> None:
    order = service.place()
    with listening(elsewhere) as listener:
        assert len(listener.entries(order["id"])) == 1


def test_a_stream_opened_while_things_happen_hears_each_once(service: OrderService, elsewhere: Visitor) -> None:
    with listening(elsewhere):  # keeps the timeline being read, so that what comes may be found twice
        for _ in range(20):
            orders = [service.place()["id"] for _ in range(2)]
            with listening(elsewhere) as listener:
                orders.append(service.place()["id"])
                until(lambda: listener.entries(orders[-1]), what="the last order")  # noqa: B023 - asked at once
                told = [entry for order in orders for entry in listener.entries(order)]
                assert len(told) == len(orders)
                assert listener.entries() == sorted(set(listener.entries()))


@pytest.mark.parametrize("position", ["-1", "x", "1.5", "9" * 19, "१"])
def test_a_position_that_is_none_is_refused_by_name(visitor: Visitor, position: str) -> None:
    answer = visitor.get(f"/live?after={position}")
    assert answer.status_code == 422
    assert "Give the id of the last event that came" in answer.text


def test_strangers_get_no_stream(stack: Stack) -> None:
    url = f"{stack.dashboard_url}/live"
    assert requests.get(url, headers={"Accept": "text/event-stream"}, timeout=30).status_code == 401
    assert requests.get(url, allow_redirects=False, timeout=30).headers["Location"] == "/sign-in"


def test_asking_only_for_the_head_opens_nothing(visitor: Visitor) -> None:
    for _ in range(12):
        assert visitor.session.head(f"{visitor.url}/live", timeout=30).status_code == 200
    with listening(visitor) as listener:
        assert not listener.over.is_set()


def test_signing_out_ends_the_stream(stack: Stack) -> None:
    leaver, stayer = Visitor(stack), Visitor(stack)
    with listening(leaver) as ending, listening(stayer) as lasting:
        leaver.send("/orders", "/sign-out")
        until(ending.over.is_set, what="the end of the stream")
        assert ending.events[-1].name == "end"
        assert not lasting.over.is_set()
        assert lasting.named("end") == []
    assert Listener(leaver).status == 401


def seen(stack: Stack, at: Callable[[], object]) -> None:
    """Date the last activity of every session."""
    with database_of(stack) as database, Session(database.execution_options(writes=True)) as session, session.begin():
        session.execute(update(OperatorSession).values(seen_at=at()))


def test_a_stream_ends_with_an_idle_session_and_is_no_activity(small: Stack) -> None:
    visitor = Visitor(small)
    seen(small, lambda: wall_now() - timedelta(minutes=29))
    with listening(visitor) as listener:
        visitor.get("/orders", **{"X-Poll": "1", "HX-Request": "true"})
        with database_of(small) as database, Session(database) as session:
            standing = session.scalars(select(OperatorSession).order_by(OperatorSession.created_at.desc())).first()
            assert standing is not None
            assert standing.seen_at < wall_now() - timedelta(minutes=28)
        assert not listener.over.is_set()
        seen(small, lambda: wall_now() - timedelta(minutes=31))
        until(listener.over.is_set, what="the end of the stream")
        assert listener.events[-1].name == "end"


def test_streams_leave_threads_for_everything_else(small: Stack) -> None:
    visitor = Visitor(small)
    with listening(visitor), listening(visitor) as second:
        third = Listener(visitor)
        assert third.status == 503
        assert third.headers["Retry-After"] == "30"
        assert visitor.get("/orders").status_code == 200
        second.close()
        with listening(visitor):
            pass
        for _ in range(10):  # whoever leaves makes room at once, as somebody who clicks through pages does
            with listening(visitor) as next_page:
                assert next_page.status == 200


def test_one_session_cannot_take_all_streams(stack: Stack, visitor: Visitor) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(8):
            held.enter_context(listening(visitor))
        assert Listener(visitor).status == 503
        held.enter_context(listening(Visitor(stack)))


def test_told_to_end_it_ends_within_five_seconds_with_twenty_open_streams(start_stack: Callable[..., Stack]) -> None:
    stack = start_stack()
    with contextlib.ExitStack() as held:
        visitors = [Visitor(stack) for _ in range(4)]
        streams = [held.enter_context(listening(visitor)) for visitor in visitors for _ in range(5)]
        assert len(streams) == 20
        stack.process.signal(signal.SIGTERM)
        assert stack.process.wait(within=5) == 0
        for stream in streams:
            until(stream.over.is_set, what="the end of every stream", within=1)
    assert group_members(stack.process.pid) == []
