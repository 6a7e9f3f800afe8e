"""Stacks on SQLite: these tests are about processes, and databases are tested elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import stack as stacks


@pytest.fixture(scope="package")
def standing(databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[stacks.Stack]:
    """An installation that these tests may stop and kill."""
    with stacks.running_stack("sqlite", databases, tmp_path_factory.mktemp("standing"), copied=False) as running:
        yield running


@pytest.fixture
def own_stack(standing: stacks.Stack) -> stacks.Stack:
    """Everything running, to be stopped and killed at will; started again if the test before has ended it."""
    if not standing.process.running:
        standing.start()
    return standing


@pytest.fixture(scope="package")
def shared_stack(databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[stacks.Stack]:
    """Everything running, shared by tests that leave it as it is."""
    with stacks.running_stack("sqlite", databases, tmp_path_factory.mktemp("setup"), copied=False) as running:
        yield running
