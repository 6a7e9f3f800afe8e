"""Writing rules: checked as they are typed, tried on the past, every version kept."""

from __future__ import annotations

import secrets

import pytest

from tests.app.risk.desk import RiskDesk
from tests.clients import OrderService


def test_a_rule_is_tried_on_the_past_before_it_is_saved(desk: RiskDesk, service: OrderService) -> None:
    device = f"device-{secrets.token_hex(6)}"
    for amount in (1000, 2000, 3000):
        service.pay(service.place(amount, context={"device_id": device}))
    tried = desk.tries(f'device.id = "{device}" and device.payments[30d] >= 1')
    assert tried["Payments it would have hit"].startswith("2 of ")
    assert tried["Their sum"] == "50.00 USD"


def test_a_rule_is_tried_on_simulated_months_where_all_fraud_is_known(desk: RiskDesk) -> None:
    found, _ = desk.tries_simulated("device.cards[1h] >= 4")
    caught, of = map(number, found["Card testing"].split(" of "))
    assert of >= 20
    assert caught > of * 2 / 3
    assert number(found["Friendly fraud"].split(" of ")[0]) == 0
    hits, payments = map(number, found["Payments it would have hit"].split(", ")[0].split(" of "))
    assert caught <= hits < payments / 50
    assert number(found["Fraud caught"].split(" of ")[0]) + number(found["False alarms"].split()[0]) == hits
    assert float(found["Right, of what it hits"].rstrip(" %")) > 50


def test_simulated_payments_are_scored_and_say_what_they_do_not_know(desk: RiskDesk) -> None:
    found, said = desk.tries_simulated('score >= 90 and amount > 5.00 EUR and not card.bin = "400000"')
    assert found["Payments it would have hit"].startswith("0 of ")
    assert "Payments in EUR" in said
    assert "They have no card.bin" in said
    found, said = desk.tries_simulated("score >= 90 and amount > 5.00 EUR")
    assert float(found["Right, of what it hits"].rstrip(" %")) > 50
    assert found["Their sum"].endswith(" EUR")


def number(text: str) -> int:
    """As the page writes it."""
    return int(text.replace(",", ""))


def test_every_version_is_kept_with_who_and_why(desk: RiskDesk) -> None:
    name = f"Rule {secrets.token_hex(4)}"
    rule = desk.rule("amount > 9000.00 USD", "review", mode="shadow", name=name)
    changed = {"name": name, "condition": "amount > 9500.00 USD", "action": "review", "mode": "shadow"}
    assert desk.save(rule, **changed, reason="too many before").ok
    page = desk.visitor.read(rule)
    assert [row[0] for row in page.row_texts() if row] == ["2", "1"]
    assert "too many before" in page.text
    stale = desk.save(rule, **changed, seen_version="1")
    assert stale.status_code == 409
    assert "changed this rule" in stale.text
    trail = desk.visitor.read("/audit").text
    assert f"Rule “{name}”, version 2" in trail


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("amount > 5", "This is a number, but an amount of money is compared with it."),
        ("amout > 5.00 EUR", "There is no field amout. Did you mean amount?"),
        ("card.payments > 3", "Say how far card.payments looks back"),
        ("email.address in @nowhere", "There is no list nowhere."),
        ("amount > 5.00 EUR and", "The condition ends too soon."),
    ],
)
def test_what_is_wrong_is_said_at_its_place(desk: RiskDesk, condition: str, said: str) -> None:
    typed = desk.visitor.send("/risk/rules/new", "/risk/rules/check", condition=condition)
    assert said in typed.text.replace("&#39;", "'")
    assert "<mark>" in typed.text
    saved = desk.save("/risk/rules", name="Wrong", condition=condition, action="block", mode="active")
    assert saved.status_code == 422
    assert condition.replace(">", "&gt;") in saved.text


def test_two_rules_have_two_names(desk: RiskDesk) -> None:
    name = f"Rule {secrets.token_hex(4)}"
    desk.rule("amount > 9000.00 USD", "review", mode="shadow", name=name)
    again = desk.save("/risk/rules", name=name.upper(), condition="amount > 1.00 USD", action="review", mode="shadow")
    assert again.status_code == 422
    assert "There is a rule" in again.text


def test_values_are_taken_off_a_list(desk: RiskDesk) -> None:
    name = "list_" + secrets.token_hex(4).translate(str.maketrans("0123456789", "ghijklmnop"))
    desk.visitor.send("/risk/lists", "/risk/lists", name=name, words="for a test")
    page = f"/risk/lists/{name}"
    desk.visitor.send(page, page, values="Ann@Example.com\nbo@example.com", note="known")
    assert desk.visitor.send(page, f"{page}/removals", value="ann@example.com").ok
    rest = desk.visitor.read(page).text
    assert "bo@example.com" in rest
    again = desk.visitor.send(page, f"{page}/removals", value="ann@example.com")
    assert again.status_code == 409
    past = desk.visitor.send(page, page, values="cy@example.com", note="late", expires="2020-01-01T00:00")
    assert past.status_code == 422
    assert "Choose a time after" in past.text
