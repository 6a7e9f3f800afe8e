"""The rules in force: each change is a new version with who and why; conditions are parsed once per process."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import audit
from app.clock import wall_now
from app.db import transaction
from app.errors import InvalidInput, NotFound, RuleBroken
from app.ids import new_id
from app.risk.language import Condition, RuleError, parse
from app.risk.lists import ListsNow
from app.risk.models import Decision, Mode, RuleVersion
from app.timeline import Actor

ACTIONS = (Decision.ALLOW, Decision.BLOCK, Decision.REVIEW, Decision.THREE_DS)


@dataclass(frozen=True)
class Rule:
    """A rule that is asked of every payment, in force or in shadow."""

    row: RuleVersion
    condition: Condition

    @property
    def is_active(self) -> bool:
        return self.row.mode == Mode.ACTIVE


@dataclass(frozen=True)
class NewRule:
    """What somebody wrote."""

    name: str
    action: Decision
    condition: str
    mode: Mode
    reason: str


class _Known:
    """What this process parsed last, and up to which change."""

    lock = threading.Lock()
    version = -1
    rules: tuple[Rule, ...] = ()


def rules_now(session: Session) -> tuple[int, tuple[Rule, ...]]:
    """The newest change, and every rule that is not retired; read anew only when something changed."""
    version = session.scalar(select(func.max(RuleVersion.id))) or 0
    with _Known.lock:
        if _Known.version != version:
            _Known.rules = tuple(Rule(row, parse(row.condition)) for row in current_rules(session))
            _Known.version = version
        return version, _Known.rules


def current_rules(session: Session, *, with_retired: bool = False) -> Sequence[RuleVersion]:
    """The newest version of each rule, by name."""
    newest = select(func.max(RuleVersion.id)).group_by(RuleVersion.rule_id)
    wanted = select(RuleVersion).where(RuleVersion.id.in_(newest)).order_by(RuleVersion.name, RuleVersion.id)
    return session.scalars(wanted if with_retired else wanted.where(RuleVersion.mode != Mode.RETIRED)).all()


def versions_of(session: Session, rule_id: str) -> Sequence[RuleVersion]:
    """Every version of a rule, the newest first; NotFound."""
    found = session.scalars(
        select(RuleVersion).where(RuleVersion.rule_id == rule_id).order_by(RuleVersion.version.desc())
    ).all()
    if not found:
        raise NotFound(f"There is no rule {rule_id}.")
    return found


def check_condition(session: Session, text: str) -> Condition:
    """The condition, checked against the lists that there are; RuleError has the place of what is wrong."""
    return parse(text, ListsNow(session, wall_now()))


def save_rule(
    new: NewRule, actor: Actor, *, rule_id: str | None = None, seen_version: int | None = None
) -> RuleVersion:
    """Write a rule, or a new version of one.

    InvalidInput names the field; RuleBroken where somebody else changed the rule since `seen_version`.
    """
    with transaction() as session:
        try:
            check_condition(session, new.condition)
        except RuleError as wrong:
            raise InvalidInput("/condition", "invalid_condition", wrong.message) from wrong
        standing = versions_of(session, rule_id)[0] if rule_id is not None else None
        version = 0
        if standing is not None:
            version = standing.version
            if seen_version is not None and seen_version != version:
                told = f"{standing.actor_name} changed this rule at {standing.at:%Y-%m-%d %H:%M} UTC."
                raise RuleBroken("version_changed", f"{told} Look at it again first.")
        same = [one for one in current_rules(session) if one.name.lower() == new.name.lower()]
        if any(one.rule_id != rule_id for one in same):
            raise InvalidInput("/name", "name_taken", f"There is a rule {new.name!r} already.")
        row = RuleVersion(
            rule_id=rule_id or new_id("rul"),
            version=version + 1,
            name=new.name,
            action=new.action,
            condition=new.condition,
            mode=new.mode,
            reason=new.reason,
            actor_name=actor.name[:200],
            actor_id=actor.id,
            at=wall_now(),
        )
        session.add(row)
        session.flush()
        audit.note(
            session,
            "rule.saved",
            row.rule_id,
            f"Rule “{row.name}”, version {row.version}: {row.action}, {row.mode}",
            actor,
            before=None if standing is None else _told(standing),
            after=_told(row),
            reason=row.reason,
        )
        return row


def _told(row: RuleVersion) -> dict[str, str]:
    return {"name": row.name, "action": row.action, "condition": row.condition, "mode": row.mode}
