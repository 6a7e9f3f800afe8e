"""Every way a dispute can go, from its opening to its end: by the cards' stories, and by what a tester chooses."""

from __future__ import annotations

import re

import pytest

from tests.app.disputes.desk import Desk
from tests.app.screens.visitor import Visitor
from tests.stack import until

WINNING = {"shipping_date": "2025-11-20", "shipping_tracking_number": "1Z999AA10123456784"}
DEADLINE, DECISION = "P10D", "P7D"

REASONS = {
    "fraudulent": "fraudulent",
    "not_received": "product_not_received",
    "duplicate": "duplicate",
    "credit_not_processed": "credit_not_processed",
    "unacceptable": "product_unacceptable",
    "subscription_canceled": "subscription_canceled",
    "unrecognized": "unrecognized",
    "general": "general",
}


def test_each_reason_is_told_in_plain_words_with_what_wins(desk: Desk) -> None:
    orders = {reason: desk.captured(f"visa_dispute_{short}_lost") for short, reason in REASONS.items()}
    desk.account.clock(advance="PT1H1M")
    for reason, order in orders.items():
        (short,) = desk.payment_of(order)["disputes"]
        dispute = desk.caught_up(short["id"])
        assert dispute["reason"] == reason
        page = desk.page(dispute["id"])
        assert "What the cardholder says" in page.text
        assert f"Visa calls it {dispute['network_reason_code']} ," in page.text
        assert "What usually wins" in page.text
        assert "Away now 64.99 USD" in page.text
        form = desk.visitor.read(f"/disputes/{dispute['id']}/evidence")
        assert "What the bank wants" in form.text


def test_complete_evidence_wins_and_the_money_comes_back(desk: Desk) -> None:
    (dispute,) = desk.by_story("visa_dispute_not_received")
    desk.both_agree(dispute["id"])
    until(lambda: "9 days 23 hours left" in desk.page(dispute["id"]).text, what="the account's clock to be read")
    assert "0 of 2 gathered" in desk.page(dispute["id"]).text
    desk.gather(dispute["id"], **WINNING)
    assert "2 of 2 gathered" in desk.page(dispute["id"]).text
    assert re.search(r"\d\.\d\d USD away in open chargebacks", desk.visitor.read("/disputes").text)
    assert desk.told(dispute["id"])["evidence"]["fields"] == {}, "a draft stays here"
    sent = desk.submit(dispute["id"])
    assert sent["status"] == "under_review"
    assert sent["evidence"]["fields"] == WINNING
    assert "The bank decides" in desk.page(dispute["id"]).text
    desk.account.clock(advance=DECISION)
    assert desk.both_agree(dispute["id"])["status"] == "won"
    assert "Came back 49.99 USD Away for good 15.00 USD" in desk.page(dispute["id"]).text
    assert desk.notices(dispute["id"]) == ["dispute_opened", "dispute_closed"]
    assert re.search(r"[1-9]\d* of \d+ won in the last 90 days", desk.visitor.read("/disputes").text)


def test_incomplete_evidence_loses(desk: Desk) -> None:
    (dispute,) = desk.by_story("mastercard_dispute_fraudulent")
    desk.gather(dispute["id"], customer_name="Ann Example", customer_email="", customer_ip="")
    assert "Missing" in desk.visitor.read(f"/disputes/{dispute['id']}/submit").text
    desk.submit(dispute["id"])
    desk.account.clock(advance=DECISION)
    assert desk.both_agree(dispute["id"])["status"] == "lost"
    assert "Away for good 64.99 USD" in desk.page(dispute["id"]).text


def test_an_accepted_dispute_is_lost_at_once(desk: Desk) -> None:
    dispute = desk.opened(desk.captured())
    assert "Lost in all 64.99 USD" in desk.visitor.read(f"/disputes/{dispute['id']}/accept").text
    assert desk.accept(dispute["id"])["status"] == "accepted"
    assert desk.both_agree(dispute["id"])["status"] == "accepted"
    again = desk.visitor.get(f"/disputes/{dispute['id']}/accept")
    assert again.status_code == 409
    assert "The dispute is accepted" in again.text


def test_an_unanswered_dispute_is_warned_of_and_expires(desk: Desk) -> None:
    dispute = desk.opened(desk.captured())
    desk.account.clock(advance="P7DT1H")
    desk.until_notices(dispute["id"], ["dispute_opened", "dispute_due"])
    desk.account.clock(advance="P2D")
    desk.until_notices(dispute["id"], ["dispute_opened", "dispute_due", "dispute_due"])
    desk.account.clock(advance="P1D")
    assert desk.both_agree(dispute["id"])["status"] == "expired"
    assert desk.notices(dispute["id"]) == ["dispute_opened", "dispute_due", "dispute_due", "dispute_closed"]
    assert "Lost: nobody answered in time" in desk.page(dispute["id"]).text


