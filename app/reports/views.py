"""Reports on screen and as files: small ones at once, large ones in the background; every figure with its lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from tempfile import TemporaryFile
from typing import BinaryIO

from flask import Blueprint, Response, current_app, flash, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from app.db import reading, transaction
from app.errors import InvalidInput, NotFound, RuleBroken
from app.filters import account_now
from app.htmx import go_to, render
from app.operators.guards import requires
from app.operators.roles import Permission
from app.reports.as_csv import csv_lines
from app.reports.asked import KINDS, Asked, Form, Kind
from app.reports.build import build
from app.reports.cut import Cut, cut_now, cut_of
from app.reports.files import FORMS, name_of
from app.reports.forms import ReportForm, usual_args
from app.reports.make import ask_for, note_made, pieces_of
from app.reports.merchant_payout import merchant_payout_steps, statement_of
from app.reports.models import MadeReport
from app.reports.payout import payout_steps
from app.reports.report import Ref, Report
from app.reports.shown import ShownFall, Ways, falls_of, href_of, month_charts, shown
from app.reports.states import MadeStatus
from app.security import actor
from app.settlements.look import get_payout
from app.settlements.models import MerchantPayout

blueprint = Blueprint("reports", __name__)

SHOWN = 20
_BUFFER = 256 * 1024


@blueprint.app_template_test("ref")
def is_ref(cell: object) -> bool:
    return isinstance(cell, Ref)


@blueprint.app_template_filter()
def ref_href(ref: Ref) -> str | None:
    """Where a cell leads."""
    return href_of(ref)


@blueprint.app_template_global()
def payout_falls(payout_id: str) -> Sequence[ShownFall]:
    """From gross to payout, for the payout's own page; each bar leads to its lines."""
    with reading() as session:
        payout = get_payout(session, payout_id)
        cut = cut_now(session)
        return falls_of(*payout_steps(session, payout), Ways(Asked(Kind.PAYOUT, payout=payout_id), cut.token))


@blueprint.app_template_global()
def merchant_payout_falls(payout_id: str) -> Sequence[ShownFall]:
    """The same for a payout to a merchant."""
    with reading() as session:
        payout = session.get_one(MerchantPayout, payout_id)
        cut = cut_now(session)
        ways = Ways(statement_of(session, payout), cut.token)
        return falls_of(*merchant_payout_steps(session, payout, cut), ways)


@blueprint.get("/reports")
@requires(Permission.READ)
def index() -> str:
    """The kinds, and what was made in the background."""
    with reading() as session:
        made = session.scalars(select(MadeReport).order_by(MadeReport.id.desc()).limit(SHOWN)).all()
    today = account_now().date()
    ways = {kind: url_for(".show", kind=kind.value, **usual_args(kind, today)) for kind in KINDS}  # type: ignore[arg-type]  # an address's arguments
    return render_template("reports/index.html", kinds=KINDS, ways=ways, made=made, forms=FORMS)


@blueprint.get("/reports/<kind>")
@requires(Permission.READ)
def show(kind: str) -> AnyResponse:
    """One report on screen: figures, charts, and its lines page by page."""
    known = _kind(kind)
    with reading() as session:
        form = ReportForm(known, request.args, session, account_now())
        if not form.validate() or form.lacks:
            html = render_template("reports/ask.html", kind=known, described=KINDS[known], form=form)
            return Response(html, 422 if form.errors else 200)
        cut = _cut(session)
        report = build(session, form.asked(), cut)
        ways = Ways(report.asked, cut.token)
        html = render_template(
            "reports/show.html",
            report=report,
            form=form,
            ways=ways,
            sheets=shown(report, ways, _page(), request.args.get("of", "")),
            charts=month_charts(report, cut.token),
            forms=FORMS,
            is_large=_is_large(report),
        )
    return Response(html)


