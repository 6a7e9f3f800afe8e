"""A model learned from own labels: refused while there are too few, compared, promoted, rolled back."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import requests
from sqlalchemy.orm import Session

from app.risk.models import Assessment, Decision, Label, News
from tests.app.live.listening import database_of
from tests.app.risk.desk import RiskDesk
from tests.app.screens.visitor import Visitor
from tests.clients import OrderService
from tests.stack import Stack, until

pytestmark = pytest.mark.timeout(900)  # a training is most of a minute of one core, and the machine may be busy

DAYS, A_DAY, ONE_IN = 60, 15, 4


def test_a_model_of_own_labels_is_compared_promoted_and_rolled_back(start_stack: Callable[..., Stack]) -> None:
    stack = start_stack(random_reviews=None)
    desk, service = RiskDesk(Visitor(stack)), OrderService(stack)
    assert desk.visitor.read("/settings/policy").fields["random_reviews_permille"] == "10"
    for act, said in (("promote", "There is no challenger"), ("roll-back", "none was before")):
        refused = change(desk, act)
        assert refused.status_code == 409
        assert said in refused.text
    service.pay(service.place())
    assert "own frauds are known" in learned(desk, "Not learned")

    write_past(stack)
    assert desk.visitor.send("/risk/model", "/risk/model/trainings").ok
    ((role, version),) = until(lambda: changes(desk), what="a challenger", within=400)
    assert role == "Challenger"
    for act, newest in (
        ("promote", [["Challenger", "none"], ["Champion", version]]),
        ("roll-back", [["Champion", "shipped"], ["Challenger", "none"], ["Champion", version]]),
    ):
        answer = change(desk, act)
        assert answer.status_code == 200, answer.text
        assert "Done." in answer.text
        assert changes(desk) == [*newest, ["Challenger", version]]


def changes(desk: RiskDesk) -> list[list[str]]:
    """Who was put in force as what, the newest first."""
    rows = desk.visitor.read("/risk/model").row_texts()
    return [row[:2] for row in rows if row and row[0] in ("Champion", "Challenger")]


def change(desk: RiskDesk, act: str) -> requests.Response:
    """Promote or roll back."""
    return desk.visitor.send("/risk/model", f"/risk/model/roles/{act}", **{"role-reason": "a test"})


def learned(desk: RiskDesk, words: str) -> str:
    """Have a model learned; the page once it says how that ended."""
    assert desk.visitor.send("/risk/model", "/risk/model/trainings").ok
    return until(
        lambda: text if words in (text := desk.visitor.read("/risk/model").text) else None,
        what=f"the training to end with {words!r}",
        within=400,
    )


def write_past(stack: Stack) -> None:
    """Two months of payments, as they are kept; who tells no device is a thief, which nobody's model knows yet."""
    now = datetime.now(UTC)
    with database_of(stack) as engine, Session(engine) as session:
        for number in range(DAYS * A_DAY):
            paid_at = now - timedelta(days=DAYS) + number * timedelta(days=1) / A_DAY
            is_fraud = number % ONE_IN == 0
            payment = past_payment(number, paid_at, is_fraud=is_fraud)
            session.add(payment)
            told_at = paid_at + timedelta(days=2)
            if is_fraud and told_at < now:
                session.add(Label(payment_id=payment.payment_id, is_fraud=True, source="dispute", arrived_at=told_at))
                session.add(News(payment_id=payment.payment_id, what="fraud", at=told_at))
        session.commit()


def past_payment(number: int, at: datetime, *, is_fraud: bool) -> Assessment:
    """One that passed unnoticed."""
    who = f"thief{number}" if is_fraud else f"customer{number % 50}"
    return Assessment(
        payment_id=f"pay_{secrets.token_hex(8)}",
        order_id=f"ord_{number}",
        customer_id=f"cus_{who}",
        merchant_id="mer_past",
        created_at=at,
        decision=Decision.ACCEPT,
        why="Nothing speaks against it",
        reasons=[],
        points={},
        hits=[],
        fired=0,
        rules_version=0,
        features={},
        facts={},
        took_us=1,
        tail_us=0,
        amount_minor=4_000 + 37 * (number % 40),
        currency="USD",
        card_fingerprint=f"card_{who}",
        card={"country": "US"},
        email_key=f"{who}@example.com",
        ip=f"198.51.100.{number % 50}",
        ip_country="US",
        device_id=None if is_fraud else f"device_{who}",
        was_declined=False,
    )
