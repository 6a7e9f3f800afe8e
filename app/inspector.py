"""JSON as the screens show it: a line per member, each kind of value marked, what is nested can be folded away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from markupsafe import Markup, escape

OPEN_LEVELS = 3
"""Deeper than this, nested values start folded."""
_INDENT = "  "


def json_html(value: Any) -> Markup:
    """The value as HTML whose text is the JSON itself, indented, with its lines ended: so it can be copied whole."""
    return Markup("").join(_lines(value, Markup(""), 0, ""))


def _lines(value: Any, name: Markup, level: int, comma: str) -> Iterator[Markup]:
    begin, end = ("{", "}") if isinstance(value, dict) else ("[", "]")
    pad = _INDENT * level
    if not isinstance(value, dict | list | tuple) or not value:
        yield Markup("<div>{}{}{}{}\n</div>").format(pad, name, _scalar(value), comma)
        return
    told = f"{len(value)} {'member' if begin == '{' else 'item'}{'s' if len(value) != 1 else ''}"
    is_open = Markup(" open") if level < OPEN_LEVELS else ""
    yield Markup('<details{}><summary><span data-holds="{}">{}{}{}</span>\n</summary>').format(
        is_open, told, pad, name, begin
    )
    members = list(value.items()) if isinstance(value, dict) else [(None, one) for one in value]
    for number, (key, member) in enumerate(members, 1):
        shown = (
            Markup("")
            if key is None
            else Markup('<span class="j-key">{}</span>: ').format(json.dumps(str(key), ensure_ascii=False))
        )
        yield from _lines(member, shown, level + 1, "," if number < len(members) else "")
    yield Markup("<div>{}{}{}\n</div></details>").format(pad, end, comma)


def _scalar(value: Any) -> Markup:
    text = json.dumps(value, ensure_ascii=False, default=str)
    kind = "text" if text.startswith('"') else "word" if value is None or isinstance(value, bool) else "number"
    return escape(text) if text in ("{}", "[]") else Markup('<span class="j-{}">{}</span>').format(kind, text)
