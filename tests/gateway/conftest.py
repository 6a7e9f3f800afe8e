"""Fixtures of the gateway's tests: an account of the test's own, on a gateway that the session shares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.client import Account
from tests.gateway.hooked import Hooked
from tests.gateway.receiver import Receiver, receiving
from tests.stack import Gateway


@pytest.fixture
def account(gateway: Gateway, secret_key: str) -> Iterator[Hooked]:
    made = Hooked(gateway, secret_key)
    yield made
    made.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Where webhooks can be sent to."""
    with receiving() as made:
        yield made


@pytest.fixture
def other_account(gateway: Gateway) -> Iterator[Account]:
    made = Account(gateway)
    yield made
    made.close()
