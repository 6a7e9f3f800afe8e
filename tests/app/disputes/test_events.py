"""What the gateway tells of disputes: in whatever order and number it comes, late, or not at all; and lost answers."""

from __future__ import annotations

import itertools
import secrets

import pytest

from tests.app.disputes.desk import Desk
from tests.app.webhooks.test_receiver import Sender
from tests.clients import Json
from tests.stack import until


@pytest.fixture(scope="module")
def sender(desk: Desk) -> Sender:
    """Delivers events in the gateway's place."""
    return Sender(desk.stack)


def _events(desk: Desk, dispute_id: str) -> list[Json]:
    """Every event that the gateway wrote about the dispute, the oldest first."""
    found = desk.account.call("GET", "/v1/events?limit=100")["data"]
    return [one for one in reversed(found) if one["data"].get("id") == dispute_id]


def test_every_order_of_a_dispute_s_events_ends_alike(desk: Desk, sender: Sender) -> None:
    """The events of one dispute, told of six others in every order, each twice: the end is the same each time."""
    first = desk.opened(desk.captured(), "dispute_general")
    desk.account.call("POST", f"/v1/disputes/{first['id']}/submit", {})
    desk.move(first["id"], "win")
    opened, submitted, won = _events(desk, first["id"])
    for order_of_delivery in itertools.permutations((opened, submitted, won)):
        order = desk.captured()
        like = {"id": f"dp_{secrets.token_hex(13)}", "payment": desk.payment_of(order)["id"]}
        for event in order_of_delivery:
            for _ in range(2):
                told = event | {"id": f"evt_{secrets.token_hex(12)}", "data": event["data"] | like}
                assert sender.deliver(told) == 204
        row = desk.row(like["id"])
        assert (row["status"], row["version"], row["order_id"]) == ("won", 3, order["id"])
        assert desk.service.order(order)["disputed"] is False
        assert desk.notices(like["id"])[-1] == "dispute_closed"
        assert desk.notices(like["id"]).count("dispute_closed") == 1
    desk.both_agree(first["id"])


def test_a_dispute_of_which_no_event_came_is_found_out(desk: Desk) -> None:
    heard_of = desk.opened(desk.captured())["id"]
    for event_type in ("dispute.opened", "dispute.lost"):
        desk.account.fault({"type": "webhook_drop"}, event_type=event_type)
    opened = desk.opened_there(desk.captured())
    for expired in (heard_of, desk.opened_there(desk.captured())):
        desk.account.call("POST", f"/_sandbox/disputes/{expired}/next", {"action": "expire"})
        assert desk.both_agree(expired)["status"] == "expired"
    assert desk.both_agree(opened)["status"] == "needs_response"
    desk.account.no_faults()


def test_a_dispute_of_another_shop_s_payment_is_not_ours(desk: Desk, sender: Sender) -> None:
    token = desk.account.call(
        "POST", "/_sandbox/tokens", {"test_card": "visa_success", "amount": 700, "currency": "USD"}
    )
    body = {"token": token["id"], "amount": 700, "currency": "USD", "capture": True}
    payment = desk.account.call("POST", "/v1/payments", body)
    desk.account.call("POST", f"/_sandbox/payments/{payment['id']}/next", {"action": "dispute_general"})
    (short,) = desk.account.call("GET", f"/v1/payments/{payment['id']}")["disputes"]
    (opened,) = _events(desk, short["id"])
    assert sender.deliver(opened | {"id": f"evt_{secrets.token_hex(12)}"}) == 204
    assert desk.row(short["id"]) == {}
    assert desk.visitor.get(f"/disputes/{short['id']}").status_code == 404


@pytest.mark.parametrize("effect", ["drop_after", "drop_before"])
@pytest.mark.parametrize("response", ["submission", "acceptance"])
def test_a_lost_answer_is_unknown_until_it_is_known_and_nothing_is_sent_twice(
    desk: Desk, response: str, effect: str
) -> None:
    dispute = desk.opened(desk.captured(), "dispute_general")
    desk.gather(dispute["id"], explanation="The mug was handed over.")
    fault = desk.account.fault({"type": effect}, times=100, operation="dispute")
    form = {"submission": "submit", "acceptance": "accept"}[response]
    answer = desk.visitor.send(f"/disputes/{dispute['id']}/{form}", f"/disputes/{dispute['id']}/{response}")
    assert answer.status_code == 200
    assert "The outcome is unknown" in desk.page(dispute["id"]).text
    assert desk.finance.call("GET", f"/disputes/{dispute['id']}").json()["is_unknown"] is True
    refused = desk.finance.call("POST", f"/disputes/{dispute['id']}/accept", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "operation_in_progress")
    desk.account.call("DELETE", f"/_sandbox/faults/{fault['id']}")
    end = {"submission": "under_review", "acceptance": "accepted"}[response]
    until(
        lambda: (
            desk.row(dispute["id"])["status"] == end
            and not desk.finance.call("GET", f"/disputes/{dispute['id']}").json()["is_unknown"]
        ),
        what=f"the {response} to be known",
    )
    told = desk.both_agree(dispute["id"])
    changes = {"submission": 3, "acceptance": 2}[response]
    assert told["version"] == changes, "each change once"


def test_an_answer_that_comes_too_late_is_refused_and_the_truth_shown(desk: Desk) -> None:
    dropped = desk.account.fault({"type": "webhook_delay", "ms": 20_000}, event_type="dispute.lost")
    dispute = desk.opened(desk.captured())
    form = desk.visitor.read(f"/disputes/{dispute['id']}/submit").fields
    desk.account.call("POST", f"/_sandbox/disputes/{dispute['id']}/next", {"action": "expire"})
    answer = desk.visitor.post(f"/disputes/{dispute['id']}/submission", form)
    assert answer.status_code == 409
    assert desk.both_agree(dispute["id"])["status"] == "expired"
    desk.account.call("DELETE", f"/_sandbox/faults/{dropped['id']}")
