"""What nothing could settle goes to a person, with all that is known on one page; each choice and its guards."""

from __future__ import annotations

import pytest

from tests.app.payments.desk import Desk
from tests.app.screens.visitor import Read, Visitor
from tests.clients import Json, both_agree

LOST: Json = {"type": "drop_before"}
"""Nothing is done, and nobody hears of that."""
Undecided = dict[str, Json]


@pytest.fixture(scope="module")
def undecided(desk: Desk) -> Undecided:
    """An order for each test, whose last request never reached the gateway, a day later."""
    made: Undecided = {}
    names = ("untouched", "not done", "done after all", "found", "another's", "not asked", "capture")
    for name in names:
        made[name] = desk.held() if name == "capture" else desk.service.place()
        if name == "another's":
            assert desk.service.pay(made[name], "visa_lost_card")["status"] == "declined"
        operation = "capture" if name == "capture" else "payment"
        desk.account.fault(LOST, operation=operation, reference=made[name]["reference"])
        doing, body = ("captures", {}) if name == "capture" else ("payments", {"test_card": "visa_success"})
        assert desk.act(made[name], doing, **body).ok
        assert desk.attempt(made[name])["status"] == "unknown"
    desk.account.clock(advance="PT25H")
    for order in made.values():
        desk.says(desk.attempt_page(order), "A person decides", within=60)
    desk.mend()
    return made


def test_what_the_gateway_may_have_forgotten_is_never_repeated_and_operators_are_told(
    desk: Desk, undecided: Undecided
) -> None:
    """After a day the gateway does not know the key any more: the same request would be a second act."""
    for name in ("untouched", "not asked"):
        assert desk.account.payments(undecided[name]) == []
    order = undecided["untouched"]
    assert order["reference"] in desk.visitor.read("/notices?kind=unknown_outcome").text
    assert "For a person to decide" in desk.visitor.read("/").text
    assert order["reference"] in desk.visitor.read("/overview/needs/decision").text
    shown = desk.visitor.read(f"/orders/{order['id']}")
    assert shown.href("Decide what happened") == desk.attempt_page(order)
    known = desk.visitor.read(desk.attempt_page(order)).text
    assert "Nothing. That proves nothing while the request may still be on its way." in known
    assert "POST /v1/payments" in known
    assert f"reference={order['reference']}" in known
    assert desk.attempt(order)["idempotency_key"] in known


def test_asking_again_changes_nothing_while_nothing_is_known(desk: Desk, undecided: Undecided) -> None:
    at = desk.attempt_page(undecided["untouched"])
    asked = desk.visitor.send(at, f"{at}/asks")
    assert "Asked again: still nothing settles it." in Read(asked.text).text
    assert desk.account.payments(undecided["untouched"]) == []


def test_what_did_not_happen_is_closed_as_failed_and_the_order_may_be_paid_again(
    desk: Desk, undecided: Undecided
) -> None:
    order = undecided["not done"]
    at = f"{desk.attempt_page(order)}/denial"
    assert "Write why." in desk.decide(at).text
    assert "is closed as not done." in desk.decide(at, reason="The customer's bank knows of nothing").text
    failed = desk.service.order_when(order, "payment_failed")
    assert "The customer's bank knows of nothing" in failed["payments"][0]["failure"]
    assert failed["allowed_actions"] == ["pay", "cancel"]
    assert desk.service.pay(order, capture=True)["status"] == "captured"
    (told,) = desk.account.payments(order)
    assert (told["amount_captured"], desk.service.order(order)["amount_captured"]) == (1999, 1999)


def test_what_turns_out_to_have_happened_after_all_holds_the_order_until_it_is_believed(
    desk: Desk, undecided: Undecided
) -> None:
    order = undecided["done after all"]
    desk.decide(f"{desk.attempt_page(order)}/denial", reason="Nobody knows of it")
    desk.service.order_when(order, "payment_failed")
    desk.made_there(order)
    held = desk.service.order_when(order, "payment_unknown")
    assert "no path leads there" in held["payments"][0]["discrepancy"]
    refused = desk.act(order, "payments", test_card="visa_success")
    assert (refused.status_code, refused.json()["code"]) == (409, "invalid_transition")
    desk.decide(
        f"/payments/{held['payments'][0]['id']}/mismatch", decision="believe", reason="It came late, and it is ours"
    )
    both_agree(desk.service.order_when(order, "authorized"), desk.account.payments(order))
    assert desk.act(order, "captures").json()["status"] == "paid"
    both_agree(desk.service.order(order), desk.account.payments(order))


