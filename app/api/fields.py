"""Kinds of members that requests share: bounded text, amounts, currencies, times, and the strict base models."""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from app.money import MAX_AMOUNT_MINOR, UnknownCurrency, exponent_of

_TIME = re.compile(r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$", re.ASCII)
_URL = re.compile(r"^[Hh][Tt][Tt][Pp][Ss]?://[!-~]+$")
_NAME = re.compile(r"^[A-Za-z0-9_-]+$")
_COUNTRY = re.compile(r"^[A-Za-z]{2}$")


class Body(BaseModel):
    """A request's body: no conversion between types, no unknown members."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Query(BaseModel):
    """Query parameters; they arrive as text, unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _currency(value: str) -> str:
    try:
        exponent_of(value.upper() if value.isascii() else value)
    except UnknownCurrency:
        raise ValueError("Write an ISO 4217 code with a minor unit, such as USD, JPY or KWD.") from None
    return value.upper()


def _ip(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise ValueError("Write an IPv4 or IPv6 address, like 203.0.113.7.") from None


def _country(value: str) -> str:
    if not _COUNTRY.fullmatch(value):
        raise ValueError("Write a country code of two letters, like DE.")
    return value.upper()


def _url(value: str) -> str:
    if not _URL.fullmatch(value):
        raise ValueError("Write an http or https address, like http://127.0.0.1:9000/paid.")
    return value


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("Write letters, digits, _ and - only.")
    return value


def _instant(value: object) -> object:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError("Write a time as RFC 3339 has it, like 2026-11-23T09:30:00Z.")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("There is no such time. Write it like 2026-11-23T09:30:00Z.") from None


def _page_size(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,3}", value) or not 1 <= int(value) <= 100:
        raise ValueError("Write a whole number from 1 to 100.")
    return int(value)


Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
"""Any text but with NUL in it, which not every database can keep; whoever uses it says how long."""
ShortText = Annotated[Text, Field(min_length=1, max_length=100)]
LongText = Annotated[Text, Field(min_length=1, max_length=500)]

Amount = Annotated[
    int,
    Field(
        ge=1,
        le=MAX_AMOUNT_MINOR,
        description="In the currency's minor unit: 1999 is 19.99 USD, and 1999 JPY.",
        examples=[1999],
    ),
]
CurrencyCode = Annotated[
    str,
    Field(min_length=3, max_length=3, description="ISO 4217, in any case; returned in capitals.", examples=["USD"]),
    AfterValidator(_currency),
]
Name = Annotated[
    str, Field(min_length=1, max_length=64, json_schema_extra={"pattern": _NAME.pattern}), AfterValidator(_name)
]
IpAddress = Annotated[str, Field(max_length=45, examples=["203.0.113.7"]), AfterValidator(_ip)]
Country = Annotated[
    str,
    Field(min_length=2, max_length=2, examples=["DE"], json_schema_extra={"pattern": _COUNTRY.pattern}),
    AfterValidator(_country),
]
Url = Annotated[
    str,
    Field(max_length=2000, examples=["http://127.0.0.1:9000/paid"], json_schema_extra={"pattern": _URL.pattern}),
    AfterValidator(_url),
]
Time = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-23T09:30:00Z"]}),
]
PageSize = Annotated[
    int, BeforeValidator(_page_size), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 100, "default": 20})
]
Metadata = Annotated[
    dict[Annotated[Text, Field(min_length=1, max_length=40)], Annotated[Text, Field(max_length=500)]],
    Field(max_length=50, description="Up to 50 pairs of text, kept and given back.", examples=[{"channel": "web"}]),
]
