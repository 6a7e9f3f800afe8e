"""A stack of the test's own, on SQLite: these tests are about processes, and databases are tested elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import stack as stacks


@pytest.fixture
def own_stack(databases: stacks.Databases, tmp_path: Path) -> Iterator[stacks.Stack]:
    """Everything running, to be stopped and killed at will."""
    with stacks.running_stack("sqlite", databases, tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def module_stack(databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[stacks.Stack]:
    """Everything running, shared by tests that leave it as it is."""
    with stacks.running_stack("sqlite", databases, tmp_path_factory.mktemp("setup")) as running:
        yield running
