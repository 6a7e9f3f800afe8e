"""Every setting is in the README's table, and every one in the table exists."""

from __future__ import annotations

import dataclasses
import re

from sandbox_gateway.config import Config
from tests.building.files import ROOT, tracked

TABLE_LINE = re.compile(r"^\| `(COUNTERFOIL_[A-Z_]+)` \| (\S.*) \| (\S.*) \|$", re.MULTILINE)


def settings_in_the_code() -> set[str]:
    found: set[str] = set()
    for path in tracked("app/*.py"):
        found |= set(re.findall(r"\bCOUNTERFOIL_[A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8")))
    gateway = {f"COUNTERFOIL_GATEWAY_{field.name.upper()}" for field in dataclasses.fields(Config)}
    return found | gateway


def test_the_readme_lists_each_setting_once_with_its_default() -> None:
    listed = TABLE_LINE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    names = [name for name, _, _ in listed]
    assert sorted(names) == sorted(set(names)), "a setting is listed twice"
    assert set(names) == settings_in_the_code()
