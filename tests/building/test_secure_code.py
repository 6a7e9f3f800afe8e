"""What the code itself shows: secrets compared in constant time, no template made of input, exceptions with reasons."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.building.files import ROOT, tracked

SECRET = re.compile(r"signature|secret|hmac|password|csrf|api_key", re.IGNORECASE)
TYPED_TWICE = "field.data != self.password.data"
"""Both were typed by the same person a moment ago."""
MADE_OF_TEXT = {"render_template_string", "from_string"}
EXCEPTION = re.compile(r"# noqa: (S\d+(?:, ?\w+)*)(.*)$", re.MULTILINE)


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module that runs in either program."""
    for path in tracked("app/*.py", "sandbox_gateway/*.py"):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def names(side: ast.expr) -> set[str]:
    """Every name that a side of a comparison is made of."""
    nodes = list(ast.walk(side))
    return {one.id for one in nodes if isinstance(one, ast.Name)} | {
        one.attr for one in nodes if isinstance(one, ast.Attribute)
    }


def is_column(side: ast.expr) -> bool:
    """Whether the database compares: a column of a table or of a mapped class."""
    return bool(re.match(r"[A-Z]\w+\.|\w+\.c\.", ast.unparse(side)))


def test_secrets_are_compared_in_constant_time() -> None:
    found, compared_well = [], 0
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Name | ast.Attribute) and "compare_digest" in ast.unparse(node):
                compared_well += 1
            if not isinstance(node, ast.Compare) or not any(isinstance(one, ast.Eq | ast.NotEq) for one in node.ops):
                continue
            sides = [node.left, *node.comparators]
            told = {one for side in sides for one in names(side)}
            if any(map(SECRET.search, told)) and not any(map(is_column, sides)):
                found.append(f"{name}:{node.lineno}: {ast.unparse(node)}")
    assert [one for one in found if not one.endswith(TYPED_TWICE)] == []
    assert compared_well > 4, "or nothing was looked at"


def test_no_template_is_made_of_text() -> None:
    used = [(name, sorted(MADE_OF_TEXT & names_in(tree))) for name, tree in modules()]
    assert len(used) > 100
    assert [one for one in used if one[1]] == []


def names_in(tree: ast.Module) -> set[str]:
    """Names that a module calls by."""
    return {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)} | {
        one.attr for one in ast.walk(tree) if isinstance(one, ast.Attribute)
    }


def test_each_exception_to_a_rule_of_security_has_its_reason() -> None:
    found = [
        (str(path.relative_to(ROOT)), rule, reason.strip(" -#"))
        for path in tracked("app/*.py", "sandbox_gateway/*.py", "fraud_model/*.py")
        for rule, reason in EXCEPTION.findall(path.read_text(encoding="utf-8"))
    ]
    assert found
    assert [one for one in found if not one[2] and one[1] != "SLF001"] == []
