"""Reading requests strictly: JSON bodies and query parameters, each fault named by its JSON pointer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, TypeVar

from flask import Request
from pydantic import BaseModel, ValidationError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from app.api.problems import ApiProblem
from app.errors import FieldError, RuleBroken

Model = TypeVar("Model", bound=BaseModel)

MOST_BYTES = 256 * 1024
MOST_LEVELS = 64
_MOST_TAKEN_IN = 4 * 1024 * 1024
"""So much of a body that is too large is taken in and dropped, for the client to come to read the answer."""
_MOST_ERRORS = 50
_MOST_NAME = 100

# Where pydantic's own words would puzzle somebody who does not know Python.
_WORDS = {
    "missing": "It is required.",
    "extra_forbidden": "It is not known here: leave it out.",
    "int_type": "Write a whole number, without quotes and decimals.",
    "string_type": "Write text, in quotes.",
    "bool_type": "Write true or false, without quotes.",
    "dict_type": "Write an object.",
    "model_type": "Write an object.",
    "string_pattern_mismatch": "Leave out the NUL character.",
    "list_type": "Write an array.",
}


def read_json(request: Request) -> dict[str, Any]:
    """The body as an object, an empty one as `{}`.

    ApiProblem: `body_too_large`, `unsupported_media_type`, `malformed_json`; RuleBroken where it is no object.
    """
    raw = _read(request)
    if not raw:
        return {}
    if not _is_json(request):
        raise ApiProblem("unsupported_media_type")
    value = parse_json(raw)
    if not isinstance(value, dict):
        raise _invalid([FieldError("", "object_type", "The body must be a JSON object.")])
    return value


def _read(request: Request) -> bytes:
    request.max_content_length = _MOST_TAKEN_IN
    raw = bytearray()
    size = 0
    try:
        while chunk := request.stream.read(64 * 1024):  # also when no length is known beforehand
            size += len(chunk)
            if size <= MOST_BYTES:
                raw += chunk
    except RequestEntityTooLarge:
        raise ApiProblem("body_too_large", headers={"Connection": "close"}) from None
    if size > MOST_BYTES:
        raise ApiProblem("body_too_large")
    return bytes(raw)


def _is_json(request: Request) -> bool:
    kind = request.mimetype
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    named_json = kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
    plain = request.headers.get("Content-Encoding", "identity").lower() == "identity"
    return named_json and plain and charset in ("utf-8", "utf8")


def parse_json(raw: bytes) -> Any:
    """One JSON text, strictly; ApiProblem `malformed_json` says where or why it is none."""
    try:
        text = raw.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_members, parse_constant=_refuse_constant)
        _check_levels(value, 0)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError:
        _malformed("The body is not UTF-8.")
    except UnicodeEncodeError:
        _malformed("The body holds half of a surrogate pair.")
    except json.JSONDecodeError as error:
        _malformed(f"The body is not JSON: {error.msg}, at line {error.lineno}, column {error.colno}.")
    except RecursionError:
        _malformed(f"The body is nested more than {MOST_LEVELS} levels deep.")
    except ValueError:  # Python reads no whole number of more than some thousand digits
        _malformed("The body holds a number that is too long.")
    return value


def _malformed(detail: str) -> NoReturn:
    raise ApiProblem("malformed_json", detail) from None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        _malformed("An object in the body has the same member twice.")
    return members


def _refuse_constant(_name: str) -> NoReturn:
    _malformed("NaN and Infinity are not JSON.")


def _check_levels(value: Any, level: int) -> None:
    if isinstance(value, dict | list):
        if level == MOST_LEVELS:
            _malformed(f"The body is nested more than {MOST_LEVELS} levels deep.")
        for part in value.values() if isinstance(value, dict) else value:
            _check_levels(part, level + 1)


def validate(model: type[Model], value: Mapping[str, Any]) -> Model:
    """The model made of a body or of query parameters; RuleBroken (422) names every member that is wrong."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _invalid(_findings(error)) from None


def read_query(model: type[Model], given: MultiDict[str, str]) -> Model:
    """The model made of query parameters, each given at most once."""
    twice = [name for name, values in given.lists() if len(values) > 1]
    if twice:
        raise _invalid(FieldError(_pointer((name,)), "repeated", "Give it only once.") for name in twice)
    return validate(model, given.to_dict())


def _findings(error: ValidationError) -> Iterable[FieldError]:
    for found in error.errors(include_url=False, include_input=False, include_context=False)[:_MOST_ERRORS]:
        said = found["msg"].removeprefix("Value error, ")
        detail = _WORDS.get(found["type"]) or (said if said.endswith(".") else f"{said}.")
        yield FieldError(_pointer(found["loc"]), found["type"], detail)


def _pointer(location: Iterable[int | str]) -> str:
    parts = (str(part)[:_MOST_NAME].replace("~", "~0").replace("/", "~1") for part in location if part != "[key]")
    return "".join(f"/{part}" for part in parts)


def _invalid(findings: Iterable[FieldError]) -> RuleBroken:
    errors = list(findings)
    first = errors[0]
    detail = f"{first.pointer}: {first.detail}" if first.pointer else first.detail
    return RuleBroken("validation_failed", detail, status=422, errors=errors)
