"""What no file of the repository may hold."""

from __future__ import annotations

import re

import pytest

from tests.building.files import ROOT, text_of, tracked

MACHINE = re.compile("|".join(["/wo" + "rk/", "/ro" + "ot/", "/ho" + r"me/\w+/", "/Us" + r"ers/\w+/"]))
INLINE = re.compile(
    r"\sstyle\s*=|<style|<script(?![^>]*\ssrc=)|\shx-on|\son[a-z]+\s*=\s*[\"']|javascript:", re.IGNORECASE
)
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME"]) + r")\b")


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        if (text := text_of(path)) is not None and (match := MACHINE.search(text))
    ]
    assert found == []


def test_nothing_is_marked_as_unfinished() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked("*.py", "*.html", "*.css", "*.js", "Makefile", "*.toml")
        if (text := text_of(path)) is not None and (match := UNFINISHED.search(text))
    ]
    assert found == []


@pytest.mark.parametrize("folder", ["templates", "sandbox_gateway"])
def test_templates_have_no_inline_style_or_script(folder: str) -> None:
    mails = ROOT / "templates" / "mail"  # read in mail programs, which load no stylesheet
    templates = [path for path in tracked(f"{folder}/*.html") if mails not in path.parents]
    assert templates
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in templates
        if (match := INLINE.search(path.read_text(encoding="utf-8")))
    ]
    assert found == []


def test_lock_files_hold_hashes_and_no_host_names() -> None:
    for path in tracked("requirements/*.txt"):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text
        pinned = re.findall(r"^[A-Za-z0-9_.\[\]-]+==\S+(.*)$", text, re.MULTILINE)
        assert len(pinned) > 20
        assert text.count("--hash=sha256:") >= len(pinned)
        assert len(re.findall(r"^[A-Za-z0-9_.\[\]-]+==", text, re.MULTILINE)) == len(pinned)


def test_card_numbers_stand_in_the_catalogue_alone() -> None:
    for path in tracked("app/*.py", "sandbox_gateway/*.py", "templates/*", "migrations/*"):
        if path.name == "test_cards.py":
            continue
        text = text_of(path) or ""
        numbers = [run for run in re.findall(r"(?<![\w.])\d{13,19}(?![\w.])", text) if luhn(run)]
        assert numbers == [], path


def luhn(digits: str) -> bool:
    """Whether the check digit is right."""
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
