"""What the tests of disputes share: a stack whose clock is theirs to move, somebody of finance, and disputed orders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import stack as stacks
from tests.app.disputes.desk import Desk


@pytest.fixture(scope="package")
def desk(
    engine: stacks.Engine, databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    """One stack for all tests of disputes: they move the account's clock, which others would not like."""
    directory: Path = tmp_path_factory.mktemp("disputes")
    with stacks.running_stack(engine, databases, directory) as running:
        yield Desk(running)
