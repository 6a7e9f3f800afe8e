"""docs/security.md: each area has a row, and each row tests that there are."""

from __future__ import annotations

import re

import pytest

from tests.building.tables import NAMED, missing_tests, page

ROW = re.compile(r"^\| ([A-Z][^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
AREAS = (
    "Sign-in",
    "Sessions",
    "Where visitors come from",
    "Forms of other sites",
    "Who may do what",
    "A second person",
    "Races",
    "Audit log",
    "Addresses that we send to",
    "Ways back from 3-D Secure",
    "Pages and texts",
    "Databases and logs",
    "Exports",
    "Files that are sent to us",
    "Reports and statements that are brought",
    "Secrets",
    "Headers",
    "What breaks",
    "Comparing secrets",
    "Accounts of the gateway",
    "Too much at once",
    "Where code comes from",
)


@pytest.mark.parametrize("area", AREAS)
def test_an_area_has_a_row_that_names_its_tests(area: str) -> None:
    (tests,) = [tests for name, _, tests in ROW.findall(page("security.md")) if name == area]
    assert NAMED.search(tests)


def test_every_named_test_exists() -> None:
    assert missing_tests(page("security.md")) == []
