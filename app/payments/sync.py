"""Ask the gateway what a payment is now, and record it."""

from __future__ import annotations

from app.errors import NotFound
from app.gateway import gateway
from app.payments.ask import repeat
from app.payments.models import Payment
from app.payments.queries import get_payment
from app.payments.record import record_gateway_payment
from app.timeline import Actor
from app.timeline.actors import GATEWAY


def sync_payment(payment_id: str, actor: Actor = GATEWAY, cause: str | None = None) -> Payment:
    """Ask the gateway what the payment is now, and record it. Raises NotFound, GatewayUnavailable."""
    payment = get_payment(payment_id)
    if payment.gateway_id is None:
        attempt = payment.open_attempt_now()
        return repeat(attempt) if attempt is not None else payment
    return record_gateway_payment(gateway().get_payment(payment.gateway_id), actor=actor, cause=cause)


def sync_gateway_payment(gateway_id: str, cause: str | None = None) -> Payment:
    """The same, for a payment known by the gateway's id, as events about refunds name it."""
    told = gateway().get_payment(gateway_id)
    if not told.metadata.get("payment"):
        raise NotFound(f"{gateway_id} was not begun by us.")
    return record_gateway_payment(told, cause=cause)
