"""What schemathesis is told beyond the OpenAPI document. It loads this file into its own process."""

from __future__ import annotations

import itertools
import os
import random
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response

from sandbox_gateway.test_cards import CARDS

_COUNT = itertools.count()
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

# What works on these paths works in an account of its own, else a fault that drops connections, a rate limit or a
# reset would soon end the run for everything else.
_STEERING = re.compile(r"/_sandbox/(faults|settings|reset|snapshots)(/|$)")
_STEERING_KEY = os.environ["STEERING_KEY"]
_GATEWAY = os.environ["GATEWAY_URL"]

# Codes of rules that JSON Schema cannot say: a time's calendar, two members that exclude each other, 1.0 as an amount.
# All other codes of `validation_failed` are of rules that stand in the document.
_BEYOND_SCHEMAS = {"value_error", "unknown_card", "int_type"}
# Whether this one is needed depends on another member.
_AT_TIMES = ("missing", "/match/operation")


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Give most idempotency keys a life of their own, else nearly every request is a replay or a misuse of the same
    few; let most well-formed cards and tokens be ones that exist; let no webhook leave this machine."""
    if _STEERING.match(case.path) and case.headers.get("Authorization", "").startswith("Bearer sk_test_"):
        case.headers["Authorization"] = f"Bearer {_STEERING_KEY}"
    number = next(_COUNT)
    key = case.headers.get("Idempotency-Key")
    if isinstance(key, str) and 0 < len(key) < 200 and key[0] != '"' and number % 3:
        case.headers["Idempotency-Key"] = f"{key}-{number}"
    body = case.body
    if not isinstance(body, dict):
        return
    details = body.get("card")
    if number % 3 and isinstance(details, dict) and _is_well_formed(case):
        card = random.Random(number).choice(list(CARDS.values()))
        details.update(number=card.number, exp_year=2090, cvc="1234"[: card.cvc_length])
    if number % 3 and case.path == "/v1/payments" and _is_well_formed(case):
        body.update(_a_token_of(case.headers, number), return_url=None, customer=None)
    url = body.get("url")
    if isinstance(url, str) and _leads_away(url):
        body["url"] = "http://127.0.0.1:9/hook"


def _a_token_of(headers: Mapping[str, str], number: int) -> dict[str, str | int]:
    made = requests.post(
        f"{_GATEWAY}/_sandbox/tokens",
        json={"test_card": random.Random(number).choice(list(CARDS)), "amount": 1999, "currency": "USD"},
        headers={"Authorization": headers.get("Authorization", "")},
        timeout=30,
    )
    token = made.json()
    return {name: token[name] for name in ("amount", "currency")} | {"token": token["id"]} if made.ok else {}


def _leads_away(url: str) -> bool:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return False
    return bool(host) and host not in _LOOPBACK


def _is_well_formed(case: Case[Any]) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


@schemathesis.check
def what_the_document_allows_is_not_called_invalid(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    """Business may refuse a well-formed request, with a code that says why; `validation_failed` is for the others."""
    if not _is_well_formed(case) or response.status_code != 422:
        return
    problem = response.json()
    if problem["code"] == "validation_failed":
        against = [error for error in problem["errors"] if (error["code"], error["pointer"]) != _AT_TIMES]
        assert all(error["code"] in _BEYOND_SCHEMAS for error in against), (against, case.body)
