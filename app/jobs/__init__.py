"""Due work in the same database as the money: enqueue, claim, complete. Knows no kinds; rooms register theirs."""

from app.jobs.models import Job, JobState
from app.jobs.queue import Lane, Retry, enqueue, finish, handler, postpone, when_dead

__all__ = ["Job", "JobState", "Lane", "Retry", "enqueue", "finish", "handler", "postpone", "when_dead"]
