"""What of a request and its answer may be written down: no card number, no CVC, no secret."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

MASK = "[masked]"
_MOST_BODY = 8192
_CUT = "…"

# Whatever a client calls them, and in whatever type.
_HIDDEN_MEMBERS = re.compile(
    r"number|card_?number|pan|cvc|cvv2?|csc|security_?code|secret|api_?key|password", re.IGNORECASE
)
_SECRET = re.compile(r"(\b[sr]k_(?:test|live)_|\bwhsec_|/challenge/)[^\s\"'\\<>&?#]+")
_BEGINNINGS = ("sk_", "rk_", "whsec_", "/challenge/")
_SEPARATORS = b" .+-"
_LONG_NUMBER = re.compile(r"(?<![A-Za-z0-9_])\d(?:[ .+-]?\d){12,18}(?![A-Za-z0-9_])", re.ASCII)
_DIGITS_ONLY = bytes(ord("0") if chr(byte) in "0123456789" else ord("x") for byte in range(256))
_FEWEST_DIGITS = b"0" * 13
# More than the longest number with its separators: what may have been cut within.
_MARGIN = 40


def mask_body(body: Mapping[str, Any] | None) -> str | None:
    """A request's body as it may be kept: JSON, cut where it is very long."""
    if not body:
        return None
    return mask_text(json.dumps(_without_hidden(body), ensure_ascii=False, separators=(",", ":")))


def mask_address(path: str, query: str) -> str:
    """A path and its query, unquoted, as they may be kept."""
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
    shown = "&".join(f"{name}={MASK if _HIDDEN_MEMBERS.fullmatch(name) else value}" for name, value in pairs)
    return mask_text(f"{path}?{shown}" if shown else path).replace("\x00", "\ufffd")


def mask_text(text: str) -> str:
    """Text without anything that looks like a card number or a secret, cut where it is very long."""
    if len(text) <= _MOST_BODY:
        return _masked(text)
    return _masked(text[: _MOST_BODY + _MARGIN])[:_MOST_BODY][:-_MARGIN] + _CUT


def _masked(text: str) -> str:
    # Nearly all texts have nothing to mask; looking closely at each letter of them would cost more than the rest.
    if any(beginning in text for beginning in _BEGINNINGS):
        text = _SECRET.sub(rf"\1{MASK}", text)
    if _FEWEST_DIGITS in text.encode(errors="replace").translate(_DIGITS_ONLY, _SEPARATORS):
        text = _LONG_NUMBER.sub(lambda found: MASK if _is_card_number(found[0]) else found[0], text)
    return text


def _is_card_number(text: str) -> bool:
    """Whether the check digit is that of a card (Luhn)."""
    digits = re.sub(r"\D", "", text)
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(one - 9 if one > 9 else one for one in doubled)) % 10 == 0


def _without_hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: MASK if _HIDDEN_MEMBERS.fullmatch(name) and one is not None else _without_hidden(one)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [_without_hidden(one) for one in value]
    return value
