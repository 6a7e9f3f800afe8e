"""Tells operators of due work that failed so often that it is not tried any more."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app import jobs
from app.clock import wall_now
from app.notifications.operators import NoticeKind, tell_operators


@jobs.when_dead
def tell_of_job(session: Session, job: jobs.Job, error: str) -> None:
    """Each time that it is given up anew."""
    tell_operators(
        session,
        NoticeKind.JOB_DEAD,
        job.id,
        f"Work was given up: {job.kind.replace('_', ' ')}",
        detail=f"{job.key} failed {job.attempts} times in a row and is not tried by itself any more."
        f" The last time: {error}",
        occasion=wall_now().isoformat(),
    )
