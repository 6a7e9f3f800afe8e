"""What may be done about a dispute now, as the screen offers it: the first is the one that most likely comes next."""

from __future__ import annotations

from collections.abc import Callable

from flask import url_for

from app.disputes.models import Dispute
from app.operators.roles import Permission
from app.payments.actions import Action


def actions_for(dispute: Dispute, may: Callable[[Permission], bool]) -> list[Action]:
    """What this operator may do about this dispute now."""
    found = []
    allowed = dispute.allowed_actions()
    if may(Permission.DISPUTE):
        if "submit" in allowed:
            url = url_for("disputes.evidence", dispute_id=dispute.id)
            found.append(Action("answer", "Gather evidence", "file-pen", url, "leave"))
        if "submit" in allowed and dispute.draft is not None:
            url = url_for("disputes.submit_dialog", dispute_id=dispute.id)
            found.insert(0 if not dispute.missing else 1, Action("submit", "Submit evidence", "send", url))
        if "accept" in allowed:
            url = url_for("disputes.accept_dialog", dispute_id=dispute.id)
            found.append(Action("accept", "Accept the dispute", "flag", url, is_danger=True))
        if dispute.is_open:
            url = url_for("disputes.ask_again", dispute_id=dispute.id)
            found.append(Action("ask", "Ask the gateway again", "refresh-cw", url, "send"))
    if may(Permission.REFUND) and not dispute.is_chargeback and dispute.is_open and dispute.payment.amount_free:
        url = url_for("actions.refund_dialog", order_id=dispute.order_id)
        found.append(Action("refund", "Refund instead", "undo-2", url))
    return found
