"""A signed body as a database can keep it: what JSON allows and PostgreSQL's does not is replaced, never refused."""

from __future__ import annotations

import json
import math
from typing import Any

_DIGITS_AT_MOST = 300


def storable(body: bytes) -> dict[str, Any]:
    """The JSON object of a body that was verified and parsed before."""
    read = json.loads(body, parse_int=_whole, parse_float=_broken, parse_constant=str)
    assert isinstance(read, dict), "an event is an object"
    return {_text(name): _kept(value) for name, value in read.items()}


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= _DIGITS_AT_MOST else digits


def _broken(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


def _text(value: str) -> str:
    """Without NUL and without halves of surrogate pairs."""
    return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _kept(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [_kept(one) for one in value]
    if isinstance(value, dict):
        return {_text(name): _kept(one) for name, one in value.items()}
    return value
