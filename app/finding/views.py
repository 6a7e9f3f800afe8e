"""Keeping, renaming and removing saved views; which columns a browser shows, and how wide."""

from __future__ import annotations

from urllib.parse import parse_qs

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response as AnyResponse

from app.finding.pages import KEEP_COLUMNS_SECONDS, cookie_of, widths_cookie_of
from app.finding.saved import plain_query, remove_view, rename_view, save_view
from app.finding.widths import read_widths
from app.operators.guards import requires
from app.operators.roles import Permission

blueprint = Blueprint("finding", __name__)

LISTS = {
    "orders": "orders.index",
    "payments": "payments.index",
    "refunds": "refunds.index",
    "disputes": "disputes.index",
    "approvals": "approvals.index",
    "audit": "audit.index",
    "reconciliation": "drift.index",
    "webhooks": "webhooks.index",
    "settlements": "settlements.index",
    "payouts": "payouts.index",
    "breaks": "breaks.index",
    "customers": "customers.index",
    "notifications": "notifications.index",
}


def _back(name: str, query: str) -> AnyResponse:
    if name not in LISTS:
        abort(404)
    return redirect(url_for(LISTS[name], **parse_qs(plain_query(query))), 303)  # type: ignore[arg-type]  # repeated arguments


@blueprint.post("/lists/<name>/views")
@requires(Permission.READ)
def save(name: str) -> AnyResponse:
    """Keep the filter under a name: for oneself, or for everybody where the role allows it."""
    query, for_team = request.form.get("query", ""), request.form.get("team") == "1"
    back = _back(name, query)
    if for_team and not current_user.may(Permission.SHARE):
        raise Forbidden("Your role may keep views for yourself only.")
    view = save_view(name, request.form.get("name", ""), query, current_user.operator.id, for_team=for_team)
    flash(f"View “{view.name}” saved{' for everybody' if for_team else ''}.")
    return back


@blueprint.post("/lists/<name>/views/<view_id>/name")
@requires(Permission.READ)
def rename(name: str, view_id: str) -> AnyResponse:
    """Call a view something else."""
    back = _back(name, request.form.get("query", ""))
    rename_view(
        view_id,
        request.form.get("name", ""),
        current_user.operator.id,
        may_share=current_user.may(Permission.SHARE),
    )
    return back


@blueprint.post("/lists/<name>/views/<view_id>/removal")
@requires(Permission.READ)
def remove(name: str, view_id: str) -> AnyResponse:
    """Take a view away; the filter stays as it is."""
    back = _back(name, request.form.get("query", ""))
    view = remove_view(view_id, current_user.operator.id, may_share=current_user.may(Permission.SHARE))
    flash(f"View “{view.name}” removed.")
    return back


@blueprint.post("/lists/<name>/columns")
@requires(Permission.READ)
def keep_columns(name: str) -> AnyResponse:
    """Show these columns in this browser from now on."""
    back = _back(name, request.form.get("query", ""))
    kept = ".".join(one for one in request.form.getlist("column") if one.isalnum())[:500]
    _keep(back, cookie_of(name), kept or "none")
    return back


@blueprint.post("/lists/<name>/widths")
@requires(Permission.READ)
def keep_widths(name: str) -> AnyResponse:
    """Show the columns this wide in this browser from now on; as wide as what is in them where none is told."""
    back = _back(name, request.form.get("query", ""))
    _keep(back, widths_cookie_of(name), str(read_widths(request.form.getlist("width"))))
    return back


def _keep(answer: AnyResponse, cookie: str, kept: str) -> None:
    answer.set_cookie(
        cookie, kept, max_age=KEEP_COLUMNS_SECONDS, httponly=True, samesite="Lax", secure=request.is_secure
    )
