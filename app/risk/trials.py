"""Conditions tried on simulated months by the worker: some seconds of a core, which no page waits for."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app import jobs
from app.clock import business_now, wall_now
from app.db import reading, transaction
from app.errors import NotFound, RuleBroken
from app.ids import new_id
from app.risk.language import Condition, parse
from app.risk.lists import ListsAsTheyStand
from app.risk.models import OPEN_TRIALS, Trial
from app.risk.registry import load_model, roles_now
from app.risk.simulated import MADE_UP, UNKNOWN, USUAL_CURRENCY, try_on_simulated
from app.risk.tried import Tried, tried_of
from app.timeline import Actor

TRIAL_JOB = "risk_trial"
MOST_UNDER_WAY = 10
_KEPT = timedelta(days=1)
_GIVEN_UP = timedelta(hours=1)


def begin_trial(condition: Condition, actor: Actor) -> Trial:
    """Have a condition tried, unless it is under way or nothing else can come of it. RuleBroken where too many wait."""
    now = wall_now()
    with transaction() as session:
        session.execute(delete(Trial).where(Trial.begun_at < now - _KEPT))
        under_way = Trial.state.in_(OPEN_TRIALS) & (Trial.begun_at > now - _GIVEN_UP)
        wanted = under_way | (Trial.state == "done") if _is_the_same_each_time(condition) else under_way
        same = select(Trial).where(wanted, Trial.condition == condition.text)
        standing = session.scalars(same.order_by(Trial.begun_at.desc()).limit(1)).first()
        if standing is not None:
            return standing
        if (session.scalar(select(func.count()).select_from(Trial).where(under_way)) or 0) >= MOST_UNDER_WAY:
            raise RuleBroken("trials_under_way", f"{MOST_UNDER_WAY} rules are being tried already. Try again soon.")
        trial = Trial(
            id=new_id("trl"),
            condition=condition.text,
            state="waiting",
            doing="waiting for the worker",
            done=0,
            of=0,
            begun_at=now,
            begun_by=actor.name[:200],
        )
        session.add(trial)
        session.flush()
        jobs.enqueue(session, TRIAL_JOB, f"trial:{trial.id}", {"trial": trial.id})
    return trial


def _is_the_same_each_time(condition: Condition) -> bool:
    """Months, rates and rules of frauds are fixed; models and lists are not."""
    return not condition.lists and ("score", None) not in condition.needs


def find_trial(session: Session, trial_id: str) -> Trial:
    """The trial; NotFound, also where it is a day old."""
    found = session.get(Trial, trial_id)
    if found is None:
        raise NotFound("This trial is over a day old. Try the rule again.")
    return found


def result_of(trial: Trial) -> Tried | None:
    """What came of it, once it is done."""
    return None if trial.result is None else tried_of(trial.result)


def not_simulated(condition: Condition) -> tuple[list[str], list[str]]:
    """What a condition asks for that simulated payments do not have, and what is made up in them."""
    asked = {name for name, _ in condition.needs}
    return sorted(asked & UNKNOWN), sorted(asked & MADE_UP)


def currencies_of(condition: Condition) -> list[str]:
    """What the simulated payments are paid in."""
    return sorted(condition.currencies) or [USUAL_CURRENCY]


@jobs.handler(TRIAL_JOB, jobs.Lane.LEARNING)
def carry_out(payload: dict[str, Any]) -> None:
    """Go through the simulated months, telling how far it is."""
    trial_id = payload["trial"]
    with reading() as session:
        trial = session.get(Trial, trial_id)
        if trial is None or not trial.goes_on:
            return
        condition = parse(trial.condition)
        lists = ListsAsTheyStand(session, condition.lists, business_now(session))
        champion = roles_now(session).champion
    last = 0.0

    def progress(what: str, done: int, of: int) -> None:
        nonlocal last
        if monotonic() - last >= 1:
            last = monotonic()
            _say(trial_id, state="running", doing=what, done=done, of=of)

    try:
        tried = try_on_simulated(condition, load_model(champion), lists, progress)
    except Exception:
        _say(trial_id, state="failed", doing="failed")
        raise
    _say(trial_id, state="done", doing="done", done=1, of=1, result=tried.as_json())


def _say(trial_id: str, **values: Any) -> None:
    with transaction() as session:
        session.execute(update(Trial).where(Trial.id == trial_id).values(**values))
