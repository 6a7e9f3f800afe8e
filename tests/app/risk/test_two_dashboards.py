"""Two dashboards on one database: neither misses what the other was asked to pay."""

from __future__ import annotations

import copy
import secrets

from tests.app.live.listening import another_dashboard
from tests.app.risk.test_model import assessment_of
from tests.app.screens.visitor import Visitor
from tests.clients import Json, OrderService
from tests.stack import Stack, until

CARDS = ("visa_generic_decline", "visa_success", "visa_insufficient_funds", "mastercard_success", "amex_success")


def test_neither_dashboard_misses_the_other_s_velocity(stack: Stack, service: OrderService) -> None:
    device = f"device-{secrets.token_hex(6)}"
    context: Json = {"context": {"device_id": device, "ip": "203.0.113.77", "ip_country": "US"}}
    with another_dashboard(stack) as address:
        beside = copy.copy(stack)
        beside.facts = stack.facts | {"dashboard": address}
        other = OrderService(beside)
        paid: list[Json] = []

        def both_scored() -> bool:
            """Pay once at each; whether both models were at work."""
            for shop in (service, other):
                card = CARDS[len(paid) % len(CARDS)]
                paid.append(shop.pay(shop.place(500, **context), card))
            return all(payment["risk"]["score"] is not None for payment in paid[-2:])

        until(both_scored, what="both dashboards to score", within=130)
        until(both_scored, what="both dashboards to score again", within=130)
        for number, payment in enumerate(paid):
            kept = assessment_of(stack, payment["id"])
            if kept.score is not None:
                assert kept.features["device_payments_1h"] == number
                assert 0 < kept.tail_us < kept.took_us
        declined = sum(payment["status"] == "declined" for payment in paid[:-1])
        assert assessment_of(stack, paid[-1]["id"]).features["device_declines_1d"] == declined


def test_chance_picks_payments_for_a_review(stack: Stack, visitor: Visitor, service: OrderService) -> None:
    at = "/settings/policy"
    for chosen, decided in (("1000", ("review", "Drawn at random")), ("0", ("accept", "Nothing speaks against it"))):
        answer = visitor.send(at, at, reason="As the test has it", random_reviews_permille=chosen)
        assert answer.status_code == 200, answer.text
        risk = service.pay(service.place(700))["risk"]
        assert (risk["decision"], risk["why"]) == decided
