"""The table of faults in docs/reliability.md names every fault once, and only tests that there are."""

from __future__ import annotations

import re

from tests.building.tables import NAMED, missing_tests, page

ROW = re.compile(r"^\| (F\d\d) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)


def rows() -> list[tuple[str, str]]:
    return ROW.findall(page("reliability.md"))


def test_every_fault_has_its_row() -> None:
    assert [fault for fault, _ in rows()] == [f"F{number:02d}" for number in range(1, 34)]


def test_every_named_test_exists() -> None:
    assert missing_tests(page("reliability.md")) == []


def test_a_row_names_tests_or_says_that_there_are_none() -> None:
    assert [fault for fault, tests in rows() if not NAMED.search(tests) and tests != "none yet"] == []
