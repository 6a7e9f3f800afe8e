"""Fixtures that every test may use: databases of both engines, a gateway, logs shown when a test fails."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright

from tests import browser
from tests import stack as stacks


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--engine sqlite` runs only that database's half, for a quick look; the gate runs both."""
    parser.addoption("--engine", choices=stacks.ENGINES, help="run the tests of one database only")
    parser.addoption("--soak", action="store_true", help="run at full sizes; takes long")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give every test that needs a database both of them; under `make soak` run those marked `rounds` that often.

    A browser's test gets one: its screens come out of the same templates whatever the database, and what they read and
    write is tested by HTTP on both. `make soak` and `--engine` make no such difference.
    """
    marker = metafunc.definition.get_closest_marker("rounds")
    if marker is not None and metafunc.config.getoption("--soak"):
        metafunc.fixturenames.append("round_number")
        metafunc.parametrize("round_number", range(1, marker.args[0] + 1), indirect=True)
    if "engine" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--engine")
        one_is_enough = "browser" in metafunc.fixturenames and not metafunc.config.getoption("--soak")
        engines = [chosen] if chosen else stacks.ENGINES[:1] if one_is_enough else stacks.ENGINES
        metafunc.parametrize("engine", engines, indirect=True, scope="session")


MONEY = (
    "app/api/test_fifty_at_once.py",
    "app/api/test_idempotency.py",
    "app/api/test_lost_answers.py",
    "app/api/test_many_at_once.py",
    "app/faults",
    "app/ledger",
    "app/settlements/test_a_year.py",
    "app/webhooks/test_every_order.py",
    "crash",
    "gateway/proofs",
    "gateway/test_crash.py",
    "gateway/test_idempotency.py",
)
"""Where it is shown that money moves once, whatever befalls: what fails there once in a thousand times has failed."""


SOAKED_SECONDS = 6 * 3600
"""Full sizes take longer than any test may otherwise."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Under `make test` what fails is tried again (decision 114); not so what is about money."""
    here = Path(__file__).parent
    for item in items:
        if config.getoption("--soak"):
            item.add_marker(pytest.mark.timeout(SOAKED_SECONDS), append=False)
        if any(item.path.is_relative_to(here / part) for part in MONEY):
            item.add_marker(pytest.mark.flaky(reruns=0))


def pytest_sessionfinish() -> None:
    """End whatever still runs."""
    stacks.stop_everything()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the processes printed during a test that failed."""
    report = yield
    if call.when == "call" or report.failed:
        for log in stacks.LOGS:
            text = log.new_output()
            if report.failed and text:
                report.sections.append((f"log of {log.name}", text[-20_000:]))
    return report


@pytest.fixture
def round_number(request: pytest.FixtureRequest) -> int:
    """Which of its rounds under `make soak` this is."""
    number: int = request.param
    return number


@pytest.fixture(scope="session")
def base_url() -> None:
    """No base: pages are opened by their whole address. (pytest-playwright's own fixture warns under pytest 9.)"""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], playwright: Playwright) -> dict[str, Any]:
    """Chromium as this machine has it, talking to nobody but us."""
    return browser_type_launch_args | browser.launch_arguments(playwright)


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> stacks.Engine:
    """The database under test: "sqlite", then "postgresql"."""
    name: stacks.Engine = request.param
    return name


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stacks.Databases]:
    """Fresh databases of either engine."""
    made = stacks.Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def gateway(
    engine: stacks.Engine, databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[stacks.Gateway]:
    """One gateway for the session; tests keep apart by each using a key of its own (`secret_key`)."""
    with stacks.running_gateway(engine, databases, tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture
def secret_key(gateway: stacks.Gateway) -> str:
    """A key whose account is this test's alone."""
    return gateway.new_key()


@pytest.fixture
def start_gateway(
    engine: stacks.Engine, databases: stacks.Databases, tmp_path: Path
) -> Iterator[Callable[..., stacks.Gateway]]:
    """Start gateways of the test's own: `start_gateway(threads=4)`; they end with the test."""
    with contextlib.ExitStack() as ending:
        yield lambda **settings: ending.enter_context(stacks.running_gateway(engine, databases, tmp_path, **settings))


@pytest.fixture(scope="session")
def stack(
    engine: stacks.Engine, databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[stacks.Stack]:
    """Gateway, dashboard and worker for the session, of `counterfoil up`. Tests share it, so make what they need."""
    with stacks.running_stack(engine, databases, tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture
def start_stack(
    engine: stacks.Engine, databases: stacks.Databases, tmp_path: Path
) -> Iterator[Callable[..., stacks.Stack]]:
    """Start a whole stack of the test's own: `start_stack(gateway_tries=1)`; it ends with the test."""
    with contextlib.ExitStack() as ending:
        yield lambda **settings: ending.enter_context(stacks.running_stack(engine, databases, tmp_path, **settings))
