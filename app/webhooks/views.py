"""Where the gateway delivers; what it delivered: the list, one event, and applying it again."""

from __future__ import annotations

from datetime import timedelta

import structlog
from flask import Blueprint, current_app, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from app import audit
from app.clock import wall_now
from app.config import Settings
from app.db import reading, transaction
from app.errors import GatewayRefused, GatewayUnavailable, NotFound, RuleBroken
from app.finding.pages import List
from app.finding.saved import View
from app.gateway.received import EventOutcome, WebhookEvent
from app.gateway.signature import BadDelivery, Refusal, verify_delivery
from app.htmx import go_to
from app.operators.guards import public, requires
from app.operators.roles import Permission
from app.payments.models import Payment
from app.security import actor
from app.timeline.queries import caused_by
from app.webhooks.lists import COLUMNS, EVENTS, EXPORTED, EventsForm
from app.webhooks.receive import TRIES_AT_MOST, receive, replay
from app.webhooks.refusals import count_refusal, refusals_since
from app.webhooks.skew import skew_of
from app.webhooks.subscription import rotate_secret, signing_secrets, subscription

blueprint = Blueprint("webhooks", __name__)
log = structlog.get_logger("webhooks")

KEPT_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "user-agent")
_REFUSALS_SHOWN = timedelta(days=1)
_HEADER_AT_MOST = 2000

LIST = List(
    name="webhooks",
    noun="event",
    searched="Event, payment or reference",
    endpoint="webhooks.index",
    form=EventsForm,
    built_in=(
        View("All", ""),
        View("Waiting", "status=waiting"),
        View("Failed or not believed", "status=failed&status=not_believed"),
    ),
    columns=COLUMNS,
    exported=EXPORTED,
    rows=EVENTS,
    clock=wall_now,
)


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


@blueprint.post("/webhooks/gateway")
@public
def deliver() -> Response:
    """2xx once the event is stored; 400 for whatever is not a delivery of our gateway's."""
    try:
        body = request.get_data(cache=False)
        event_id, event = verify_delivery(request.headers, body, signing_secrets(_settings()))
    except (BadDelivery, RequestEntityTooLarge) as reason:
        kind = reason.kind if isinstance(reason, BadDelivery) else Refusal.OVERSIZED
        log.warning("delivery refused", kind=kind.value, reason=str(reason))
        count_refusal(kind)
        return Response("This is not a delivery of our gateway's.\n", 400, mimetype="text/plain")
    headers = {name: request.headers[name][:_HEADER_AT_MOST] for name in KEPT_HEADERS if name in request.headers}
    receive(event_id, event, body, headers)
    return Response(status=204)


@blueprint.get("/webhooks")
@requires(Permission.READ)
def index() -> Response:
    """The events that came, by filter, as a page or as a file."""
    return LIST.answer("webhooks/index.html")


@blueprint.app_context_processor
def _state() -> dict[str, object]:
    return {"webhook_state": _read_state}


def _read_state() -> dict[str, object]:
    """What stands above the list: our endpoint, the refusals of a day, and clocks that are apart."""
    with reading() as session:
        refused = refusals_since(session, _REFUSALS_SHOWN)
        return {"subscription": subscription(_settings()), "refused": refused, "skew": skew_of(session)}


@blueprint.get("/webhooks/events/<event_id>")
@requires(Permission.READ)
def show(event_id: str) -> str:
    """One event: what came, how often, what became of it, and its raw form."""
    with reading() as session:
        event = session.get(WebhookEvent, event_id)
        if event is None:
            raise NotFound(f"There is no webhook event {event_id}.")
        ours = select(Payment).where(Payment.gateway_id == event.gateway_payment_id)
        payment = session.scalars(ours).one_or_none() if event.gateway_payment_id else None
        entries = caused_by(session, payment.order_id, event.id) if payment is not None else ()
    return render_template(
        "webhooks/show.html",
        event=event,
        payment=payment,
        entries=entries,
        tries_at_most=TRIES_AT_MOST,
        may_replay=current_user.may(Permission.DEVELOP),
    )


_SAID = {
    EventOutcome.APPLIED: "The event was applied.",
    EventOutcome.STALE: "Applied again: nothing in it was new.",
    EventOutcome.IGNORED: "Events of this type are not used: nothing was changed.",
    EventOutcome.FOREIGN: "The event is about no payment of ours: nothing was changed.",
}


@blueprint.post("/webhooks/events/<event_id>/replays")
@requires(Permission.DEVELOP)
def apply_again(event_id: str) -> ResponseReturnValue:
    """Apply it again, now."""
    event = replay(event_id, actor())
    said = _SAID.get(EventOutcome(event.outcome))
    if said is not None:
        flash(said)
    else:
        flash(f"It could not be applied. {event.last_error or 'What it says cannot be the order.'}", "bad")
    return go_to(url_for(".show", event_id=event_id))


@blueprint.post("/webhooks/secret")
@requires(Permission.DEVELOP)
def rotate() -> ResponseReturnValue:
    """Sign with a new secret from now on; deliveries under way are still believed."""
    try:
        rotate_secret(_settings())
    except (GatewayUnavailable, GatewayRefused, RuleBroken) as trouble:
        flash(f"The secret was not rotated. {trouble}", "bad")
    else:
        with transaction() as session:
            audit.note(session, "webhook.secret", "gateway", "Rotated the secret that the gateway signs with", actor())
        flash("A new secret signs from now on. The one before is believed for another 24 hours.")
    return go_to(url_for(".index"))
