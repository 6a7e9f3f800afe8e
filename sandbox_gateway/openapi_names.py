"""What operations are called in the OpenAPI document, and so in clients made of it; and what their groups are about."""

from sandbox_gateway.routes import Route

# Handlers whose own name says too little outside of their room.
_NAMES = {
    "create_capture": "capture_payment",
    "resend": "resend_event",
    "reset": "reset_account",
    "drain": "drain_webhooks",
    "list_lines": "list_settlement_lines",
    "get_truth": "get_settlement_truth",
    "list_true_lines": "list_true_settlement_lines",
    "create_endpoint": "create_webhook_endpoint",
    "list_endpoints": "list_webhook_endpoints",
    "get_endpoint": "get_webhook_endpoint",
    "update_endpoint": "update_webhook_endpoint",
    "delete_endpoint": "delete_webhook_endpoint",
    "rotate_secret": "rotate_webhook_secret",
    "test_endpoint": "test_webhook_endpoint",
    "list_deliveries": "list_webhook_deliveries",
    "get_delivery": "get_webhook_delivery",
    "list_cards": "list_test_cards",
    "add_evidence": "add_dispute_evidence",
    "list_moves_of_payment": "list_payment_moves",
    "list_moves_of_refund": "list_refund_moves",
    "list_moves_of_dispute": "list_dispute_moves",
    "list_moves_of_payout": "list_payout_moves",
}

TAGS = {
    "Tokens": "A card's details for one payment. The only thing that a browser may ask for.",
    "Payments": "Hold, take and release a customer's money.",
    "Refunds": "Give captured money back.",
    "Disputes": "What a cardholder denies, and the merchant's answer.",
    "Settlements": "What a day of business comes to, and the transfer that follows.",
    "Account": "The account behind the key.",
    "Webhook endpoints": "Who is told of what.",
    "Events": "What happened, in order.",
    "Webhook deliveries": "Each try at telling.",
    "Simulation": "What only a sandbox has: cards, clock, snapshots, and the outside world's moves.",
    "Faults": "Answers and webhooks that are late, wrong or lost, on command.",
    "Health": "For supervisors. No key needed.",
}


def operation_id(route: Route) -> str:
    """`createPayment`, for the handler create_payment."""
    name: str = route.handler.__name__
    first, *others = _NAMES.get(name, name).split("_")
    return first + "".join(word.capitalize() for word in others)
