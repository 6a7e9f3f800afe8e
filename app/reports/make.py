"""Reports made in the background: asked for once, written by a worker, kept in the database in pieces, forgotten later.

A worker that is killed leaves the report waiting; the next one begins it anew, from the same cut, to the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from tempfile import TemporaryFile
from time import monotonic
from typing import Any, BinaryIO

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from app import audit, jobs
from app.clock import wall_now
from app.crash import crash_point
from app.db import reading, transaction
from app.errors import NotFound, RuleBroken
from app.ids import new_id
from app.notifications.operators import NoticeKind, tell_operators
from app.reports.asked import Form, asked_from
from app.reports.build import build
from app.reports.cut import Cut
from app.reports.files import FORMS, name_of, watched
from app.reports.models import MadeReport, ReportPiece
from app.reports.report import Report
from app.reports.states import MADE, MadeStatus
from app.timeline import Actor

REPORT_JOB = "report"
STEP = 200
"""After so many rows it looks up: it tells how far it is."""
PIECE_BYTES = 256 * 1024
_TELL_EVERY_SECONDS = 1.0


def ask_for(report: Report, form: Form, actor: Actor, operator_id: str, keep_days: int) -> MadeReport:
    """Have it made; the same of the same cut is made only once while it is kept."""
    with transaction() as session:
        standing = _same(session, report, form, operator_id)
        if standing is not None:
            return standing
        now = wall_now()
        made = MadeReport(
            id=new_id("rpt"),
            kind=report.asked.kind,
            form=form,
            asked=report.asked.args,
            title=report.title[:300],
            name=name_of(report, form),
            cut_link=report.cut.link,
            cut_hash=report.cut.hash,
            cut_at=report.cut.at,
            status=MadeStatus.WAITING,
            lines_done=0,
            lines=report.lines,
            operator_id=operator_id,
            asked_by=actor.name[:200],
            created_at=now,
            expires_at=now + timedelta(days=keep_days),
        )
        session.add(made)
        session.flush()
        jobs.enqueue(session, REPORT_JOB, f"report:{made.id}", {"report": made.id})
        note_made(session, report, form, actor)
    return made


def note_made(session: Session, report: Report, form: Form, actor: Actor) -> None:
    """Who took which figures out of here."""
    after = {"form": form.value, "asked": report.asked.args, "cut": report.cut.link}
    audit.note(session, "report.made", report.asked.kind, f"{report.title} as {FORMS[form].label}", actor, after=after)


@jobs.handler(REPORT_JOB, jobs.Lane.REPORTS)
def make_report(payload: dict[str, Any]) -> None:
    """Write the file from its cut, and keep it."""
    with reading() as session:
        made = session.get(MadeReport, payload["report"])
        if made is None or made.status != MadeStatus.WAITING:
            return
        steps = _Steps(made.id)
        cut = Cut(made.cut_link, made.cut_hash, made.cut_at)
        with TemporaryFile() as file:
            try:
                report = build(session, asked_from(made.kind, made.asked), cut)
                FORMS[Form(made.form)].write(watched(report, steps.row), file)
            except (RuleBroken, NotFound) as problem:
                _end(made.id, MadeStatus.FAILED, problem=str(problem)[:500])
                return
            _keep(made.id, file, steps)


class _Steps:
    """Counts rows, tells how far it is now and then, and names the instants at which a test may kill it."""

    def __init__(self, report_id: str) -> None:
        self._report_id = report_id
        self._rows = self._steps = 0
        self._told = monotonic()

    def row(self) -> None:
        self._rows += 1
        if self._rows % STEP == 0:
            self.look_up()
            if monotonic() - self._told >= _TELL_EVERY_SECONDS:
                self._told = monotonic()
                with transaction() as session:
                    mine = update(MadeReport).where(MadeReport.id == self._report_id)
                    session.execute(mine.values(lines_done=self._rows))

    def look_up(self) -> None:
        self._steps += 1
        crash_point(f"report.step.{self._steps}")


def _keep(report_id: str, file: BinaryIO, steps: _Steps) -> None:
    """Put the file into the database, piece by piece; what a killed worker left of it goes first."""
    with transaction() as session:
        session.execute(delete(ReportPiece).where(ReportPiece.report_id == report_id))
    file.seek(0)
    digest, size = hashlib.sha256(), 0
    for number, content in enumerate(iter(lambda: file.read(PIECE_BYTES), b"")):
        with transaction() as session:
            session.execute(insert(ReportPiece).values(report_id=report_id, number=number, content=content))
        digest.update(content)
        size += len(content)
        steps.look_up()
    _end(report_id, MadeStatus.READY, size=size, sha256=digest.hexdigest())
    steps.look_up()


def _end(report_id: str, status: MadeStatus, **values: Any) -> None:
    with transaction() as session:
        made = session.get(MadeReport, report_id, with_for_update=True)
        if made is None or not MADE.leads_to(MadeStatus(made.status), status):
            return
        for name, value in values.items():
            setattr(made, name, value)
        made.status, made.ended_at, made.lines_done = status, wall_now(), made.lines
        is_ready = status is MadeStatus.READY
        tell_operators(
            session,
            NoticeKind.REPORT_MADE,
            made.id,
            f"{made.title} is ready" if is_ready else f"{made.title} could not be made",
            detail=f"{made.name}, kept until {made.expires_at:%d %b %Y}." if is_ready else made.problem or "",
            operator_id=made.operator_id,
        )


def pieces_of(report_id: str) -> Iterator[bytes]:
    """The file, a piece at a time."""
    number = 0
    while True:
        with reading() as session:
            content = session.scalar(
                select(ReportPiece.content).where(ReportPiece.report_id == report_id, ReportPiece.number == number)
            )
        if content is None:
            return
        yield content
        number += 1


def forget_old_reports() -> int:
    """Remove what is kept no longer; how many reports that were."""
    with transaction() as session:
        old = session.scalars(select(MadeReport.id).where(MadeReport.expires_at <= wall_now()).limit(100)).all()
        session.execute(delete(ReportPiece).where(ReportPiece.report_id.in_(old)))
        session.execute(delete(MadeReport).where(MadeReport.id.in_(old)))
    return len(old)


def _same(session: Session, report: Report, form: Form, operator_id: str) -> MadeReport | None:
    standing = select(MadeReport).where(
        MadeReport.cut_link == report.cut.link,
        MadeReport.kind == report.asked.kind,
        MadeReport.form == form,
        MadeReport.operator_id == operator_id,
        MadeReport.status != MadeStatus.FAILED,
    )
    return next((one for one in session.scalars(standing) if one.asked == report.asked.args), None)
