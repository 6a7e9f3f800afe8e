"""How often a token may call: the same for all processes of the dashboard, told in every answer, and never over-run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from sqlalchemy import select

from app import db
from app.config import database_url_of
from app.operators import call_limits
from app.operators.call_limits import CallLimit
from app.operators.models import ApiToken, ApiTokenCalls
from tests import stack as stacks
from tests.clients import OrderService

MOST = 4
NOON = datetime(2026, 3, 4, 12, 0, 15, tzinfo=UTC)


def test_one_call_too_many_waits_and_says_how_long_whichever_process_answers(
    start_stack: Callable[..., stacks.Stack],
) -> None:
    stack = start_stack(workers=2, threads=4, api_calls=MOST)
    service = OrderService(stack)
    answers: list[requests.Response] = []
    while len(answers) < 10 * MOST and (not answers or answers[-1].ok):  # a minute may end meanwhile
        answers.append(service.call("GET", "/orders?limit=1"))
    *passed, refused = answers
    assert [answer.headers["RateLimit"].partition(";t=")[0] for answer in passed[-MOST:]] == [
        f'"default";r={left}' for left in reversed(range(MOST))
    ]
    told, wait = refused.json(), int(refused.headers["Retry-After"])
    assert (refused.status_code, told["code"], told["type"]) == (429, "rate_limited", "/api/problems/rate-limited")
    assert f"may call {MOST} times a minute" in told["detail"]
    assert 1 <= wait <= 60
    assert refused.headers["RateLimit-Policy"] == passed[0].headers["RateLimit-Policy"] == f'"default";q={MOST};w=60'
    assert refused.headers["RateLimit"] == f'"default";r=0;t={wait}'
    another = OrderService(stack, "viewer").call("GET", "/orders?limit=1")
    assert another.headers["RateLimit"].startswith(f'"default";r={MOST - 1};')


@pytest.fixture
def token(engine: stacks.Engine, databases: stacks.Databases) -> Iterator[str]:
    """A token's id, in a database of the test's own."""
    connected = db.connect(database_url_of(databases.migrated(engine, "app")))
    with db.transaction() as session:
        session.add(ApiToken(id="key_1", name="shop", role="operator", token_hash="0" * 64, created_at=NOON))
    yield "key_1"
    connected.dispose()


def _written() -> int | None:
    with db.reading() as session:
        return session.scalars(select(ApiTokenCalls.calls)).one_or_none()


def test_a_process_tells_of_its_calls_now_and_then(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_limits, "wall_now", lambda: NOON)
    here, there = CallLimit(300), CallLimit(300)
    assert [here.count(token), here.count(token)] == [_left(299), _left(298)]
    assert _written() is None, "who calls seldom costs no write"
    assert here.count(token) == _left(297)
    assert _written() == 3
    for _ in range(3):
        last = there.count(token)
    assert last == _left(294), "each knows of the other's calls once it has told its own"
    passed = sum(_count(one, token) >= 0 for _ in range(300) for one in (here, there))
    assert 294 <= passed <= 296, "at most a hundredth more for each further process"
    full = _written()
    here.count(token)
    there.count(token)
    assert _written() == full, "what is refused costs no write"


def test_each_minute_begins_anew_and_a_clock_behind_does_not_turn_it_back(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = NOON
    monkeypatch.setattr(call_limits, "wall_now", lambda: now)
    here, late = CallLimit(2), CallLimit(2)
    assert [_count(here, token) for _ in range(3)] == [1, 0, -1]
    now += timedelta(seconds=45)
    assert [_count(here, token) for _ in range(2)] == [1, 0]
    now = NOON
    assert _count(late, token) == -1
    assert CallLimit(0).count(token) is None


def _count(limit: CallLimit, token: str) -> int:
    allowance = limit.count(token)
    assert allowance is not None
    return allowance.left


def _left(left: int) -> call_limits.Allowance:
    return call_limits.Allowance(300, left, 45)
