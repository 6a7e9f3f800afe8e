"""Who buys in the demo's shop. Names are made up, addresses lie in domains and networks kept for examples."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from random import Random

from app.demo.chance import chance_of

_DOMAINS = ("example.com", "example.com", "example.org", "example.net")
_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")
_AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140.0 Mobile",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
)
_WITHOUT_ACCENT = {"ß": "ss", "ø": "o", "æ": "ae"}
_STRANGERS = 3
"""How many of ten buyers are met for the first time, as far as the names reach."""


@dataclass(frozen=True)
class Market:
    """A currency's buyers. `cards` are what they pay with, the usual one first; `weight` is out of 100 orders."""

    currency: str
    weight: int
    locales: tuple[tuple[str, str], ...]
    cards: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]


MARKETS = (
    Market(
        "USD",
        61,
        (("en-US", "US"), ("en-US", "US"), ("en-US", "US"), ("en-CA", "CA")),
        (
            "visa_success",
            "visa_success",
            "mastercard_success",
            "mastercard_success",
            "visa_debit_success",
            "amex_success",
            "discover_success",
            "mastercard_2series_success",
        ),
        (
            *("Olivia", "Liam", "Emma", "Noah", "Ava", "Ethan", "Grace", "Marcus", "Priya", "Daniel", "Sofia", "Jamal"),
            *(
                "Hannah",
                "Diego",
                "Chloe",
                "Kevin",
                "Maya",
                "Tyler",
                "Renee",
                "Aaron",
                "Lucia",
                "Peter",
                "Naomi",
                "Omar",
            ),
        ),
        (
            *("Carter", "Nguyen", "Ramirez", "Brooks", "Patel", "Sullivan", "Kim", "Bennett", "Okafor", "Fischer"),
            *("Alvarez", "Hughes", "Coleman", "Rossi", "Lindgren", "Washington", "Novak", "Delgado", "Price", "Chen"),
        ),
    ),
    Market(
        "EUR",
        20,
        (("de-DE", "DE"), ("de-DE", "DE"), ("fr-FR", "FR"), ("nl-NL", "NL"), ("es-ES", "ES")),
        ("visa_success_de", "mastercard_success", "visa_success_fr", "visa_debit_success", "visa_frictionless"),
        (
            *("Lena", "Jonas", "Mathilde", "Luc", "Sanne", "Jürgen", "Inés", "Théo", "Katharina", "Pieter", "Zoë"),
            *("Álvaro", "Marie", "Sören", "Camille"),
        ),
        (
            *("Müller", "Schäfer", "Lefèvre", "de Vries", "García", "Weiß", "Moreau", "Bakker", "Hoffmann", "Núñez"),
            *("Krüger", "Girard"),
        ),
    ),
    Market(
        "GBP",
        12,
        (("en-GB", "GB"),),
        ("visa_success_gb", "mastercard_success", "visa_debit_success", "visa_frictionless"),
        ("Harriet", "Callum", "Imogen", "Rhys", "Aisha", "Fergus", "Poppy", "Nikhil", "Eleanor", "Declan"),
        ("Whitfield", "MacLeod", "Ahmed", "Pritchard", "Thornton", "Sharma", "O'Connor", "Hargreaves"),
    ),
    Market(
        "JPY",
        4,
        (("ja-JP", "JP"),),
        ("jcb_success", "visa_success_jp", "mastercard_success"),
        ("Haruka", "Kenji", "Yui", "Takumi", "Aiko", "Ren"),
        ("Sato", "Tanaka", "Ishikawa", "Mori", "Nakamura"),
    ),
    Market(
        "KWD",
        3,
        (("en-GB", "KW"), ("ar-KW", "KW")),
        ("visa_success", "mastercard_success"),
        ("Fatima", "Yousef", "Noura", "Khaled", "Dana"),
        ("Al-Sabah", "Al-Mutairi", "Behbehani", "Al-Rashid"),
    ),
)


@dataclass(frozen=True)
class Person:
    """A buyer; `context` is where the order comes from, as `place_order` takes it."""

    name: str
    email: str
    locale: str
    market: Market
    context: dict[str, str]


def somebody(chance: Random, seed: str) -> Person:
    """A buyer of some market. The same names come back with the same addresses, devices and habits."""
    market = chance.choices(MARKETS, [market.weight for market in MARKETS])[0]
    several = len(market.given) * len(market.family)
    known = several if chance.randrange(10) < _STRANGERS else several // 3
    number = chance.randrange(known) * 7 % several  # 7 divides no such product, so each number is another pair
    return _person(market, number, seed)


def _person(market: Market, number: int, seed: str) -> Person:
    given, family = market.given[number % len(market.given)], market.family[number // len(market.given)]
    own = chance_of(seed, market.currency, number)
    locale, country = own.choice(market.locales)
    address = f"{_plain(given)}.{_plain(family)}@{own.choice(_DOMAINS)}"
    context = {
        "ip": f"{own.choice(_NETWORKS)}.{own.randint(1, 254)}",
        "ip_country": country,
        "device_id": f"dev_{own.getrandbits(40):010x}",
        "user_agent": own.choice(_AGENTS),
    }
    return Person(f"{given} {family}", address, locale, market, context)


def _plain(name: str) -> str:
    """The name as an address spells it."""
    spelled = "".join(_WITHOUT_ACCENT.get(letter, letter) for letter in name.lower())
    letters = unicodedata.normalize("NFKD", spelled)
    return "".join(letter for letter in letters if letter.isascii() and (letter.isalpha() or letter == "-"))
