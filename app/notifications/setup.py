"""What messages look like and where they go: each e-mail in each language; the order service's address and secret."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, current_app, flash, render_template, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response as AnyResponse

from app.config import Settings
from app.db import reading, transaction
from app.errors import InvalidInput
from app.htmx import go_to
from app.languages import LANGUAGES, language_of
from app.notifications import callbacks
from app.notifications.connected import connected
from app.notifications.layout import Mail, lay_out
from app.notifications.letters import Facts, Links, MailKind
from app.notifications.models import Message, MessageStatus, OrderServiceState
from app.notifications.signing import OVERLAP, read_secrets, roll_secret
from app.notifications.views import framed
from app.operators.guards import requires
from app.operators.roles import Permission
from app.security import actor, allow_own_frames
from app.timeline import Kind, add

blueprint = Blueprint("notification_setup", __name__)

_SAMPLE = Facts(
    merchant="Northwind Coffee",
    customer="Ann Example",
    reference="WEB-2024",
    amount_minor=123_450,
    currency="EUR",
    at=datetime(2026, 11, 23, 9, 15, tzinfo=UTC),
    card_network="visa",
    card_last4="4242",
    decline_code="insufficient_funds",
    pay_until="2026-11-30T09:15:00+00:00",
    items=[
        {"name": "Coffee machine", "quantity": 1, "unit_amount": 119_450},
        {"name": "Mug", "quantity": 2, "unit_amount": 2_000},
    ],
)


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def _sample() -> tuple[MailKind, str, Mail]:
    """The preview that the address asks for. InvalidInput for a kind or a language that there is none of."""
    kind, code = request.args.get("kind", MailKind.PAID), request.args.get("language", LANGUAGES[0])
    if kind not in set(MailKind):
        raise InvalidInput("/kind", "unknown_kind", f"Choose one of: {', '.join(MailKind)}.")
    if code not in LANGUAGES:
        raise InvalidInput("/language", "unknown_language", f"Choose one of: {', '.join(LANGUAGES)}.")
    links = Links(f"{_settings().public_url}/pay/…", f"{_settings().public_url}/my/…")
    return MailKind(kind), code, lay_out(MailKind(kind), _SAMPLE, language_of(code), links)


@blueprint.get("/notifications/previews")
@requires(Permission.READ)
def previews() -> str:
    """Each e-mail in each language, as its reader sees it."""
    kind, code, mail = _sample()
    here = connected()
    allow_own_frames()
    return render_template(
        "notifications/previews.html",
        kind=kind,
        code=code,
        mail=mail,
        kinds=MailKind,
        languages=[language_of(one) for one in LANGUAGES],
        server=here.mail_server if here else None,
    )


@blueprint.get("/notifications/previews/mail")
@requires(Permission.READ)
def preview_mail() -> Response:
    """The e-mail itself, for its frame."""
    return framed(_sample()[2].html)


def _page(shown_once: str | None = None) -> str:
    settings = _settings()
    with reading() as session:
        state = session.get(OrderServiceState, 1)
        held = session.scalar(select(func.count()).where(Message.status == MessageStatus.HELD)) or 0
    secrets = read_secrets(settings)
    return render_template(
        "notifications/order_service.html",
        url=settings.order_service_url,
        disabled_at=state.disabled_at if state and state.url == settings.order_service_url else None,
        held=held,
        secrets=secrets,
        is_setting=bool(settings.order_service_secrets),
        allows_private=settings.order_service_private,
        overlap=OVERLAP,
        shown_once=shown_once,
    )


@blueprint.get("/notifications/order-service")
@requires(Permission.DEVELOP)
def order_service() -> str:
    """Where callbacks go, whether they are wanted, and the secret's state; never the secret."""
    return _page()


@blueprint.post("/notifications/order-service/secret")
@requires(Permission.DEVELOP)
def new_secret() -> str:
    """Roll the secret over and show the new one, this once."""
    fresh = roll_secret(_settings())
    with transaction() as session:
        words = f"Secret of the order service's callbacks rolled over; the old one also signs for {OVERLAP}"
        add(session, Kind.ORDER_SERVICE, "order_service", words, actor())
    return _page(fresh)


@blueprint.post("/notifications/order-service/enable")
@requires(Permission.DEVELOP)
def enable() -> AnyResponse:
    """Send callbacks again, those that were held first."""
    with transaction() as session:
        number = callbacks.enable(session)
        add(session, Kind.ORDER_SERVICE, "order_service", f"Callbacks enabled again, {number} of them held", actor())
    flash(f"Callbacks go out again{f'; {number} that waited are sent now' if number else ''}.")
    return go_to(url_for(".order_service"))
