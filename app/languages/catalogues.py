"""Gettext catalogues: every `<language>/<room>.po` beside this module, read once, joined per language."""

from __future__ import annotations

import gettext
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Texts:
    """One language's texts by what the code says; plural forms as tuples, chosen by `form_of`."""

    told: dict[str, str]
    counted: dict[str, tuple[str, ...]]
    form_of: Callable[[int], int]

    def one(self, text: str) -> str:
        """The text in this language."""
        return self.told.get(text, text)

    def several(self, one: str, many: str, number: int) -> str:
        """The plural form for `number`."""
        forms = self.counted.get(one)
        if forms is None:
            return one if number == 1 else many
        return forms[self.form_of(number)]


def read_catalogues(code: str) -> list[Catalog]:
    """A language's files as they lie there."""
    found = []
    for path in sorted((FOLDER / code).glob("*.po")):
        with path.open("rb") as file:
            found.append(read_po(file, locale=code))
    return found


@cache
def catalogue(code: str) -> Texts:
    """Everything that can be said in a language; English says what the code says."""
    told: dict[str, str] = {}
    counted: dict[str, tuple[str, ...]] = {}
    form_of: Callable[[int], int] = gettext.c2py("n != 1")
    for read in read_catalogues(code):
        form_of = gettext.c2py(read.plural_expr)
        for message in read:
            if isinstance(message.id, str) and isinstance(message.string, str) and message.id and message.string:
                told[message.id] = message.string
            elif isinstance(message.id, tuple) and isinstance(message.string, tuple) and all(message.string):
                counted[message.id[0]] = tuple(message.string)
    return Texts(told, counted, form_of)
