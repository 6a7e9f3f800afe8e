"""What is thought of a payment before it is authorized: the model's score and the rules together, kept whole."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from time import perf_counter_ns
from typing import Any

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.money import Money
from app.policy import Policy
from app.risk.facts import CARD_FACTS, Subject, gather
from app.risk.labels import tell_models
from app.risk.language import Facts
from app.risk.lists import ListsNow
from app.risk.models import Assessment, Decision
from app.risk.past import PastInDatabase
from app.risk.rules import Rule, rules_now
from app.risk.scorer import Score, Scorer, TooLate

log = structlog.get_logger("risk")

BUDGET_MS = 50
"""Longer than this a payment does not wait for its score; rules alone decide then."""

HIGH_SCORE = 50
"""From here on, where one payment in fourteen is a fraud, a score speaks against a payment whatever the thresholds."""


@dataclass(frozen=True)
class Opinion:
    """The whole of an assessment, before it has a payment."""

    subject: Subject
    decision: Decision
    why: str
    score: Score | None
    not_assessed: str | None
    hits: list[dict[str, Any]]
    rules_version: int
    facts: Facts
    took_us: int


def expected_loss(amount: Money, probability: str | None) -> Money:
    """The sum times the probability of fraud; all of it where that is not known."""
    share = Decimal(1) if probability is None else Decimal(probability)
    loss = int((amount.amount_minor * share).to_integral_value(ROUND_HALF_EVEN))
    return Money(min(max(loss, 0), amount.amount_minor), amount.currency)


def think(session: Session, subject: Subject, policy: Policy, scorer: Scorer | None) -> Opinion:
    """Form an opinion; never an error: what could not be worked out is said in it."""
    began = perf_counter_ns()
    score, missing = _score(session, subject, scorer, began + BUDGET_MS * 1_000_000)
    version, rules = rules_now(session)
    needs = frozenset[Any]().union(*(rule.condition.needs for rule in rules))
    facts = gather(PastInDatabase(session, subject.now), subject, needs - {("score", None)})
    facts["score", None] = None if score is None else Decimal(score.score)
    lists = ListsNow(session, subject.now)
    fired = [rule for rule in rules if rule.condition.holds(facts, lists)]
    decision, why = _decide(subject, score, [rule for rule in fired if rule.is_active], policy)
    return Opinion(
        subject=subject,
        decision=decision,
        why=why,
        score=score,
        not_assessed=missing,
        hits=[_hit(rule) for rule in fired],
        rules_version=version,
        facts=facts,
        took_us=(perf_counter_ns() - began) // 1000,
    )


def _score(
    session: Session, subject: Subject, scorer: Scorer | None, deadline_ns: int
) -> tuple[Score | None, str | None]:
    if scorer is None:
        return None, "No model is in force."
    try:
        found = scorer.score(session, subject, deadline_ns)
    except TooLate:
        return None, f"The model took longer than {BUDGET_MS} ms."
    except Exception as error:
        log.exception("the model gave no score", order=subject.order.id)
        return None, f"The model failed: {type(error).__name__}."
    if perf_counter_ns() > deadline_ns:
        return None, f"The model took longer than {BUDGET_MS} ms."
    return found, None


def _decide(subject: Subject, score: Score | None, fired: list[Rule], policy: Policy) -> tuple[Decision, str]:
    """Allow before block before review before 3-D Secure; a rule is named before the score."""
    floors = {
        Decision.BLOCK: policy.block_from_score,
        Decision.REVIEW: policy.review_from_score,
        Decision.THREE_DS: policy.three_ds_from_score,
    }
    for action in (Decision.ALLOW, Decision.BLOCK, Decision.REVIEW, Decision.THREE_DS):
        named = next((rule.row.name for rule in fired if rule.row.action == action), None)
        if named is not None:
            return action, f"Rule “{named}”"
        floor = floors.get(action)
        if floor is not None and score is not None and score.score >= floor:
            return action, f"Score {score.score}, {floor} or more"
        if action is Decision.REVIEW and _is_drawn(subject, policy.random_reviews_permille):
            return action, "Drawn at random"
    if score is not None and score.score >= HIGH_SCORE:
        return Decision.ACCEPT, f"Score {score.score}, below the threshold of {min(floors.values())}"
    return Decision.ACCEPT, "Nothing speaks against it"


def _is_drawn(subject: Subject, permille: int) -> bool:
    """Whether chance picks this payment: the same each time for the same order and moment."""
    drawn = hashlib.sha256(f"{subject.order.id} {subject.now.isoformat()}".encode()).digest()
    return int.from_bytes(drawn[:4], "big") % 1000 < permille


def _hit(rule: Rule) -> dict[str, Any]:
    row = rule.row
    return {"rule": row.rule_id, "version": row.version, "name": row.name, "action": row.action, "mode": row.mode}


def keep(session: Session, payment_id: str, opinion: Opinion) -> Assessment:
    """Write the opinion down beside its payment, in the caller's transaction."""
    subject, score = opinion.subject, opinion.score
    rival = None if score is None else score.challenger
    order = subject.order
    kept = Assessment(
        payment_id=payment_id,
        order_id=order.id,
        customer_id=order.customer_id,
        merchant_id=order.merchant_id,
        created_at=subject.now,
        decision=opinion.decision,
        why=opinion.why[:200],
        score=None if score is None else score.score,
        probability=None if score is None else repr(score.probability),
        not_assessed=opinion.not_assessed,
        reasons=[] if score is None else score.reasons,
        points={} if score is None else score.points,
        hits=opinion.hits,
        fired=len(opinion.hits),
        model_version=None if score is None else score.version,
        rules_version=opinion.rules_version,
        challenger_version=None if rival is None else rival.version,
        challenger_score=None if rival is None else rival.score,
        challenger_probability=None if rival is None else repr(rival.probability),
        features={} if score is None else score.features,
        facts={shown_key(name, window): _plain(value) for (name, window), value in opinion.facts.items()},
        took_us=opinion.took_us,
        tail_us=0 if score is None else score.tail_us,
        amount_minor=order.amount_minor,
        currency=order.currency,
        card_fingerprint=subject.fingerprint,
        card={name: subject.card.get(name) for name in CARD_FACTS},
        email_key=subject.email,
        ip=subject.ip,
        ip_country=subject.ip_country,
        device_id=subject.device,
    )
    session.add(kept)
    session.flush()
    return kept


def shown_key(name: str, window: timedelta | None) -> str:
    """A fact as a condition writes it: `card.payments[1h]`."""
    if window is None:
        return name
    minutes = int(window.total_seconds()) // 60
    for unit, size in (("d", 1440), ("h", 60)):
        if minutes % size == 0:
            return f"{name}[{minutes // size}{unit}]"
    return f"{name}[{minutes}m]"


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.0f}s"
    return str(value) if isinstance(value, Money | Decimal) else value


def note_outcome(session: Session, payment_id: str, *, declined: bool) -> None:
    """What the issuer said of a payment: from now on other payments of its card, device, … are judged by it."""
    mine = update(Assessment).where(Assessment.payment_id == payment_id)
    session.execute(mine.values(was_declined=declined))
    if declined:
        tell_models(session, payment_id, "declined")
