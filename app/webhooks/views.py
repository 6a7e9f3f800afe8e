"""Where the gateway delivers."""

from __future__ import annotations

import structlog
from flask import Blueprint, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from app.gateway.signature import BadDelivery, verify_delivery
from app.operators.guards import public
from app.webhooks.receive import receive
from app.webhooks.subscription import signing_secrets

blueprint = Blueprint("webhooks", __name__)
log = structlog.get_logger("webhooks")


@blueprint.post("/webhooks/gateway")
@public
def deliver() -> Response:
    """2xx once the event is stored; 400 for whatever is not a delivery of our gateway's."""
    try:
        body = request.get_data(cache=False)
        event_id, event = verify_delivery(request.headers, body, signing_secrets(current_app.config["SETTINGS"]))
    except (BadDelivery, RequestEntityTooLarge) as reason:
        log.warning("delivery refused", reason=str(reason))
        return Response("This is not a delivery of our gateway's.\n", 400, mimetype="text/plain")
    receive(event_id, event, body)
    return Response(status=204)