@pytest.mark.parametrize(
    ("answered", "then", "end", "kind"),
    [(True, DECISION, "closed", "inquiry"), (False, DEADLINE, "closed", "inquiry")],
    ids=["answered", "not answered"],
)
def test_an_inquiry_holds_no_money(desk: Desk, answered: bool, then: str, end: str, kind: str) -> None:
    (dispute,) = desk.by_story("visa_inquiry")
    assert "Away now Nothing" in desk.page(dispute["id"]).text
    assert "accept" not in dispute["allowed_actions"]
    assert desk.visitor.get(f"/disputes/{dispute['id']}/accept").status_code == 409
    if answered:
        desk.submit(dispute["id"])
    desk.account.clock(advance=then)
    ended = desk.both_agree(dispute["id"])
    assert (ended["status"], ended["kind"]) == (end, kind)


def test_an_inquiry_ends_when_the_payment_is_refunded(desk: Desk) -> None:
    (dispute,) = desk.by_story("visa_inquiry")
    order = desk.order_of(dispute)
    assert desk.service.call("POST", f"/orders/{order['id']}/refunds", {}).status_code == 201
    assert desk.both_agree(dispute["id"])["status"] == "closed"


def test_an_inquiry_becomes_a_chargeback_with_an_answer_of_its_own(desk: Desk) -> None:
    (dispute,) = desk.by_story("visa_inquiry")
    desk.submit(dispute["id"])
    escalated = desk.move(dispute["id"], "escalate")
    assert (escalated["kind"], escalated["status"], escalated["fee"]) == ("chargeback", "needs_response", 1500)
    desk.both_agree(dispute["id"])
    assert desk.notices(dispute["id"]) == ["dispute_opened", "dispute_opened"]
    page = desk.page(dispute["id"])
    assert "Away now 64.99 USD" in page.text
    desk.gather(dispute["id"], product_description="A mug", receipt="1 mug, 49.99")
    desk.submit(dispute["id"])
    desk.move(dispute["id"], "win")
    assert desk.both_agree(dispute["id"])["status"] == "won"


def test_a_second_round_is_linked_to_the_first(desk: Desk) -> None:
    (first,) = desk.by_story("visa_dispute_second_round")
    desk.gather(first["id"], customer_email="ann@example.com", customer_ip="203.0.113.7")
    desk.submit(first["id"])
    desk.account.clock(advance=DECISION)
    assert desk.both_agree(first["id"])["status"] == "won"
    desk.account.clock(advance="P5D")
    payment = desk.account.call("GET", f"/v1/payments/{first['payment']}")
    (second,) = [one["id"] for one in payment["disputes"] if one["round"] == 2]
    desk.both_agree(second)
    assert desk.page(first["id"]).href("round 2") == f"/disputes/{second}"
    assert desk.page(second).href("the round before") == f"/disputes/{first['id']}"
    desk.accept(second)
    assert desk.both_agree(second)["status"] == "accepted"


def test_a_developer_plays_the_bank_and_finance_does_not(desk: Desk) -> None:
    dispute = desk.opened(desk.captured())
    at = f"/disputes/{dispute['id']}"
    assert "The cardholder withdraws the claim" not in desk.page(dispute["id"]).text
    form = {"csrf_token": desk.page(dispute["id"]).fields["csrf_token"], "action": "withdraw"}
    assert desk.visitor.post(f"{at}/moves", form).status_code == 403
    developer = Visitor(desk.stack, "developer")
    assert "The cardholder withdraws the claim" in developer.read(at).text
    assert "Won" in developer.send(at, f"{at}/moves", action="withdraw").text
    assert desk.both_agree(dispute["id"])["status"] == "won"
    refused = developer.send(at, f"{at}/moves", action="withdraw")
    assert "notice tone-bad" in refused.text


def test_several_disputes_of_one_payment_stand_apart(desk: Desk) -> None:
    one, two = desk.by_story("visa_dispute_twice", 2)
    assert one["amount"] + two["amount"] < 4999
    desk.accept(one["id"])
    desk.both_agree(one["id"])
    desk.both_agree(two["id"])
    assert desk.order_of(one)["disputed"] is True
    order_page = desk.visitor.read(f"/orders/{desk.order_of(one)['id']}")
    assert {f"/disputes/{one['id']}", f"/disputes/{two['id']}"} <= {link.href for link in order_page.links}
    desk.move(two["id"], "withdraw")
    assert desk.both_agree(two["id"])["status"] == "won"
    assert desk.order_of(two)["disputed"] is False


def test_a_partial_dispute_leaves_the_rest_refundable(desk: Desk) -> None:
    (dispute,) = desk.by_story("visa_dispute_partial")
    order = desk.order_of(dispute)
    free = 4999 - dispute["amount"]
    too_much = desk.service.call("POST", f"/orders/{order['id']}/refunds", {"amount": free + 1})
    assert (too_much.status_code, too_much.json()["code"]) == (409, "refund_blocked_by_dispute")
    assert desk.service.call("POST", f"/orders/{order['id']}/refunds", {"amount": free}).status_code == 201
    desk.both_agree(dispute["id"])
    desk.accept(dispute["id"])
    desk.both_agree(dispute["id"])