def test_what_the_gateway_knows_cannot_be_denied_and_its_word_can_be_taken(desk: Desk, undecided: Undecided) -> None:
    order = undecided["found"]
    with desk.fault({"type": "webhook_drop"}):
        made = desk.made_there(order)
        at = desk.attempt_page(order)
        assert f"The gateway has it: {made['id']} is authorized." in desk.decide(f"{at}/denial", reason="No").text
        assert desk.attempt(order)["closed_at"] is None
        taken = desk.decide(f"{at}/word", reason="Found under the reference")
    assert "The gateway's word was taken: the payment is authorized." in taken.text
    both_agree(desk.service.order_when(order, "authorized"), desk.account.payments(order))
    assert "Found under the reference" in desk.visitor.read(at).text


def test_the_word_on_another_payment_is_not_taken(desk: Desk, undecided: Undecided) -> None:
    order = undecided["another's"]
    (other,) = desk.account.payments(order)
    at = f"{desk.attempt_page(order)}/word"
    assert "That cannot be this payment." in desk.decide(at, gateway_id=other["id"], reason="Perhaps this one").text
    assert "Not a valid choice." in desk.decide(at, gateway_id="pay_made_up", reason="Or this one").text
    assert desk.attempt(order)["closed_at"] is None


def test_a_capture_that_does_not_show_counts_as_not_done(desk: Desk, undecided: Undecided) -> None:
    order = undecided["capture"]
    desk.decide(f"{desk.attempt_page(order)}/word", reason="Nothing was captured there")
    held = desk.service.order_when(order, "authorized")
    assert held["payments"][0]["attempts"][-1]["refusal"]["code"] == "not_done"
    both_agree(held, desk.account.payments(order))
    assert desk.act(order, "captures").json()["status"] == "paid"
    both_agree(desk.service.order(order), desk.account.payments(order))


def test_while_the_gateway_cannot_be_asked_only_somebody_who_is_sure_denies(desk: Desk, undecided: Undecided) -> None:
    order = undecided["not asked"]
    at = f"{desk.attempt_page(order)}/denial"
    with desk.fault(LOST, operation="list"):
        refused = desk.decide(at, reason="The bank said so on the telephone").text
        assert "The gateway could not be asked" in refused
        assert "The bank said so on the telephone" in refused
        assert desk.attempt(order)["closed_at"] is None
        desk.decide(at, reason="The bank said so on the telephone", is_sure="y")
    assert desk.service.order_when(order, "payment_failed")["payments"][0]["status"] == "failed"
    assert desk.account.payments(order) == []


@pytest.mark.parametrize("role", ["viewer", "operator", "developer"])
def test_deciding_takes_somebody_who_reconciles(desk: Desk, undecided: Undecided, role: str) -> None:
    visitor, at = Visitor(desk.stack, role), desk.attempt_page(undecided["untouched"])
    page = visitor.read(at)
    assert "deciding takes somebody who reconciles" in page.text
    assert page.href("It did not happen") is None
    token = {"csrf_token": page.fields["csrf_token"], "reason": "No"}
    for decision in ("denial", "word"):
        assert visitor.get(f"{at}/{decision}").status_code == 403
        assert visitor.post(f"{at}/{decision}", token).status_code == 403


@pytest.mark.parametrize("decision", ["denial", "word"])
def test_nobody_decides_before_its_time(desk: Desk, decision: str) -> None:
    order = desk.service.place()
    listed = desk.made_elsewhere(order)
    with desk.fault(LOST, operation="payment", reference=order["reference"]):
        desk.service.pay(order)
        refused = desk.decide(f"{desk.attempt_page(order)}/{decision}", reason="Now", gateway_id=listed["id"])
        assert "It is still being asked again by itself." in refused.text
        assert desk.attempt(order)["closed_at"] is None
