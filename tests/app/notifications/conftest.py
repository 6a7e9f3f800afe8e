"""One stack that tells: its order service and its mail server are real, and in the hands of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import stack as stacks
from tests.clients import OrderService
from tests.gateway.receiver import Receiver, receiving
from tests.mailbox import Mailbox, mailbox


@pytest.fixture(scope="package")
def receiver() -> Iterator[Receiver]:
    """The order service."""
    with receiving() as running:
        yield running


@pytest.fixture(scope="package")
def box() -> Iterator[Mailbox]:
    """The mail server."""
    with mailbox() as running:
        yield running


@pytest.fixture(scope="package")
def telling(
    engine: stacks.Engine,
    databases: stacks.Databases,
    tmp_path_factory: pytest.TempPathFactory,
    receiver: Receiver,
    box: Mailbox,
) -> Iterator[stacks.Stack]:
    """A stack that tells both."""
    folder = tmp_path_factory.mktemp("telling")
    settings: dict[str, Any] = {
        "order_service_url": receiver.url,
        "smtp_url": box.url,
        "mail_from": "Coffee Shop <pay@shop.example>",
    }
    with stacks.running_stack(engine, databases, folder, **settings) as running:
        yield running


@pytest.fixture
def service(telling: stacks.Stack, receiver: Receiver) -> OrderService:
    """The order service's own calls; its receiver takes everything, until a test says otherwise."""
    receiver.rule = type(receiver)(receiver.port).rule
    return OrderService(telling)
