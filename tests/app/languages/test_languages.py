"""What customers are told is there in every language, and amounts and dates look as the region writes them."""

from __future__ import annotations

import string
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache

import pytest
from babel.messages.extract import extract_from_dir

from app.languages import LANGUAGES, best_language, language_of, why_declined
from app.languages.catalogues import read_catalogues
from app.money import Money
from app.payments.declines import DECLINES
from tests.building.files import ROOT

SAYING = {"say": None, "say_many": (1, 2), "to_say": None}
TRANSLATED = [code for code in LANGUAGES if code != "en"]
Message = str | tuple[str, ...]


METHODS = {
    "app": [("cli/**.py", "ignore"), ("**.py", "python")],  # the terminal says its lines to developers
    "templates": [("**.html", "jinja2.ext:babel_extract"), ("**.txt", "jinja2.ext:babel_extract")],
}


@cache
def said() -> set[Message]:
    """Every text that code and templates say."""
    found: set[Message] = set()
    for folder, methods in METHODS.items():
        for _file, _line, message, _comments, _context in extract_from_dir(ROOT / folder, methods, keywords=SAYING):
            found.add(message if isinstance(message, str) else tuple(message))
    return found


def held(code: str) -> Iterator[tuple[Message, Message]]:
    for read in read_catalogues(code):
        for message in read:
            if message.id:
                told = message.string or ""
                yield (
                    message.id if isinstance(message.id, str) else tuple(message.id),
                    told if isinstance(told, str) else tuple(told),
                )


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_language_says_everything_once_and_nothing_else(code: str) -> None:
    texts = [message for message, _ in held(code)]
    assert sorted(map(str, texts)) == sorted(map(str, said()))


@pytest.mark.parametrize("code", TRANSLATED)
def test_translations_are_whole_and_name_the_same_values(code: str) -> None:
    for message, told in held(code):
        ones = [message] if isinstance(message, str) else list(message)
        others = [told] if isinstance(told, str) else list(told)
        assert all(others), f"{code}: {message!r} is not translated"
        assert len(ones) == len(others), f"{code}: {message!r} lacks a plural form"
        for one, other in zip(ones, others, strict=True):
            assert names_in(other) == names_in(one), f"{code}: {other!r} names other values than {one!r}"


@pytest.mark.parametrize("code", TRANSLATED)
def test_nothing_waits_for_a_translator(code: str) -> None:
    doubtful = [message.id for read in read_catalogues(code) for message in read if message.id and message.fuzzy]
    assert not doubtful
    assert [str(read.locale) for read in read_catalogues(code)] == [code] * len(read_catalogues(code))


@pytest.mark.parametrize(
    ("tag", "code", "shown"),
    [
        ("en-US", "en", "$1,234.50"),
        ("en", "en", "$1,234.50"),
        ("de-DE", "de", "1.234,50\u00a0$"),
        ("de-CH", "de", "$\u00a01\u2019234.50"),
        ("fr", "fr", "1\u202f234,50\u00a0$US"),
        ("es-ES", "es", "1.234,50\u00a0US$"),
        ("nl", "nl", "US$\u00a01.234,50"),
        ("it_IT", "it", "1.234,50\u00a0USD"),
        ("pt-BR", "en", "$1,234.50"),
        ("nonsense!", "en", "$1,234.50"),
        (None, "en", "$1,234.50"),
    ],
)
def test_amounts_look_as_the_customers_region_writes_them(tag: str | None, code: str, shown: str) -> None:
    language = language_of(tag)
    assert (language.code, language.money(Money(123450, "USD"))) == (code, shown)


@pytest.mark.parametrize(
    ("currency", "amount_minor", "shown"),
    [("JPY", 500, "500\u00a0¥"), ("KWD", 1234, "1,234\u00a0KWD"), ("IQD", 1234, "1,234\u00a0IQD")],
)
def test_amounts_have_the_digits_of_the_currency(currency: str, amount_minor: int, shown: str) -> None:
    assert language_of("de").money(Money(amount_minor, currency)) == shown


def test_dates_are_written_out() -> None:
    at = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
    assert [language_of(code).day(at) for code in ("en", "de", "fr")] == [
        "November 23, 2026",
        "23. November 2026",
        "23 novembre 2026",
    ]
    assert language_of("de").moment(at) == "23. November 2026, 09:15 UTC"


def test_the_browsers_first_language_that_we_speak_is_taken() -> None:
    assert best_language(["pt-BR", "it", "de-DE"]).tag == "it"
    assert best_language(["pt", "*"]).tag == "en-US"
    assert language_of("de-AT").tag == "de-AT"


def test_a_customer_never_reads_that_a_card_is_reported_or_wanted() -> None:
    for code in DECLINES:
        told = why_declined(language_of("en"), code)
        assert not any(word in f"{told.words} {told.next_step}".lower() for word in ("lost", "stolen", "fraud", "stop"))
    assert why_declined(language_of("de"), "stolen_card") == why_declined(language_of("de"), None, is_hard=True)
