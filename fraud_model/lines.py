"""Payments as JSON lines: read, scored and observed one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from fraud_model.payments import InvalidPayment, News, Payment, Told, payment_from, time_from
from fraud_model.scorer import Assessment, FraudScorer

_KNOWN: Final = frozenset(
    {
        "id", "at", "amount", "currency", "card", "merchant", "device", "email", "ip", "card_country", "ip_country",
        "declined", "fraud_at",
    }
)  # fmt: skip


def assessed(scorer: FraudScorer, lines: Iterable[str]) -> Iterator[tuple[Payment, Assessment, list[Told]]]:
    """Each payment with its assessment, and what became known of it later, for the scorer to learn."""
    last = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            fields = _object(line)
            payment, news = payment_from(fields), _news_of(fields)
            if payment.at < last:
                raise InvalidPayment("at must not be before the line above it: the lines are read in order of time")
        except InvalidPayment as error:
            raise InvalidPayment(f"line {number}: {error}") from None
        last = payment.at
        assessment = scorer.assess(payment)
        scorer.observe(payment)
        yield payment, assessment, [Told(payment, kind, at) for kind, at in news]


def _object(line: str) -> dict[str, Any]:
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise InvalidPayment(f"not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise InvalidPayment("a line must be a JSON object")
    unknown = sorted(set(fields) - _KNOWN)
    if unknown:
        raise InvalidPayment(f"{unknown[0]} is no field of a payment; there are {', '.join(sorted(_KNOWN))}")
    return fields


def _news_of(fields: dict[str, Any]) -> list[tuple[News, int]]:
    declined = fields.get("declined", False)
    if not isinstance(declined, bool):
        raise InvalidPayment(f"declined must be true or false, not {declined!r}")
    news = [(News.DECLINED, time_from(fields, "at"))] if declined else []
    if fields.get("fraud_at") is not None:
        news.append((News.FRAUD, time_from(fields, "fraud_at")))
    return news
