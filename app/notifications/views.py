"""What was told, to whom, and how it went: the list, one message, and sending it again."""

from __future__ import annotations

import json

from flask import Blueprint, Response, flash, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from app.db import reading, transaction
from app.errors import NotFound
from app.finding.pages import List
from app.finding.saved import View
from app.htmx import go_to
from app.notifications import callbacks, mail, messages
from app.notifications.lists import COLUMNS, EXPORTED, MESSAGES, MessagesForm
from app.notifications.models import Channel, Message
from app.notifications.often import check_times
from app.operators.guards import requires
from app.operators.roles import Permission
from app.security import allow_own_frames

blueprint = Blueprint("notifications", __name__)

MAY_RESEND = {Channel.CALLBACK: Permission.DEVELOP, Channel.MAIL: Permission.TAKE_PAYMENTS}
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'; sandbox"
)
"""For an e-mail shown in a page: its own style and nothing else; no script, no form, no link that leads anywhere."""

LIST = List(
    name="notifications",
    noun="message",
    searched="Recipient, order's reference, or id",
    endpoint="notifications.index",
    form=MessagesForm,
    built_in=(
        View("All", ""),
        View("Failed", "status=failed"),
        View("Waiting", "status=waiting&status=held"),
        View("E-mails", "channel=mail"),
        View("Callbacks", "channel=callback"),
    ),
    columns=COLUMNS,
    exported=EXPORTED,
    rows=MESSAGES,
)


@blueprint.get("/notifications")
@requires(Permission.READ)
def index() -> AnyResponse:
    """Messages by filter, as a page or as a file."""
    return LIST.answer("notifications/index.html")


def _found(message_id: str) -> Message:
    with reading() as session:
        message = session.get(Message, message_id)
    if message is None:
        raise NotFound(f"There is no message {message_id}.")
    return message


@blueprint.get("/notifications/<message_id>")
@requires(Permission.READ)
def show(message_id: str) -> str:
    """One message: what it says, and each try at delivering it."""
    message = _found(message_id)
    with reading() as session:
        tries = messages.tries_of(session, message_id)
    is_mail = message.channel == Channel.MAIL
    allow_own_frames()
    return render_template(
        "notifications/show.html",
        message=message,
        tries=tries,
        is_mail=is_mail,
        mail=mail.mail_of(message) if is_mail and message.facts else None,
        body=None if is_mail else json.loads(message.body or "null"),
        may_resend=message.may_be_resent and current_user.may(MAY_RESEND[Channel(message.channel)]),
    )


def framed(html: str) -> Response:
    """An e-mail as its reader sees it, for a frame of this desk and nobody else's."""
    return Response(
        html,
        content_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": FRAME_POLICY, "X-Frame-Options": "SAMEORIGIN"},
    )


@blueprint.get("/notifications/<message_id>/mail")
@requires(Permission.READ)
def show_mail(message_id: str) -> Response:
    """The e-mail itself."""
    message = _found(message_id)
    if message.channel != Channel.MAIL or not message.facts:
        raise NotFound("This message is no e-mail that can be shown.")
    return framed(mail.mail_of(message).html)


def _resend(message_id: str, channel: Channel) -> AnyResponse:
    if _found(message_id).channel != channel:
        raise NotFound(f"There is no such message of that kind: {message_id}.")
    with transaction() as session:
        message = messages.resend(session, message_id)
        if channel is Channel.MAIL:
            check_times(session, message)
    flash("It is sent again within seconds; its id stays the same.")
    return go_to(url_for(".show", message_id=message_id))


@blueprint.post("/notifications/callbacks/<message_id>/resend")
@requires(MAY_RESEND[Channel.CALLBACK])
def resend_callback(message_id: str) -> AnyResponse:
    """Send the callback once more."""
    return _resend(message_id, Channel.CALLBACK)


@blueprint.post("/notifications/mails/<message_id>/resend")
@requires(MAY_RESEND[Channel.MAIL])
def resend_mail(message_id: str) -> AnyResponse:
    """Send the e-mail once more."""
    return _resend(message_id, Channel.MAIL)


def _resend_failed(channel: Channel) -> AnyResponse:
    with transaction() as session:
        number = callbacks.resend_failed(session, channel)
    flash(f"{number} message{'' if number == 1 else 's'} will be sent again." if number else "Nothing has failed.")
    return go_to(url_for(".index", channel=channel))


@blueprint.post("/notifications/callbacks/resend-failed")
@requires(MAY_RESEND[Channel.CALLBACK])
def resend_failed_callbacks() -> AnyResponse:
    """Send every callback again that was given up."""
    return _resend_failed(Channel.CALLBACK)


@blueprint.post("/notifications/mails/resend-failed")
@requires(MAY_RESEND[Channel.MAIL])
def resend_failed_mails() -> AnyResponse:
    """Send every e-mail again that was given up."""
    return _resend_failed(Channel.MAIL)
