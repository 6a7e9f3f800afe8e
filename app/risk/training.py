"""Learning a model anew from our own labels: a job of its own lane, which says how far it is."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic
from typing import Any

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import jobs
from app.clock import business_now, wall_now
from app.db import reading, transaction
from app.errors import RuleBroken
from app.ids import new_id
from app.risk.models import TrainedModel, Training
from app.risk.registry import load_model, roles_now, watch
from app.risk.scoring import past_rows
from app.timeline import Actor
from app.timeline.actors import WORKER
from fraud_model import Model
from fraud_model.learner import NothingToLearn
from fraud_model.own import Duel, Past, duel, past_of, relearn
from fraud_model.times import milliseconds

log = structlog.get_logger("risk")

TRAIN_JOB = "risk_training"
COMPARED = timedelta(days=21)
"""So many of the last days nobody learns from: champion and challenger are compared by them."""
_OPEN = ("waiting", "running")


def begin_training(actor: Actor) -> Training:
    """Have a challenger learned; RuleBroken while another is being learned."""
    with transaction() as session:
        if session.scalar(select(Training.id).where(Training.state.in_(_OPEN)).limit(1)) is not None:
            raise RuleBroken("training_under_way", "A model is being learned already. Wait until it is done.")
        training = Training(
            id=new_id("trn"),
            state="waiting",
            doing="waiting for the worker",
            done=0,
            of=1,
            begun_at=business_now(session),
            begun_by=actor.name[:200],
        )
        session.add(training)
        session.flush()
        jobs.enqueue(session, TRAIN_JOB, f"training:{training.id}", {"training": training.id})
    return training


def latest_training(session: Session) -> Training | None:
    """The newest, whatever became of it."""
    return session.scalars(select(Training).order_by(Training.begun_at.desc(), Training.id.desc()).limit(1)).first()


@jobs.handler(TRAIN_JOB, jobs.Lane.LEARNING)
def train(payload: dict[str, Any]) -> None:
    """Learn a challenger from what was known three weeks ago, and compare it by what came since."""
    training_id = payload["training"]
    with reading() as session:
        training = session.get_one(Training, training_id)
        if training.state not in _OPEN:
            return
        now = business_now(session)
        champion = roles_now(session).champion
        past = past_of(past_rows(session))
    try:
        model, result = _learn(past, load_model(champion), milliseconds(now - COMPARED), milliseconds(now), training_id)
    except NothingToLearn as nothing:
        _say(training_id, state="failed", words=f"Not learned: {nothing}.", ended_at=now)
        return
    with transaction() as session:
        _keep(session, model, result, training.begun_by)
        words = f"Average precision {result.challenger:.3f}, the champion's {result.champion:.3f}."
        ended = {"state": "done", "doing": "done", "words": words, "version": model.version, "ended_at": now}
        session.execute(update(Training).where(Training.id == training_id).values(done=1, of=1, **ended))


def _learn(past: Past, champion: Model, until: int, now: int, training_id: str) -> tuple[Model, Duel]:
    last = 0.0

    def progress(what: str, done: int, of: int) -> None:
        nonlocal last
        if monotonic() - last >= 1 or done == of:
            last = monotonic()
            _say(training_id, state="running", doing=what[:100], done=done, of=of)

    if not past.payments:
        raise NothingToLearn("no payment was made yet")
    model = relearn(past, until, progress=progress)
    return model, duel(champion, model, past, until, now)


def _keep(session: Session, model: Model, result: Duel, by: str) -> None:
    if session.get(TrainedModel, model.version) is None:
        told = {
            "payments": result.payments,
            "frauds": result.frauds,
            "champion": result.champion,
            "challenger": result.challenger,
            "low": result.low,
            "high": result.high,
            "is_won": result.is_won,
        }
        kept = TrainedModel(version=model.version, content=model.dumps(), duel=told, made_at=wall_now(), made_by=by)
        session.add(kept)
        session.flush()
    watch(session, model.version, f"Learned anew from own labels for {by}", WORKER)


def _say(training_id: str, **values: Any) -> None:
    with transaction() as session:
        session.execute(update(Training).where(Training.id == training_id).values(**values))
