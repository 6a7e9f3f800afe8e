"""The tables of risk: what was thought of each payment, the rules and lists behind it, reviews, and what came true."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import BigInteger, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, where_known
from app.money import InMoney


class Decision(enum.StrEnum):
    """What becomes of a payment; of several that rules ask for, the first in this order is taken."""

    ALLOW = "allow"
    BLOCK = "block"
    REVIEW = "review"
    THREE_DS = "three_ds"
    ACCEPT = "accept"
    """Nothing spoke against it."""


Level = Literal["not_assessed", "low", "elevated", "high"]


def level_of(score: int | None) -> Level:
    """A score in a word; the words stand fast, whatever the thresholds are."""
    if score is None:
        return "not_assessed"
    return "high" if score >= _HIGH else "elevated" if score >= _ELEVATED else "low"


_ELEVATED, _HIGH = 50, 80


class Mode(enum.StrEnum):
    """How far a rule goes: in force, only watched, or no longer."""

    ACTIVE = "active"
    SHADOW = "shadow"
    RETIRED = "retired"


class Assessment(Base):
    """What was thought of a payment before it was authorized; all but `was_declined` is never changed afterwards.

    With its features and versions the same answer can be worked out again at any time.
    """

    __tablename__ = "risk_assessments"
    __table_args__ = (
        Index("ix_risk_assessments_created", "created_at", "id"),
        Index("ix_risk_assessments_order", "order_id"),
        Index(
            "ix_risk_assessments_fired",
            "created_at",
            sqlite_where=text("fired > 0"),
            postgresql_where=text("fired > 0"),
        ),
        Index("ix_risk_assessments_customer", "customer_id", "created_at"),
        Index("ix_risk_assessments_card", "card_fingerprint", "created_at", **where_known("card_fingerprint")),
        Index("ix_risk_assessments_email", "email_key", "created_at", **where_known("email_key")),
        Index("ix_risk_assessments_ip", "ip", "created_at", **where_known("ip")),
        Index("ix_risk_assessments_device", "device_id", "created_at", **where_known("device_id")),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    payment_id: Mapped[str] = mapped_column(String(40), unique=True)
    order_id: Mapped[str] = mapped_column(String(40))
    customer_id: Mapped[str] = mapped_column(String(40))
    merchant_id: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    """On the account's clock."""
    decision: Mapped[Decision] = mapped_column(String(20))
    why: Mapped[str] = mapped_column(String(200))
    """What decided, in words: a rule, the score, or chance."""
    score: Mapped[int | None]
    """0 to 99; None where the model gave none in time: then rules alone decided."""
    probability: Mapped[str | None] = mapped_column(String(30))
    """Of fraud, as the model calibrates it: its shortest decimal form, so that it is read back to the bit."""
    not_assessed: Mapped[str | None] = mapped_column(String(200))
    """Why there is no score."""
    reasons: Mapped[list[Any]]
    """`{"text", "points"}`, the weightiest first."""
    points: Mapped[dict[str, Any]]
    """`base` and `other`, which with the reasons' points come to `exact`, of which the score is the whole part."""
    hits: Mapped[list[Any]]
    """The rules that fired: `{"rule", "version", "name", "action", "mode"}`."""
    fired: Mapped[int]
    """How many they are."""
    model_version: Mapped[str | None] = mapped_column(String(80))
    challenger_version: Mapped[str | None] = mapped_column(String(80))
    """The model that was only watched, what it would have said, and how sure it was."""
    challenger_score: Mapped[int | None]
    challenger_probability: Mapped[str | None] = mapped_column(String(30))
    rules_version: Mapped[int] = mapped_column(BigInteger)
    """The newest change of a rule or list that was known then."""
    features: Mapped[dict[str, Any]]
    """What the model was given."""
    facts: Mapped[dict[str, Any]]
    """What the rules asked for."""
    took_us: Mapped[int]
    tail_us: Mapped[int]
    """Of that, what it took to read what other processes had written."""
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    card_fingerprint: Mapped[str | None] = mapped_column(String(80))
    card: Mapped[dict[str, Any]]
    """Network, funding, country and first digits."""
    email_key: Mapped[str | None] = mapped_column(String(254))
    ip: Mapped[str | None] = mapped_column(String(45))
    ip_country: Mapped[str | None] = mapped_column(String(2))
    device_id: Mapped[str | None] = mapped_column(String(100))
    was_declined: Mapped[bool | None]
    """What the issuer said, once that is known: later payments are judged by it."""

    amount = InMoney()


