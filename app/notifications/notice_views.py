"""The operators' notices: the bell of every page, the page of all of them, marking them read."""

from __future__ import annotations

import re

from flask import Blueprint, current_app, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from app.db import reading, transaction
from app.errors import InvalidInput, NotFound
from app.htmx import go_to
from app.notifications.models import Notice
from app.notifications.notices import COUNT_AT_MOST, count_unread, kinds_for, mark_all_read, mark_read, notices_of
from app.notifications.operators import NoticeKind
from app.operators.guards import requires
from app.operators.roles import Permission
from app.words import NOTICES

blueprint = Blueprint("notices", __name__)

_NUMBER = re.compile(r"^[0-9]{1,18}$", re.ASCII)
_PAGES = (
    (re.compile(r"^msg_"), "notifications.show", "message_id"),
    (re.compile(r"^evt_"), "webhooks.show", "event_id"),
    (re.compile(r"^dp_"), "disputes.show", "dispute_id"),
    (re.compile(r"^att_"), "deciding.show", "attempt_id"),
    (re.compile(r"^(?:apr|apv)_"), "approvals.show", "approval_id"),
    (re.compile(r"^po_"), "payouts.show", "payout_id"),
    (re.compile(r"^rpt_"), "reports.made", "report_id"),
)
"""Where a notice leads by the id of what it is about; by its order where there is no page for that."""


def thing_of(notice: Notice) -> str | None:
    """The address of what the notice is about."""
    if notice.subject_id == "order_service":
        return url_for("notification_setup.order_service")
    for pattern, endpoint, name in _PAGES:
        if pattern.match(notice.subject_id) and endpoint in current_app.view_functions:
            return url_for(endpoint, **{name: notice.subject_id})  # type: ignore[arg-type]  # the name is a route's
    if notice.order_id is not None:
        return url_for("payments.order", order_id=notice.order_id)
    if notice.payment_id is not None:
        return url_for("payments.show", payment_id=notice.payment_id)
    return None


def unread() -> str:
    """The number on the bell; empty where there is nothing to read."""
    with reading() as session:
        number = count_unread(session, current_user.operator, current_user.may)
    return f"{COUNT_AT_MOST}+" if number > COUNT_AT_MOST else str(number or "")


@blueprint.get("/notices")
@requires(Permission.READ)
def index() -> str:
    """What this operator was told, the newest first; by kind, or only what was not read."""
    kind, show = request.args.get("kind", ""), request.args.get("show", "")
    if kind and kind not in set(NoticeKind):
        raise InvalidInput("/kind", "unknown_kind", f"Choose one of: {', '.join(NoticeKind)}.")
    with reading() as session:
        page = notices_of(
            session,
            current_user.operator,
            current_user.may,
            kind=NoticeKind(kind) if kind else None,
            only_unread=show == "unread",
            cursor=request.args.get("cursor"),
        )
    return render_template(
        "notifications/notices.html",
        page=page,
        kind=kind,
        show=show,
        kinds=[(one.value, NOTICES[one]) for one in kinds_for(current_user.may)],
        words=NOTICES,
        thing_of=thing_of,
        args={name: value for name, value in (("kind", kind), ("show", show)) if value},
    )


@blueprint.get("/notices/bell")
@requires(Permission.READ)
def bell() -> str:
    """The bell alone, as pages fetch it anew."""
    return render_template("notifications/_bell.html")


@blueprint.post("/notices/<notice_id>/read")
@requires(Permission.READ)
def read(notice_id: str) -> AnyResponse:
    """This operator has read it; `open` leads on to what it is about."""
    if not _NUMBER.match(notice_id):
        raise NotFound("There is no such notice.")
    with transaction() as session:
        mark_read(session, current_user.operator, current_user.may, int(notice_id))
        notice = session.get_one(Notice, int(notice_id))
    thing = thing_of(notice) if request.form.get("open") else None
    return go_to(thing or url_for(".index"))


@blueprint.post("/notices/read")
@requires(Permission.READ)
def read_all() -> AnyResponse:
    """This operator has read everything."""
    with transaction() as session:
        mark_all_read(session, current_user.operator, current_user.may)
    return go_to(url_for(".index"))
