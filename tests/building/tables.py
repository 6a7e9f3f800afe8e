"""Tables of the documentation that tests are held to: which tests a row names, and which roles."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.building.files import ROOT

ROLES = ("viewer", "developer", "operator", "finance", "admin")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_ADDRESS = re.compile(r"^\| `([A-Z]+) (/\S*)` \| ([\w ,]+) \|$", re.MULTILINE)


def page(name: str) -> str:
    """A page of `docs/`."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def missing_tests(text: str) -> list[str]:
    """The tests that a text names and that there are not."""
    return [
        f"{path}::{name}"
        for path, name in NAMED.findall(text)
        if not (ROOT / path).is_file() or f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")
    ]


@dataclass(frozen=True)
class Address:
    """One row of docs/roles.md: a method, a rule, and who may; `roles` is None for anybody at all."""

    method: str
    rule: str
    roles: frozenset[str] | None

    @property
    def name(self) -> str:
        return f"{self.method} {self.rule}"

    @property
    def path(self) -> str:
        """The rule with something for each argument that nothing has."""
        return re.sub(r"<[^>]+>", "none-such", self.rule)

    @property
    def is_api(self) -> bool:
        return self.rule.startswith("/api/")


def addresses() -> list[Address]:
    """Every row."""
    return [Address(method, rule, _roles(who)) for method, rule, who in _ADDRESS.findall(page("roles.md"))]


def _roles(who: str) -> frozenset[str] | None:
    if who == "anybody":
        return None
    named = frozenset(ROLES if who == "everybody" else who.split(", "))
    assert named <= set(ROLES), f"docs/roles.md names a role that is none: {who}"
    return named
