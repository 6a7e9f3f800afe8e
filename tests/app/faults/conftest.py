"""One installation for every test of faults between and below its programs; each test heals what it broke."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import stack as stacks
from tests.app.faults.apart import Apart, running_apart


@pytest.fixture(scope="package")
def apart(
    engine: stacks.Engine, databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Apart]:
    """Its client asks once, so that each answer that does not come is an unknown outcome."""
    directory = tmp_path_factory.mktemp("apart")
    with running_apart(engine, databases, directory, gateway_tries=1, gateway_timeout_seconds=4) as running:
        yield running
