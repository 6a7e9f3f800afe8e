"""Answers spoiled on their way: cut off, dripping, or no answer that a client could read."""

import json
import time
from collections.abc import Iterator
from typing import Any

from flask import Response

from sandbox_gateway import server
from sandbox_gateway.faults.effects import MOST_WAIT_MS, Malformed, SlowDrip, Spoiling
from sandbox_gateway.faults.plan import Dropped

_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"


def spoil(response: Response, effect: Spoiling, environ: dict[str, Any]) -> None:
    """Change a finished answer. Dropped, where there is no body that could be cut off."""
    body = response.get_data()
    if isinstance(effect, Malformed):
        _make_malformed(response, effect, body)
    elif isinstance(effect, SlowDrip):
        response.response = _drip(body, effect)
        response.content_length = len(body)
    elif body:
        response.response = _cut_off(body, environ)
        response.content_length = len(body)
    else:
        raise Dropped


def _make_malformed(response: Response, effect: Malformed, body: bytes) -> None:
    if effect.shape == "html":
        response.status_code = 502
        response.content_type = "text/html"
        response.set_data(_PAGE)
    elif effect.shape == "empty":
        response.set_data(b"")
    elif effect.shape == "not_json":
        response.set_data(body[: len(body) // 2])
    elif body and response.is_json:
        response.set_data(json.dumps(_as_text(json.loads(body))))


def _as_text(value: Any) -> Any:
    """The same with numbers and truth values as text."""
    if isinstance(value, dict):
        return {name: _as_text(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_as_text(one) for one in value]
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _drip(body: bytes, effect: SlowDrip) -> Iterator[bytes]:
    size = max(effect.bytes, -(-len(body) * effect.ms // MOST_WAIT_MS))
    for start in range(0, len(body), size):
        if start:
            time.sleep(effect.ms / 1000)
        yield body[start : start + size]


def _cut_off(body: bytes, environ: dict[str, Any]) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    server.drop_connection(environ)
