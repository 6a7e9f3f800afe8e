"""The model at work: scored with reasons, seen by every process, worked out again to the bit, watched and replaced."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import make_engine
from app.risk.assess import HIGH_SCORE
from app.risk.models import Assessment
from fraud_model import FraudScorer
from tests.app.risk.desk import RiskDesk
from tests.clients import Json, OrderService
from tests.stack import Stack, until


def scored(service: OrderService, device: str, amount: int = 999, card: str = "visa_success") -> Json:
    """A payment that the model had the time to score."""

    def once() -> Json | None:
        payment = service.pay(service.place(amount, context={"device_id": device}), card)
        return payment if payment["risk"]["score"] is not None else None

    return until(once, what="a payment to be scored")


@pytest.fixture
def device() -> str:
    return f"device-{secrets.token_hex(6)}"


def test_a_score_comes_with_reasons_that_add_up(service: OrderService, stack: Stack, device: str) -> None:
    payment = scored(service, device)
    risk = payment["risk"]
    assert 0 <= risk["score"] <= 99
    assert 0 < risk["probability"] < 1
    assert len(risk["reasons"]) == 3
    assert all(reason["text"] for reason in risk["reasons"])
    kept = assessment_of(stack, payment["id"])
    told = sum(reason["points"] for reason in kept.reasons)
    assert told + kept.points["base"] + kept.points["other"] == pytest.approx(kept.points["exact"], abs=0.001)
    again = FraudScorer.load().explain(kept.features)
    assert (again.version, again.score, repr(again.probability)) == (
        kept.model_version,
        kept.score,
        kept.probability,
    )


def assessment_of(stack: Stack, payment_id: str) -> Assessment:
    engine = make_engine(stack.database_url)
    with Session(engine) as session:
        found = session.scalars(select(Assessment).where(Assessment.payment_id == payment_id)).one()
    engine.dispose()
    return found


@pytest.fixture
def blocking(desk: RiskDesk) -> Iterator[None]:
    """Scores from 60 on are blocked."""
    set_thresholds(desk, "60")
    yield
    set_thresholds(desk, "100")


def set_thresholds(desk: RiskDesk, block: str) -> None:
    answer = desk.visitor.send(
        "/risk/model", "/risk/model/thresholds", block_from_score=block, review_from_score=block, reason="a test"
    )
    assert answer.status_code == 200, answer.text


@pytest.mark.usefixtures("blocking")
def test_card_testing_climbs_to_block_by_its_score(service: OrderService, device: str) -> None:
    cards = ("visa_generic_decline", "visa_lost_card", "visa_stolen_card", "visa_insufficient_funds", "amex_success")
    tried = [scored(service, device, 100, card) for _ in range(4) for card in cards]
    assert tried[0]["risk"]["score"] < tried[-1]["risk"]["score"]
    assert tried[-1]["status"] == "blocked"
    assert re.search(r"device|decline|card", " ".join(one["text"] for one in tried[-1]["risk"]["reasons"]))


def test_a_high_score_is_said_where_no_threshold_is_that_low(service: OrderService, device: str) -> None:
    cards = ("visa_generic_decline", "visa_lost_card", "visa_stolen_card", "visa_insufficient_funds", "amex_success")
    tried = [scored(service, device, 100, card)["risk"] for _ in range(4) for card in cards]
    accepted = [risk for risk in tried if risk["decision"] == "accept"]  # chance picks some for a review
    high = [risk for risk in accepted if risk["score"] >= HIGH_SCORE]
    assert high
    for risk in accepted:
        told = f"Score {risk['score']}, below the threshold of 100" if risk in high else "Nothing speaks against it"
        assert risk["why"] == told


def test_the_page_shows_what_thresholds_would_have_done(desk: RiskDesk, service: OrderService, device: str) -> None:
    scored(service, device)
    page = desk.visitor.read("/risk/model?currency=USD&fee=20&margin=30")
    assert "From score" in page.text
    assert any(row and row[0].endswith("100") and row[1] == "0" for row in page.row_texts())
    wrong = desk.visitor.get("/risk/model?fee=much")
    assert wrong.status_code == 422
    refused = desk.visitor.send(
        "/risk/model", "/risk/model/thresholds", block_from_score="50", review_from_score="90", reason="a test"
    )
    assert refused.status_code == 422
    assert "not above the one that blocks" in refused.text