@blueprint.get("/reports/<kind>/files/<form>")
@requires(Permission.READ)
def file(kind: str, form: str) -> AnyResponse:
    """A small report as a file, of the very cut that the page showed."""
    known, wanted = _kind(kind), _form(kind, form)
    with reading() as session:
        report = _asked_for(session, known)
        if _is_large(report):
            raise RuleBroken(
                "too_large",
                f"It has {report.lines:,} lines, too many to wait for. Have it made in the background by its page.",
            )
        asked, cut, name = report.asked, report.cut, name_of(report, wanted)
        with transaction() as writing:
            note_made(writing, report, wanted, actor())
    content = _csv(asked, cut) if wanted is Form.CSV else _written(asked, cut, wanted)
    return _attached(content, wanted, name)


@blueprint.post("/reports/<kind>/files")
@requires(Permission.READ)
def make(kind: str) -> AnyResponse:
    """Have it made in the background."""
    known, wanted = _kind(kind), _form(kind, request.form.get("form", ""))
    with reading() as session:
        report = _asked_for(session, known)
    days = current_app.config["SETTINGS"].report_days
    made = ask_for(report, wanted, actor(), current_user.operator.id, days)
    flash("It is being made. You are told when it is ready; this page says how far it is.")
    return go_to(url_for(".made", report_id=made.id))


@blueprint.get("/reports/made/<report_id>")
@requires(Permission.READ)
def made(report_id: str) -> Response:
    """How far a report is, and the file once it is ready."""
    found = _made(report_id)
    return render(
        "reports/made.html",
        "reports/_made.html",
        one=found,
        kind=KINDS[Kind(found.kind)],
        written=FORMS[Form(found.form)],
    )


@blueprint.get("/reports/made/<report_id>/file")
@requires(Permission.READ)
def download(report_id: str) -> AnyResponse:
    """The file that was made."""
    found = _made(report_id)
    if found.status != MadeStatus.READY:
        raise RuleBroken("not_ready", "It is not made yet. Its page says how far it is.")
    answer = _attached(pieces_of(report_id), Form(found.form), found.name)
    answer.headers["Content-Length"] = str(found.size)
    return answer


def _made(report_id: str) -> MadeReport:
    with reading() as session:
        found = session.get(MadeReport, report_id)
    if found is None:
        raise NotFound("There is no such report, or it is kept no longer. Make it anew.")
    return found


def _kind(name: str) -> Kind:
    try:
        return Kind(name)
    except ValueError:
        raise NotFound(f"There is no report {name}.") from None


def _form(kind: str, name: str) -> Form:
    if name not in {one.value for one in KINDS[Kind(kind)].forms}:
        raise NotFound(f"This report is not written as {name}.")
    return Form(name)


def _asked_for(session: Session, kind: Kind) -> Report:
    """The report that the address asks for, with all its lines. InvalidInput says what is wrong."""
    form = ReportForm(kind, request.args, session, account_now())
    if not form.validate():
        name, errors = next(iter(form.errors.items()))
        raise InvalidInput(f"/{name}", f"invalid_{name}", errors[0])
    if form.lacks:
        raise InvalidInput(f"/{form.lacks}", f"missing_{form.lacks}", f"Say which {form.lacks}.")
    return build(session, replace(form.asked(), figure=None), _cut(session))


def _cut(session: Session) -> Cut:
    token = request.args.get("cut", "")
    return cut_of(session, token) if token else cut_now(session)


def _page() -> int:
    text = request.args.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and 1 <= len(text) < 7 and int(text) else 1


def _is_large(report: Report) -> bool:
    return report.lines > int(current_app.config["SETTINGS"].report_lines)


def _csv(asked: Asked, cut: Cut) -> Iterator[bytes]:
    with reading() as session:
        for some in csv_lines(build(session, asked, cut)):
            yield some.encode()


def _written(asked: Asked, cut: Cut, form: Form) -> Iterator[bytes]:
    """The whole file first: what cannot be written is then an error page, and not half a file."""
    with TemporaryFile() as out:
        with reading() as session:
            FORMS[form].write(build(session, asked, cut), out)
        return iter(_read(out))


def _read(out: BinaryIO) -> list[bytes]:
    out.seek(0)
    return list(iter(lambda: out.read(_BUFFER), b""))


def _attached(content: Iterator[bytes], form: Form, name: str) -> Response:
    answer = Response(content, content_type=FORMS[form].media)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