class RuleVersion(Base):
    """A rule as somebody wrote it. A change is a new row; the newest of a rule counts."""

    __tablename__ = "risk_rules"
    __table_args__ = (UniqueConstraint("rule_id", "version"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    rule_id: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    action: Mapped[Decision] = mapped_column(String(20))
    condition: Mapped[str] = mapped_column(String(2000))
    mode: Mapped[Mode] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(500))
    actor_name: Mapped[str] = mapped_column(String(200))
    actor_id: Mapped[str | None] = mapped_column(String(40))
    at: Mapped[datetime]
    """By the wall clock."""


class ListEntry(Base):
    """A value on one of the lists that rules ask; gone once it has expired or been taken off."""

    __tablename__ = "risk_list_entries"
    __table_args__ = (
        Index("ix_risk_list_entries_value", "list_name", "value"),
        Index("ix_risk_list_entries_removed", "removed_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    list_name: Mapped[str] = mapped_column(String(60))
    value: Mapped[str] = mapped_column(String(254))
    note: Mapped[str] = mapped_column(String(300))
    expires_at: Mapped[datetime | None]
    """On the account's clock; None stays."""
    actor_name: Mapped[str] = mapped_column(String(200))
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str | None] = mapped_column(String(200))


class ValueList(Base):
    """A named list of values that rules can ask: `@blocked_emails`."""

    __tablename__ = "risk_lists"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    words: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime]


class ReviewState(enum.StrEnum):
    """A review is open until somebody decides, or its deadline does."""

    OPEN = "open"
    APPROVED = "approved"
    DECLINED = "declined"
    OVERTAKEN = "overtaken"
    """The payment ended by itself: it was declined, expired or voided."""


class Review(Base):
    """A payment that a person should look at before its money is taken."""

    __tablename__ = "risk_reviews"
    __table_args__ = (
        Index("ix_risk_reviews_queue", "state", "expected_loss_minor"),
        Index("ix_risk_reviews_due", "state", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    payment_id: Mapped[str] = mapped_column(String(40), unique=True)
    order_id: Mapped[str] = mapped_column(String(40))
    assessment_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[ReviewState] = mapped_column(String(20))
    why: Mapped[str] = mapped_column(String(200))
    expected_loss_minor: Mapped[int] = mapped_column(BigInteger)
    """Amount times probability, in the payment's currency."""
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(String(500))


class Label(Base):
    """What a payment turned out to be, and when we learned it; the newest of a payment counts."""

    __tablename__ = "risk_labels"
    __table_args__ = (UniqueConstraint("payment_id", "source"), Index("ix_risk_labels_arrived", "arrived_at", "id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    payment_id: Mapped[str] = mapped_column(String(40))
    is_fraud: Mapped[bool]
    source: Mapped[str] = mapped_column(String(40))
    """`verdict`, `dispute` or `refund`."""
    arrived_at: Mapped[datetime]
    """On the account's clock."""


class News(Base):
    """What became known of a payment, in the order in which we learned it: from here every process's model takes it."""

    __tablename__ = "risk_news"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    payment_id: Mapped[str] = mapped_column(String(40))
    what: Mapped[str] = mapped_column(String(20))
    """`declined` or `fraud`."""
    at: Mapped[datetime]
    """On the account's clock."""


class Role(enum.StrEnum):
    """What a model is for: it decides, or is only watched beside the one that does."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"


class TrainedModel(Base):
    """A model that was learned here, whole. The one that comes with the program has no row."""

    __tablename__ = "risk_models"

    version: Mapped[str] = mapped_column(String(80), primary_key=True)
    content: Mapped[str] = mapped_column(Text)
    """The file's text, with its own hash; JSON."""
    duel: Mapped[dict[str, Any] | None]
    """How it did beside the champion of its day, on payments that it had not seen."""
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(200))


class ModelChange(Base):
    """Which model is champion or challenger from now on; the newest of a role counts. Without a version, the champion
    is the model that comes with the program, and there is no challenger."""

    __tablename__ = "risk_model_changes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    role: Mapped[Role] = mapped_column(String(20))
    version: Mapped[str | None] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(500))
    actor_name: Mapped[str] = mapped_column(String(200))
    actor_id: Mapped[str | None] = mapped_column(String(40))
    at: Mapped[datetime]
    """By the wall clock."""


class Training(Base):
    """Learning a model anew from our own labels: how far it is, and what came of it."""

    __tablename__ = "risk_trainings"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    """`waiting`, `running`, `done` or `failed`."""
    doing: Mapped[str] = mapped_column(String(100))
    done: Mapped[int]
    of: Mapped[int]
    words: Mapped[str | None] = mapped_column(String(500))
    version: Mapped[str | None] = mapped_column(String(80))
    begun_at: Mapped[datetime]
    begun_by: Mapped[str] = mapped_column(String(200))
    ended_at: Mapped[datetime | None]


OPEN_TRIALS = ("waiting", "running")


class Trial(Base):
    """A condition being tried on simulated months: how far it is, and what came of it. Gone after a day."""

    __tablename__ = "risk_trials"
    __table_args__ = (Index("ix_risk_trials_begun", "begun_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    condition: Mapped[str] = mapped_column(String(2000))
    state: Mapped[str] = mapped_column(String(20))
    """`waiting`, `running`, `done` or `failed`."""
    doing: Mapped[str] = mapped_column(String(100))
    done: Mapped[int]
    of: Mapped[int]
    result: Mapped[dict[str, Any] | None]
    """`Tried.as_json`, with the model that scored."""
    begun_at: Mapped[datetime]
    """By the wall clock."""
    begun_by: Mapped[str] = mapped_column(String(200))

    @property
    def goes_on(self) -> bool:
        return self.state in OPEN_TRIALS
