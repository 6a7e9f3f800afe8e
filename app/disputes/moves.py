"""What only a sandbox offers: to play issuer and cardholder, and do to a dispute what they could do now."""

from __future__ import annotations

from collections.abc import Sequence

from app.disputes.models import Dispute
from app.disputes.queries import get_dispute
from app.disputes.sync import sync_dispute
from app.errors import GatewayRefused, GatewayUnavailable, RuleBroken
from app.gateway import gateway
from app.gateway.wire import GatewayMove
from app.timeline import Actor


def moves_of(dispute: Dispute) -> Sequence[GatewayMove]:
    """What could happen to it now; nothing while the gateway cannot be asked."""
    try:
        return gateway().moves_of_dispute(dispute.id)
    except (GatewayUnavailable, GatewayRefused):
        return ()


def make_move(dispute_id: str, action: str, actor: Actor) -> Dispute:
    """Have one of them happen. Raises NotFound, GatewayUnavailable, RuleBroken where it cannot happen any more."""
    dispute = get_dispute(dispute_id)
    try:
        gateway().move_dispute(dispute.id, action)
    except GatewayRefused as refusal:
        raise RuleBroken(refusal.code, refusal.detail, current_status=dispute.status) from refusal
    return sync_dispute(dispute.id, actor, cause=f"chosen in the sandbox: {action}"[:128])
