"""Which event goes where: a table."""

from __future__ import annotations

from collections.abc import Callable

from app.disputes.sync import hear_of_dispute
from app.gateway import GatewayDispute, GatewayEvent, GatewayPayment
from app.gateway.received import EventOutcome
from app.gateway.wire import GatewayPayout, GatewaySettlement
from app.payments.record import record_gateway_payment
from app.payments.sync import sync_gateway_payment
from app.settlements.hear import hear_of_settlement
from app.settlements.payouts import is_recorded, record_payout


def _payment_event(event_id: str, event: GatewayEvent) -> EventOutcome:
    told = GatewayPayment.model_validate(event.data)
    payment = record_gateway_payment(told, cause=event_id)
    if payment.gateway_version < told.version:
        return EventOutcome.NOT_BELIEVED
    return EventOutcome.APPLIED if payment.gateway_version == told.version else EventOutcome.STALE


def _refund_event(event_id: str, event: GatewayEvent) -> EventOutcome:
    sync_gateway_payment(str(event.data.get("payment", "")), cause=event_id)
    return EventOutcome.APPLIED


def _dispute_event(event_id: str, event: GatewayEvent) -> EventOutcome:
    told = GatewayDispute.model_validate(event.data)
    known = hear_of_dispute(told, cause=event_id)
    if known < told.version:
        return EventOutcome.NOT_BELIEVED
    return EventOutcome.APPLIED if known == told.version else EventOutcome.STALE


def _settlement_event(_event_id: str, event: GatewayEvent) -> EventOutcome:
    is_new = hear_of_settlement(GatewaySettlement.model_validate(event.data))
    return EventOutcome.APPLIED if is_new else EventOutcome.STALE


def _payout_event(_event_id: str, event: GatewayEvent) -> EventOutcome:
    """One whose settlements are not booked yet is looked for again by the worker."""
    told = GatewayPayout.model_validate(event.data)
    if not record_payout(told):
        return EventOutcome.STALE
    return EventOutcome.APPLIED if is_recorded(told) else EventOutcome.NOT_BELIEVED


HANDLERS: dict[str, Callable[[str, GatewayEvent], EventOutcome]] = {
    "payment.requires_action": _payment_event,
    "payment.processing": _payment_event,
    "payment.authorized": _payment_event,
    "payment.partially_captured": _payment_event,
    "payment.captured": _payment_event,
    "payment.capture_failed": _payment_event,
    "payment.declined": _payment_event,
    "payment.failed": _payment_event,
    "payment.voided": _payment_event,
    "payment.expired": _payment_event,
    "refund.created": _refund_event,
    "refund.succeeded": _refund_event,
    "refund.failed": _refund_event,
    "dispute.opened": _dispute_event,
    "dispute.updated": _dispute_event,
    "dispute.won": _dispute_event,
    "dispute.lost": _dispute_event,
    "dispute.closed": _dispute_event,
    "settlement.created": _settlement_event,
    "payout.created": _payout_event,
    "payout.paid": _payout_event,
    "payout.failed": _payout_event,
}


def apply_event(event_id: str, event: GatewayEvent) -> EventOutcome:
    """Apply one event; types that we do not know pass by. Raises NotFound for what is not ours."""
    handler = HANDLERS.get(event.type)
    return EventOutcome.IGNORED if handler is None else handler(event_id, event)
