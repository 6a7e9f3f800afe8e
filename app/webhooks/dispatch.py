"""Which event goes where: a table."""

from __future__ import annotations

from collections.abc import Callable

from app.gateway import GatewayEvent, GatewayPayment
from app.payments.record import record_gateway_payment
from app.payments.sync import sync_gateway_payment


def _payment_event(event_id: str, event: GatewayEvent) -> str:
    told = GatewayPayment.model_validate(event.data)
    payment = record_gateway_payment(told, cause=event_id)
    return "applied" if payment.gateway_version == told.version else "stale"


def _refund_event(event_id: str, event: GatewayEvent) -> str:
    sync_gateway_payment(str(event.data.get("payment", "")), cause=event_id)
    return "applied"


HANDLERS: dict[str, Callable[[str, GatewayEvent], str]] = {
    "payment.requires_action": _payment_event,
    "payment.processing": _payment_event,
    "payment.authorized": _payment_event,
    "payment.partially_captured": _payment_event,
    "payment.captured": _payment_event,
    "payment.declined": _payment_event,
    "payment.failed": _payment_event,
    "payment.voided": _payment_event,
    "payment.expired": _payment_event,
    "refund.created": _refund_event,
    "refund.succeeded": _refund_event,
    "refund.failed": _refund_event,
}


def apply_event(event_id: str, event: GatewayEvent) -> str:
    """Apply one event; types that we do not know pass by. Raises NotFound for what is not ours."""
    handler = HANDLERS.get(event.type)
    return "ignored" if handler is None else handler(event_id, event)
