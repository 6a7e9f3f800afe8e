"""What is done by itself as the shop's policy says: without 3-D Secure, after soft declines, before a hold ends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.app.payments.desk import Desk
from tests.clients import Json, both_agree
from tests.stack import until

RETRIED = "To be tried again by itself"


def page_of(order: Json) -> str:
    return f"/orders/{order['id']}"


@pytest.mark.parametrize("capture", [False, True], ids=["held", "captured"])
def test_where_3d_secure_cannot_be_had_the_payment_goes_on_and_says_who_bears_a_fraud(
    desk: Desk, capture: bool
) -> None:
    cards = {"visa_authentication_unavailable": "No liability shift", "visa_frictionless": "With the bank"}
    for card, words in cards.items():
        order = desk.service.place()
        payment = desk.service.pay(order, card, capture=capture)
        assert payment["status"] == ("captured" if capture else "authorized")
        for path in (page_of(order), f"/payments/{payment['id']}"):
            assert words in desk.visitor.read(path).text
        both_agree(desk.service.order(order), desk.account.payments(order))


@pytest.mark.parametrize("capture", [False, True], ids=["held", "captured"])
def test_where_the_policy_takes_none_without_3d_secure_the_hold_is_voided_and_nothing_was_taken(
    desk: Desk, capture: bool
) -> None:
    with desk.policy(unauthenticated="fail"):
        order, other = desk.service.place(), desk.service.place()
        desk.service.pay(order, "visa_authentication_unavailable", capture=capture)
        desk.service.pay(other, "visa_frictionless", capture=capture)
        failed = desk.service.order_when(order, "payment_failed")
        assert "our policy takes no payment without it" in failed["payments"][0]["failure"]
        (told,) = desk.account.payments(order)
        assert (told["status"], told["captures"]) == ("voided", [])
        both_agree(failed, [told])
        taken = desk.service.order_when(other, "paid" if capture else "authorized")
        both_agree(taken, desk.account.payments(other))
        assert failed["allowed_actions"] == ["pay", "cancel"]


def test_a_soft_decline_is_tried_again_as_often_as_the_policy_says_each_time_anew(desk: Desk) -> None:
    with desk.policy(soft_decline_retries="2"):
        order = desk.service.place()
        desk.service.pay(order, "visa_insufficient_funds")
        for number in (1, 2):
            assert f"{RETRIED} ({number} of 2)" in desk.visitor.read(page_of(order)).text
            assert len(desk.account.payments(order)) == number
            desk.account.clock(advance="P2DT1M")
            until(
                lambda: len(desk.service.order(order)["payments"]) == number + 1,  # noqa: B023 - asked within the loop
                what="the next try",
            )
            desk.service.order_when(order, "declined")
        tried = desk.service.order(order)
        newest = f"/payments/{tried['payments'][0]['id']}"
        assert "Tried again by itself" not in desk.visitor.read(newest).text
        attempts = [attempt for payment in tried["payments"] for attempt in payment["attempts"]]
        assert len({attempt["idempotency_key"] for attempt in attempts}) == len(attempts) == 3
        both_agree(tried, desk.account.payments(order))


@pytest.mark.parametrize(
    "card", ["visa_lost_card", "visa_stolen_card", "visa_expired_card", "visa_suspected_fraud", "visa_incorrect_cvc"]
)
def test_what_the_network_does_not_want_tried_again_never_is(desk: Desk, card: str) -> None:
    with desk.policy(soft_decline_retries="15"):
        order = desk.service.place()
        assert desk.service.pay(order, card)["status"] == "declined"
        assert RETRIED not in desk.visitor.read(page_of(order)).text


def test_a_card_is_tried_no_more_once_the_network_s_limit_is_reached(desk: Desk) -> None:
    with desk.policy(soft_decline_retries="1"):
        planned = []
        for _ in range(15):
            order = desk.service.place()
            desk.service.pay(order, "visa_issuer_unavailable")
            planned.append(RETRIED in desk.visitor.read(page_of(order)).text)
    assert planned == [True] * 14 + [False]


def test_a_card_that_the_customer_gave_is_not_tried_again_but_operators_hear_when_it_may_be(desk: Desk) -> None:
    with desk.policy(soft_decline_retries="3"):
        order = desk.service.place()
        card = {"test_card": "visa_card_velocity_exceeded", "amount": order["amount"], "currency": order["currency"]}
        token = desk.account.call("POST", "/_sandbox/tokens", card)["id"]
        assert desk.act(order, "payments", token=token).json()["status"] == "declined"
        desk.account.clock(advance="P1DT1M")
        desk.says("/notices?kind=retry_due", f"Order {order['reference']} may be paid again")
    assert "the card has to be given again" in desk.visitor.read(page_of(order)).text
    assert len(desk.account.payments(order)) == 1


def test_an_order_is_captured_at_once_where_it_says_so(desk: Desk) -> None:
    order = desk.service.place(capture_policy="automatic")
    assert desk.service.pay(order)["status"] == "captured"
    both_agree(desk.service.order_when(order, "paid"), desk.account.payments(order))


def test_what_is_held_is_captured_before_the_hold_ends_where_the_policy_says_so(desk: Desk) -> None:
    with desk.policy(capture_before_expiry_hours="24"):
        order = desk.held()
        desk.account.clock(advance="P5DT23H")
        assert desk.service.order(order)["status"] == "authorized"
        desk.account.clock(advance="PT2H")
        both_agree(desk.service.order_when(order, "paid"), desk.account.payments(order))
    assert "Captured by itself, as the policy says, before the hold ends" in desk.visitor.read(page_of(order)).text


def test_a_hold_that_ends_is_pointed_out_before_and_told_once_it_has_lapsed(desk: Desk) -> None:
    order = desk.held()
    desk.account.clock(advance="P5DT1H")
    desk.says("/notices?kind=hold_ending", f"The hold for order {order['reference']} ends soon")
    assert desk.service.order(order)["status"] == "authorized"
    desk.account.clock(advance="P2D")
    lapsed = desk.service.order_when(order, "payment_failed")
    both_agree(lapsed, desk.account.payments(order))
    assert (lapsed["payments"][0]["status"], lapsed["amount_captured"]) == ("expired", 0)
    desk.says("/notices?kind=hold_lapsed", f"The hold for order {order['reference']} has lapsed")
    assert desk.service.pay(order)["status"] == "authorized"


def test_a_hold_that_ends_while_it_is_captured_is_captured_or_gone_and_both_sides_say_the_same(desk: Desk) -> None:
    orders = [desk.held() for _ in range(8)]
    with ThreadPoolExecutor(9) as pool:
        moved = pool.submit(desk.account.clock, advance="P7DT1M")
        answers = list(pool.map(lambda order: desk.act(order, "captures"), orders))
        moved.result()
    for order, answer in zip(orders, answers, strict=True):
        assert answer.status_code in (200, 409), answer.text
        settled = desk.service.order_when(order, "paid", "payment_failed", within=60)
        assert settled["amount_captured"] == (1999 if settled["status"] == "paid" else 0)
        both_agree(settled, desk.account.payments(order))
