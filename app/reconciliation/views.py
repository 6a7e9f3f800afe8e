"""Three-way matching: one page of figures side by side, the files that were brought, the bank's statements."""

from __future__ import annotations

from flask import Blueprint, Response, flash, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.db import reading
from app.errors import InvalidInput
from app.filters import account_now
from app.htmx import go_to
from app.operators.guards import requires, takes_up_to
from app.operators.roles import Permission
from app.reconciliation import look, three_way
from app.reconciliation.bring import bring, get_file
from app.reconciliation.forms import FileForm, PeriodForm
from app.reconciliation.layouts import LAYOUTS
from app.reconciliation.models import FileKind
from app.reconciliation.reading import MOST_BYTES
from app.reconciliation.sandbox_bank import Plant, sandbox_statement
from app.security import actor

blueprint = Blueprint("reconciliation", __name__)

_ROOM_FOR_FORM = 64 * 1024


@blueprint.app_template_filter()
def layout_label(name: str) -> str:
    """What people call a file's layout."""
    return LAYOUTS[name].label if name in LAYOUTS else name


@blueprint.app_template_global()
def figure_url(figure: three_way.Figure) -> str:
    """The rows that a figure came from."""
    match figure.kind:
        case "settlement":
            return url_for("settlements.show", settlement_id=figure.id, _anchor=figure.anchor)
        case "payout":
            return url_for("payouts.show", payout_id=figure.id, _anchor=figure.anchor)
        case "merchant_payout":
            return url_for("merchant_payouts.show", payout_id=figure.id, _anchor=figure.anchor or None)
        case "statement":
            before = max(0, int(figure.anchor.removeprefix("entry-")) - 1)
            return url_for(".statement", statement_id=figure.id, after=before, _anchor=figure.anchor)
        case _:
            return ""


@blueprint.get("/three-way")
@requires(Permission.READ)
def index() -> AnyResponse:
    """Books, report and bank side by side."""
    form = PeriodForm(request.args, account_now().date())
    valid = form.validate()
    groups = []
    with reading() as session:
        waiting = look.open_breaks(session)
        newest = look.newest_files(session)[:1]
        if valid:
            for title, hint, read in (
                ("Payouts of the gateway", "to our bank", three_way.payouts),
                ("Payouts to merchants", "from our bank", three_way.merchant_payouts),
                ("Days at the gateway", "before they are paid out", three_way.days),
            ):
                rows = read(session, form.period)
                totals = three_way.totals_of(rows)
                wrong = [row for row in rows if row.state == "differs"]
                groups.append((title, hint, wrong if form.differing.data else rows, totals, len(rows), len(wrong)))
    html = render_template(
        "reconciliation/index.html", form=form, groups=groups, valid=valid, waiting=waiting, newest=newest
    )
    return Response(html, 200 if valid else 422)


@blueprint.get("/three-way/files")
@requires(Permission.READ)
def files() -> AnyResponse:
    """What was brought, and the form that brings more."""
    return _files(FileForm(formdata=None), 200)


@blueprint.post("/three-way/files")
@requires(Permission.RECONCILE)
@takes_up_to(MOST_BYTES + _ROOM_FOR_FORM)
def bring_file() -> AnyResponse:
    """Compare a file with our books."""
    form = FileForm()
    if not form.validate():
        return _files(form, 422)
    given = form.file.data
    try:
        brought = bring(given.stream, given.filename or "", actor())
    except InvalidInput as wrong:
        form.show(wrong)
        return _files(form, wrong.status)
    if not brought.is_new:
        flash("This very file was brought before: nothing has changed.", "ask")
    elif brought.file.differing:
        flash(f"{brought.file.name} is compared: {brought.file.differing} of it differ.", "ask")
    else:
        flash(f"{brought.file.name} is compared: all of it agrees with our books.")
    return go_to(url_for(".file", file_id=brought.file.id))


@blueprint.get("/three-way/files/<file_id>")
@requires(Permission.READ)
def file(file_id: str) -> str:
    """One file: what it is, what of it differs, and its lines or statements."""
    one = get_file(file_id)
    only = request.args.get("differing") == "1"
    after = look.place_of(request.args.get("after", ""))
    with reading() as session:
        breaks = look.breaks_of_file(session, one)
        statements = look.statements_of(session, one)
        lines = look.lines_of_file(session, one, after, only_differing=only)
        breaks_of_lines = look.breaks_of_lines(session, lines.items)
    return render_template(
        "reconciliation/file.html",
        one=one,
        breaks=breaks,
        breaks_of_lines=breaks_of_lines,
        statements=statements,
        page=lines,
        only=only,
        is_report=one.kind == FileKind.REPORT,
    )


@blueprint.get("/three-way/statements/<statement_id>")
@requires(Permission.READ)
def statement(statement_id: str) -> str:
    """One statement of the bank's, entry by entry."""
    after = look.place_of(request.args.get("after", ""))
    with reading() as session:
        one = look.get_statement(session, statement_id)
        page = look.entries_of(session, one, after)
        breaks = look.breaks_of_entries(session, page.items)
    return render_template("reconciliation/statement.html", one=one, page=page, breaks=breaks)


@blueprint.get("/three-way/sandbox-statement")
@requires(Permission.DEVELOP)
def sandbox_bank() -> AnyResponse:
    """What the sandbox's bank has to say, as a real one would: camt.053 of the days that are over."""
    wanted = request.args.get("plant", Plant.NOTHING.value)
    if wanted not in set(Plant):
        raise InvalidInput("/plant", "unknown_plant", f"Choose one of: {', '.join(Plant)}.")
    name, content = sandbox_statement(Plant(wanted))
    return Response(
        content,
        headers={
            "Content-Type": "application/xml; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{name}"',
        },
    )


def _files(form: FileForm, status: int) -> AnyResponse:
    with reading() as session:
        brought = look.newest_files(session)
    html = render_template("reconciliation/files.html", form=form, files=brought, plants=list(Plant))
    return Response(html, status)
