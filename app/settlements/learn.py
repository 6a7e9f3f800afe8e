"""Asks the gateway about what a report tells of and we have not heard: an event that was lost is no break."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

import structlog

from app.disputes.sync import hear_of_dispute
from app.errors import GatewayRefused, NotFound
from app.gateway import gateway
from app.gateway.wire import GatewayLine
from app.payments.sync import sync_gateway_payment
from app.settlements.match import OF_THE_DESK

log = structlog.get_logger("settlements")

_AT_MOST = 100
"""So many of some lines are asked about; where more are unknown, it is not a few events that were lost."""


def unheard_of(lines: Iterable[GatewayLine], known: Container[str]) -> list[GatewayLine]:
    """The lines of payments that we do not know, and the gateway does."""
    return [line for line in lines if line.source not in known and line.type not in OF_THE_DESK and line.payment]


def ask_about(lines: Sequence[GatewayLine]) -> None:
    """Have the gateway tell of these lines' payments and disputes. Raises GatewayUnavailable."""
    payments = dict.fromkeys(line.payment for line in lines)
    for payment in list(payments)[:_AT_MOST]:
        _ask(payment or "", [line.source for line in lines if line.payment == payment and line.type == "dispute"])


def _ask(payment: str, disputes: Sequence[str]) -> None:
    try:
        sync_gateway_payment(payment, cause="a settlement tells of it")
        for dispute in disputes:
            hear_of_dispute(gateway().get_dispute(dispute), cause="a settlement tells of it")
    except (NotFound, GatewayRefused) as unknown:
        log.warning("a report tells of what is not ours", payment=payment, reason=str(unknown))
