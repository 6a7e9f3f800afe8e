"""Kinds of members that request bodies share: bounded text, ids, amounts, times, and the strict base model."""

from typing import Annotated, Any

from iso4217 import Currency
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from sandbox_gateway import times

MOST_AMOUNT = 999_999_999_999


class Body(BaseModel):
    """A request body: no conversion between types, no unknown members."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class NoMembers(Body):
    """Of requests that take no body but an empty one."""


class Query(BaseModel):
    """Query parameters: all of them arrive as text. A model of each list says which there are."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _check_plain(value: str) -> str:
    if "\x00" in value:
        raise ValueError("must not contain the NUL character")
    return value


def text_field(most: int, *, least: int = 0) -> Any:
    """Text of `least` to `most` characters. NUL is refused: not every database can keep it."""
    return _Text(most, least)


class _Text(StringConstraints):
    """StringConstraints that also refuse NUL."""

    def __init__(self, most: int, least: int) -> None:
        super().__init__(min_length=least or None, max_length=most)

    def __iter__(self) -> Any:
        yield from super().__iter__()
        yield AfterValidator(_check_plain)


def _check_currency(value: str) -> str:
    code = CURRENCIES.get(value.upper() if value.isascii() else "")
    if code is None:
        raise ValueError("must be an ISO 4217 code with a minor unit, such as USD, JPY or KWD")
    return code


def _check_time(value: str) -> str:
    times.from_wire(value)
    return value


# Codes without a minor unit (gold, "no currency", test codes) stand for no amount that could be charged.
DIGITS: dict[str, int] = {one.code: one.exponent for one in Currency if one.exponent is not None}
CURRENCIES: dict[str, str] = {code: code for code in DIGITS}

Amount = Annotated[
    int, Field(ge=1, le=MOST_AMOUNT, description="In the currency's minor unit: 1999 is 19.99 USD, 500 is 500 JPY.")
]
CurrencyCode = Annotated[
    str,
    StringConstraints(min_length=3, max_length=3),
    AfterValidator(_check_currency),
    Field(description="ISO 4217, in any case.", examples=["USD"], json_schema_extra={"pattern": "^[A-Za-z]{3}$"}),
]
Time = Annotated[
    str,
    AfterValidator(_check_time),
    Field(
        description="RFC 3339.",
        examples=["2026-11-23T09:30:00Z"],
        max_length=40,
        json_schema_extra={"format": "date-time"},
    ),
]
