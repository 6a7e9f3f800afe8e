"""Commission plans: dated, only ever added to; a sale is by the plan of its moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.actors import Actor
from app.clock import business_now
from app.errors import InvalidInput
from app.ids import new_id
from app.merchants.models import CommissionPlan
from app.merchants.terms import Terms, terms_of

NO_PLAN = Terms()


def plans_of(session: Session, merchant_id: str) -> Sequence[CommissionPlan]:
    """Every plan of the merchant, the newest first."""
    mine = select(CommissionPlan).where(CommissionPlan.merchant_id == merchant_id)
    return session.scalars(mine.order_by(CommissionPlan.valid_from.desc(), CommissionPlan.id.desc())).all()


def terms_at(session: Session, merchant_id: str, moment: datetime) -> Terms:
    """What is agreed at that moment of the account's clock; of two plans of one moment the later written."""
    plan = CommissionPlan.__table__.c
    newest = (
        select(plan.terms)
        .where(plan.merchant_id == merchant_id, plan.valid_from <= moment)
        .order_by(plan.valid_from.desc(), plan.id.desc())
        .limit(1)
    )
    stored = session.scalar(newest)
    return NO_PLAN if stored is None else terms_of(stored)


def changes_between(session: Session, begins: datetime, ends: datetime) -> Sequence[datetime]:
    """The moments in between, without their ends, from which any merchant's plan holds; in their order."""
    moment = CommissionPlan.valid_from
    return session.scalars(select(moment).where(moment > begins, moment < ends).distinct().order_by(moment)).all()


class Plans:
    """What is agreed with whom, each merchant's plans read once: for many sales at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, list[tuple[datetime, Terms]]] = {}

    def at(self, merchant_id: str, moment: datetime) -> Terms:
        """As `terms_at`."""
        if merchant_id not in self._known:
            plans = plans_of(self._session, merchant_id)
            self._known[merchant_id] = [(plan.valid_from, terms_of(plan.terms)) for plan in plans]
        for begins, terms in self._known[merchant_id]:
            if begins <= moment:
                return terms
        return NO_PLAN


def agree(
    session: Session, merchant_id: str, terms: Terms, valid_from: datetime | None, reason: str, actor: Actor
) -> CommissionPlan:
    """Write a plan down that holds from `valid_from` on (None: from now); InvalidInput for a moment that has passed."""
    now = business_now(session)
    if valid_from is not None and valid_from < now:
        raise InvalidInput("/valid_from", "in_the_past", "A plan cannot begin in the past: sales were shared already.")
    before = terms_at(session, merchant_id, valid_from or now)
    plan = CommissionPlan(
        id=new_id("cpl"),
        merchant_id=merchant_id,
        valid_from=valid_from or now,
        terms=terms.model_dump(mode="json"),
        reason=reason,
        actor_name=actor.name[:200],
        created_at=now,
    )
    session.add(plan)
    changed = {name: value for name, value in terms.model_dump(mode="json").items() if getattr(before, name) != value}
    old = before.model_dump(mode="json")
    audit.note(
        session,
        "merchant.plan",
        merchant_id,
        "Commission plan agreed",
        actor,
        before={name: old[name] for name in changed},
        after=changed,
        reason=reason,
    )
    return plan
