"""Reading requests strictly: JSON bodies and query parameters, into models, with every fault named by JSON pointer."""

import json
import re
from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

from sandbox_gateway.problems import Problem

Model = TypeVar("Model", bound=BaseModel)

MOST_BYTES = 256 * 1024
MOST_LEVELS = 64
_MOST_DRAINED = 8 * 1024 * 1024
_MOST_ERRORS = 50

_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{\]}]')

# Pydantic's words where they would puzzle a caller who does not know Python.
_WORDS = {
    "missing": "is required",
    "extra_forbidden": "is not a member that is known here",
    "int_type": "must be a whole number, written without quotes or decimals",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "list_type": "must be an array",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "union_tag_not_found": "needs a member type",
}


class _NotJson(ValueError):
    pass


def read_json(request: Request) -> dict[str, Any]:
    """The body as an object; an empty one counts as `{}`. Problems: 413, 415, `malformed_json`, `validation_failed`."""
    raw = _read(request)
    if not raw:
        return {}
    if not _is_json(request):
        raise Problem("unsupported_media_type")
    value = parse_json(raw)
    if not isinstance(value, dict):
        _refuse([("", "object_type", "The body must be a JSON object.")])
    return value


def _read(request: Request) -> bytes:
    # One byte more than allowed shows that a body of unknown length is too long.
    raw = request.stream.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise Problem("body_too_large", headers={} if _drain(request) else {"Connection": "close"})
    return raw


def _drain(request: Request) -> bool:
    """Take in the rest of a body, so that the client comes to read the answer; False if there is no end to it."""
    return any(not request.stream.read(MOST_BYTES) for _ in range(_MOST_DRAINED // MOST_BYTES))


def _is_json(request: Request) -> bool:
    kind = request.mimetype
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    named_json = kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
    return (
        named_json
        and charset in ("utf-8", "utf8")
        and request.headers.get("Content-Encoding", "identity") == "identity"
    )


def parse_json(raw: bytes) -> Any:
    """One JSON text, strictly. Problem: `malformed_json`, saying where or why."""
    try:
        text = raw.decode("utf-8")
        _check_levels(text)
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
        if "\\u" in text:
            _check_surrogates(value)
    except UnicodeDecodeError:
        raise Problem("malformed_json", "The body is not UTF-8.") from None
    except _NotJson as error:
        raise Problem("malformed_json", str(error)) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Problem("malformed_json", f"The body is not JSON: {error.msg} at {where}.") from None
    except (ValueError, RecursionError):
        raise Problem("malformed_json", "The body holds a number that is too long.") from None
    return value


def _check_levels(text: str) -> None:
    if text.count("[") + text.count("{") <= MOST_LEVELS:
        return
    level = 0
    for found in _BRACKETS.finditer(text):
        mark = found.group()
        if mark in "[{":
            level += 1
            if level > MOST_LEVELS:
                raise _NotJson(f"The body is nested more than {MOST_LEVELS} levels deep.")
        elif mark in "]}":
            level -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _NotJson("An object in the body has the same member twice.")
    return made


def _refuse_constant(_name: str) -> NoReturn:
    raise _NotJson("NaN and Infinity are not JSON.")


def _check_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise _NotJson("The body holds half of a surrogate pair.") from None


def validate(model: type[Model], value: dict[str, Any]) -> Model:
    """The model made of a body. Problem: `validation_failed`."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        _refuse(_findings(error, value))


def read_query(model: type[Model] | None, given: MultiDict[str, str]) -> Model | None:
    """The model made of the query parameters; none are known where there is no model. Problem: `validation_failed`."""
    twice = [
        (f"/{_escape(name)}", "repeated", "may be given only once") for name, all_ in given.lists() if len(all_) > 1
    ]
    if twice:
        _refuse(twice)
    flat = given.to_dict()
    if model is None:
        if flat:
            _refuse(
                (f"/{_escape(name)}", "extra_forbidden", "is not a query parameter that is known here") for name in flat
            )
        return None
    return validate(model, flat)


def _findings(error: ValidationError, value: dict[str, Any]) -> Iterable[tuple[str, str, str]]:
    # Never the input itself: it may be a card number.
    for found in error.errors(include_url=False, include_input=False, include_context=False)[:_MOST_ERRORS]:
        yield _pointer(found["loc"], value), found["type"], _WORDS.get(found["type"]) or _plain(found["msg"])


def _plain(message: str) -> str:
    """Pydantic's message as the rest of a sentence that begins with the member's name."""
    message = message.removeprefix("Value error, ")
    for before, after in (
        ("Input should be", "must be"),
        ("String should have", "must have"),
        ("List should have", "must have"),
        ("Dictionary should have", "must have"),
        ("String should match pattern", "must match the pattern"),
    ):
        message = message.replace(before, after)
    return message


def _pointer(location: tuple[int | str, ...], value: Any) -> str:
    """The JSON pointer of pydantic's location, which names the chosen kind of a union as if it were a member."""
    pointer = ""
    in_union = False
    for part in location:
        in_union = not in_union and isinstance(value, dict) and value.get("type") == part
        if in_union:
            continue
        pointer += f"/{_escape(str(part))}"
        if isinstance(value, dict):
            value = value.get(str(part))
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
    return pointer.removesuffix("/[key]")


def _escape(part: str) -> str:
    # What a caller named a member comes back in the answer, so it is cut to a bearable length.
    return part[:100].replace("~", "~0").replace("/", "~1")


def _refuse(findings: Iterable[tuple[str, str, str]]) -> NoReturn:
    errors = [{"pointer": pointer, "code": code, "detail": detail} for pointer, code, detail in findings]
    first = errors[0]
    raise Problem(
        "validation_failed",
        f"{first['pointer']}: {first['detail']}" if first["pointer"] else first["detail"],
        param=first["pointer"],
        errors=errors,
    )
