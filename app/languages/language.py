"""A language and its region: what is said in it, and how amounts and dates are written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency

from app.languages.catalogues import catalogue
from app.money import Money, exponent_of

LANGUAGES = ("en", "de", "fr", "es", "nl", "it")
"""English first: its texts are what the code says, and what anybody else is told in."""
_USUAL_REGION = {"en": "en_US"}
_DIGITS = re.compile(r"0(?:\.0+)?(?=[^0#.]|$)")


def to_say(text: str) -> str:
    """The text itself; marks one that is said elsewhere, so that the catalogues are asked to hold it."""
    return text


@dataclass(frozen=True)
class Language:
    """One of LANGUAGES, with the region that says how numbers and dates look (`de`, `de_CH`)."""

    code: str
    locale: Locale

    @property
    def tag(self) -> str:
        """As HTML's `lang` and mail's `Content-Language` take it: `de-CH`."""
        return str(self.locale).replace("_", "-")

    @property
    def name(self) -> str:
        """What its speakers call it: `Deutsch`."""
        return str(Locale(self.code).get_display_name() or self.code).capitalize()

    def say(self, text: str, **values: Any) -> str:
        """The text in this language, `{name}` replaced by `values`; the text as it is where nothing else is known."""
        return catalogue(self.code).one(text).format(**values)

    def say_many(self, one: str, many: str, number: int, **values: Any) -> str:
        """The form for `number`, which the text may name as `{number}`."""
        return catalogue(self.code).several(one, many, number).format(number=number, **values)

    def money(self, money: Money) -> str:
        """`1.234,50 €`: where the region puts sign and separators, with ISO 4217's digits."""
        places = exponent_of(money.currency)
        usual = self.locale.currency_formats["standard"].pattern
        pattern = _DIGITS.sub("0" + ("." + "0" * places if places else ""), usual)
        return format_currency(money.major, money.currency, pattern, locale=self.locale, currency_digits=False)

    def day(self, moment: datetime) -> str:
        """`23. November 2026`, in UTC."""
        return format_date(moment.astimezone(UTC).date(), "long", locale=self.locale)

    def moment(self, moment: datetime) -> str:
        """`23. November 2026, 09:15 UTC`."""
        return f"{self.day(moment)}, {moment.astimezone(UTC):%H:%M} UTC"

    def at_hand(self) -> dict[str, Any]:
        """What a template that speaks this language is given: `say`, `say_many` and `language`."""
        say: Callable[..., str] = self.say
        return {"say": say, "say_many": self.say_many, "language": self}


@cache
def language_of(tag: str | None) -> Language:
    """The language for a customer's locale (`de-AT`, `pt_BR`, None); English where we do not speak theirs."""
    return _spoken(tag) or _plain(LANGUAGES[0])


def best_language(tags: Iterable[str]) -> Language:
    """The first that we speak of what a browser prefers, the most wanted first; English if there is none."""
    return next((found for tag in tags if (found := _spoken(tag))), _plain(LANGUAGES[0]))


def _plain(code: str) -> Language:
    return Language(code, Locale.parse(_USUAL_REGION.get(code, code)))


@cache
def _spoken(tag: str | None) -> Language | None:
    try:
        locale = Locale.parse((tag or "").strip().replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        return None
    if locale.language not in LANGUAGES:
        return None
    return Language(locale.language, locale) if locale.territory else _plain(locale.language)
