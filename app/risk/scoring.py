"""The model at work in this process: told what every process has written since the last payment, asked for the next."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic, perf_counter_ns

import structlog
from sqlalchemy import ColumnElement, Row, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.clock import business_now
from app.db import reading
from app.risk.facts import Subject
from app.risk.models import Assessment
from app.risk.models import News as NewsRow
from app.risk.registry import Roles, load_model, roles_now
from app.risk.scorer import Challenger, Score, TooLate
from fraud_model import Assessment as Assessed
from fraud_model import FraudScorer, News, Payment, Told
from fraud_model.times import WARM_UP, milliseconds

log = structlog.get_logger("risk")

_PAST = timedelta(milliseconds=WARM_UP)
_MAY_COME_LATE_SECONDS = 60.0
"""An id that was skipped belongs to a transaction that is still open, or was rolled back."""
_READ_AGAIN_AT_FIRST = 200

_COLUMNS = (
    Assessment.payment_id,
    Assessment.order_id,
    Assessment.created_at,
    Assessment.amount_minor,
    Assessment.currency,
    Assessment.card_fingerprint,
    Assessment.card,
    Assessment.merchant_id,
    Assessment.device_id,
    Assessment.email_key,
    Assessment.ip,
    Assessment.ip_country,
)


def payment_of(row: Row[*tuple[object, ...]]) -> Payment:
    """A payment that was assessed, as the model sees it; the row has `_COLUMNS`."""
    return Payment(
        id=row.payment_id,
        at=milliseconds(row.created_at),
        amount_minor=row.amount_minor,
        currency=row.currency,
        card=row.card_fingerprint or row.order_id,
        merchant=row.merchant_id,
        device=row.device_id,
        email=row.email_key,
        ip=row.ip,
        card_country=row.card.get("country"),
        ip_country=row.ip_country,
    )


def past_rows(session: Session) -> Iterator[Payment | Told]:
    """Every payment and all news of the time that the model looks back on, in order of time."""
    since = business_now(session) - _PAST
    payments = select(*_COLUMNS).where(Assessment.created_at > since).order_by(Assessment.created_at, Assessment.id)
    news = _news().where(NewsRow.at > since).order_by(NewsRow.at, NewsRow.id)
    told: Iterator[Payment | Told] = (_told(row) for row in session.execute(news).yield_per(5000))
    made: Iterator[Payment | Told] = (payment_of(row) for row in session.execute(payments).yield_per(5000))
    yield from heapq.merge(made, told, key=lambda one: one.at)


def _news() -> Select[*tuple[object, ...]]:
    return select(NewsRow.id.label("news_id"), NewsRow.what, NewsRow.at, *_COLUMNS).join(
        Assessment, Assessment.payment_id == NewsRow.payment_id
    )


def _told(row: Row[*tuple[object, ...]]) -> Told:
    return Told(payment_of(row), News(row.what), milliseconds(row.at))


@dataclass
class _Place:
    """How far a table was read, and which ids before that were not there yet."""

    top: int = 0
    skipped: dict[int, float] = field(default_factory=dict)

    def passes(self, number: int) -> None:
        now = monotonic()
        if number > self.top:
            self.skipped |= dict.fromkeys(range(max(self.top + 1, number - _READ_AGAIN_AT_FIRST), number), now)
            self.top = number
        self.skipped.pop(number, None)

    def forget(self) -> None:
        before = monotonic() - _MAY_COME_LATE_SECONDS
        self.skipped = {number: since for number, since in self.skipped.items() if since > before}


class _AtWork:
    """A champion, the challenger beside it, and the past that both are asked about."""

    def __init__(self, roles: Roles) -> None:
        self.roles = roles
        self.champion = FraudScorer(load_model(roles.champion))
        self.challenger = None if roles.challenger is None else FraudScorer(load_model(roles.challenger))
        self._payments, self._news = _Place(), _Place()

    def replay(self) -> None:
        """Take in the past, from the database."""
        with reading() as session:
            payments = session.scalar(select(func.max(Assessment.id))) or 0
            news = session.scalar(select(func.max(NewsRow.id))) or 0
            self.champion.replay(past_rows(session))
        self._payments = _Place(max(0, payments - _READ_AGAIN_AT_FIRST))
        self._news = _Place(max(0, news - _READ_AGAIN_AT_FIRST))

    def take_over(self, other: _AtWork) -> None:
        """The past of those that were at work before: features do not depend on the model."""
        self.champion.state = other.champion.state
        self._payments, self._news = other._payments, other._news

    def catch_up(self, session: Session) -> None:
        """What any process has written since the last time."""
        place = self._payments
        newer = select(Assessment.id, *_COLUMNS).where(_unread(Assessment.id, place)).order_by(Assessment.id)
        for row in session.execute(newer):
            place.passes(row.id)
            self.champion.observe(payment_of(row))
        place.forget()
        place = self._news
        for row in session.execute(_news().where(_unread(NewsRow.id, place)).order_by(NewsRow.id)):
            place.passes(row.news_id)
            self.champion.learn(_told(row))
        place.forget()


def _unread(number: InstrumentedAttribute[int], place: _Place) -> ColumnElement[bool]:
    beyond = number > place.top
    return or_(beyond, number.in_(place.skipped)) if place.skipped else beyond


class ModelAtWork:
    """The scorer of one process. A model is loaded beside the one at work, and takes its place once it is ready."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loading: threading.Thread | None = None
        self._ready = threading.Event()
        self._at_work: _AtWork | None = None
        self._trouble: str | None = None

    def start(self) -> ModelAtWork:
        """Begin to load the model and to read the past; nobody waits for it."""
        with self._lock:
            self._load()
        return self

    def wait(self, within_seconds: float) -> None:
        """For those who would rather wait than have their first payments not assessed."""
        self._ready.wait(within_seconds)

    def score(self, session: Session, subject: Subject, deadline_ns: int) -> Score:
        """What the models say of a payment that waits; TooLate where that would take too long."""
        with self._in_time(deadline_ns):
            if self._at_work is None:
                self._load()
        if not self._ready.wait(_left(deadline_ns)):
            raise TooLate
        roles = roles_now(session)
        payment = _waiting(subject)
        with self._in_time(deadline_ns):
            at_work = self._at_work
            if at_work is None:
                raise Unloadable(self._trouble)
            if at_work.roles != roles:
                self._load()  # this payment is scored by the one that was at work
            began = perf_counter_ns()
            at_work.catch_up(session)
            tail_us = (perf_counter_ns() - began) // 1000
            found = at_work.champion.assess(payment)
        rival = None if at_work.challenger is None else at_work.challenger.explain(found.features)
        return _score(found, rival, tail_us)

    @contextmanager
    def _in_time(self, deadline_ns: int) -> Iterator[None]:
        if not self._lock.acquire(timeout=_left(deadline_ns)):
            raise TooLate
        try:
            yield
        finally:
            self._lock.release()

    def _load(self) -> None:
        if self._loading is None:
            self._loading = threading.Thread(target=self._bring, name="risk-model", daemon=True)
            self._loading.start()

    def _bring(self) -> None:
        """Runs on a thread of its own."""
        try:
            with reading() as session:
                roles = roles_now(session)
            fresh = _AtWork(roles)
            if self._at_work is None:
                fresh.replay()
            with self._lock:
                if self._at_work is not None:
                    fresh.take_over(self._at_work)
                    log.info("other models at work", champion=roles.champion, challenger=roles.challenger)
                self._at_work, self._loading = fresh, None
        except Exception as error:
            log.exception("the model could not be loaded")
            with self._lock:
                self._trouble, self._loading = str(error), None
        self._ready.set()


class Unloadable(Exception):
    """The model could not be loaded; says why."""


def _left(deadline_ns: int) -> float:
    return max(0.0, (deadline_ns - perf_counter_ns()) / 1e9)


def _waiting(subject: Subject) -> Payment:
    order = subject.order
    return Payment(
        id=order.id,
        at=milliseconds(subject.now),
        amount_minor=order.amount_minor,
        currency=order.currency,
        card=subject.fingerprint or order.id,
        merchant=order.merchant_id,
        device=subject.device,
        email=subject.email,
        ip=subject.ip,
        card_country=subject.card.get("country"),
        ip_country=subject.ip_country,
    )


def _score(found: Assessed, rival: Assessed | None, tail_us: int) -> Score:
    return Score(
        score=found.score,
        probability=found.probability,
        reasons=[{"text": reason.text, "points": round(reason.points, 4)} for reason in found.reasons],
        points={"base": found.base_points, "other": found.other_points, "exact": found.exact_points},
        features=dict(found.features),
        version=found.version,
        tail_us=tail_us,
        challenger=None if rival is None else Challenger(rival.score, rival.probability, rival.version),
    )
