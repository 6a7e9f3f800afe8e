"""Refunds beside disputes: neither gives the same money back twice; refunds that fail late; and their list."""

from __future__ import annotations

import csv
import io

from tests.app.disputes.desk import Desk
from tests.app.screens.visitor import Visitor
from tests.clients import Json
from tests.stack import until


def _refund(desk: Desk, order: Json, **body: object) -> Json:
    answer = desk.service.call("POST", f"/orders/{order['id']}/refunds", dict(body))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_refund_that_a_dispute_covers_is_refused_in_plain_words_at_both_doors(desk: Desk) -> None:
    order = desk.captured()
    dispute = desk.opened(order)
    dialog = desk.visitor.read(f"/orders/{order['id']}/refund")
    assert "Nothing can be refunded now" in dialog.text
    assert "has taken 49.99 USD back in a dispute" in dialog.text
    assert dialog.href("See the dispute") == f"/disputes/{dispute['id']}"
    refused = desk.service.call("POST", f"/orders/{order['id']}/refunds", {})
    told = refused.json()
    assert (refused.status_code, told["code"]) == (409, "refund_blocked_by_dispute")
    assert "has taken 49.99 USD back in a dispute" in told["detail"]
    assert told["allowed_actions"] == []


def test_where_the_gateway_knew_of_the_dispute_first_its_refusal_is_told_alike(desk: Desk) -> None:
    """F23, the race: the dispute is opened between what we know and what we ask."""
    late = desk.account.fault({"type": "webhook_delay", "ms": 5_000}, event_type="dispute.opened")
    order = desk.captured()
    payment = desk.payment_of(order)
    desk.account.call("POST", f"/_sandbox/payments/{payment['id']}/next", {"action": "dispute_partly"})
    refused = desk.service.call("POST", f"/orders/{order['id']}/refunds", {"amount": 4000})
    told = refused.json()
    assert (refused.status_code, told["code"]) == (409, "refund_blocked_by_dispute")
    assert "At most 25.00 USD can be refunded" in told["detail"]
    _refund(desk, order, amount=2500)
    desk.account.call("DELETE", f"/_sandbox/faults/{late['id']}")
    (short,) = desk.payment_of(order)["disputes"]
    desk.both_agree(short["id"])


def test_a_dispute_takes_only_what_a_pending_refund_leaves(desk: Desk) -> None:
    """F23: the refund is on its way when the dispute comes; both together never take more than was captured."""
    order = desk.captured("visa_refund_pending")
    _refund(desk, order, amount=1999)
    dispute = desk.opened(order, "dispute_general")
    assert dispute["amount"] == 3000
    desk.both_agree(dispute["id"])
    desk.accept(dispute["id"])
    desk.both_agree(dispute["id"])
    (payment,) = desk.order_of(dispute)["payments"]
    assert payment["amount_refunded"] + payment["amount_disputed_lost"] == 4999
    assert desk.service.order(order)["allowed_actions"] == []


def test_a_refund_that_fails_after_it_succeeded_gives_the_money_back_and_is_told(desk: Desk) -> None:
    """F24: order label and sums change back, operators and the screens are told, and it can be refunded anew."""
    order = desk.captured()
    (payment,) = _refund(desk, order)["payments"]
    (refund,) = payment["refunds"]
    assert desk.service.order(order)["status"] == "refunded"
    desk.account.call("POST", f"/_sandbox/refunds/{refund['id']}/next", {"action": "fail"})
    back = desk.service.order_when(order, "paid")
    assert (back["amount_refunded"], back["payments"][0]["refunds"][0]["status"]) == (0, "failed")
    assert desk.notices(refund["id"]) == ["refund_failed"]
    row = next(one for one in desk.visitor.read("/refunds?status=failed").row_texts() if order["reference"] in one)
    assert "Failed" in row
    assert _refund(desk, order)["status"] == "refunded"


def test_refunds_are_found_by_reason_and_customer_and_exported(desk: Desk) -> None:
    customer = {"email": "zoe@refunds.example", "name": "Zoe Back"}
    first, second = (desk.captured(customer=customer) for _ in range(2))
    _refund(desk, first, amount=100, reason="duplicate", note="=cmd()")
    _refund(desk, second, amount=200, reason="other")
    visitor = Visitor(desk.stack, "viewer")
    page = visitor.read(f"/refunds?q=reason:duplicate%20customer:{customer['email']}")
    (payment,) = desk.service.order(first)["payments"]
    assert page.href(first["reference"]) == f"/payments/{payment['id']}#{payment['refunds'][0]['id']}"
    assert second["reference"] not in page.text
    text = visitor.get(f"/refunds?customer={customer['email']}&format=csv").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["reference"], row["amount"], row["reason"]) for row in rows] == [
        (second["reference"], "2.00", "other"),
        (first["reference"], "1.00", "duplicate"),
    ]
    assert rows[1]["note"] == "'=cmd()"
    wrong = visitor.get("/refunds?reason=bored")
    assert wrong.status_code == 422
    assert "Choose one of: requested_by_customer" in wrong.text
    unknown = visitor.get("/orders?q=reason:duplicate")
    assert "This list cannot be asked for reason:" in unknown.text


def test_the_queue_shows_the_most_pressing_first(desk: Desk) -> None:
    customer = {"email": "queue@disputes.example", "name": "Quentin Queue"}
    early = desk.opened(desk.captured(customer=customer))
    desk.account.clock(advance="P1D")
    late, done = (desk.opened(desk.captured(customer=customer)) for _ in range(2))
    sent = desk.opened(desk.captured(customer=customer))
    desk.submit(sent["id"])
    desk.accept(done["id"])
    for one in (early, late, done, sent):
        desk.caught_up(one["id"])
    at = f"/disputes?customer={customer['email']}"
    page = desk.visitor.read(at)
    shown = [link.href.rpartition("/")[2] for link in page.links if link.href.startswith("/disputes/dp_")]
    assert shown == [early["id"], late["id"], sent["id"], done["id"]]
    only = desk.visitor.read(f"{at}&status=lost&status=accepted")
    assert [link.href for link in only.links if link.href.startswith("/disputes/dp_")] == [f"/disputes/{done['id']}"]
    rows = list(csv.DictReader(io.StringIO(desk.visitor.get(f"{at}&format=csv").text)))
    assert [row["id"] for row in rows] == shown
    assert desk.visitor.get(f"/disputes?q={late['id']}").url.endswith(f"/disputes/{late['id']}")
    todo = until(lambda: desk.visitor.read("/todo").href("Disputes to answer") or page.text, what="the navigation")
    assert todo


def test_the_api_lists_gathers_and_answers(desk: Desk) -> None:
    order = desk.captured()
    dispute = desk.opened(order)
    path = f"/disputes/{dispute['id']}"
    listed = desk.finance.call("GET", "/disputes?status=needs_response&limit=100").json()["data"]
    mine = next(one for one in listed if one["id"] == dispute["id"])
    assert mine == desk.finance.call("GET", path).json()
    assert (mine["order"], mine["amount"], mine["allowed_actions"]) == (order["id"], 4999, ["submit", "accept"])
    fields = {"shipping_date": "2025-11-20", "shipping_tracking_number": "1Z999AA10123456784"}
    saved = desk.finance.call("POST", f"{path}/evidence", {"fields": fields}).json()
    assert (saved["evidence"]["fields"], saved["evidence"]["missing"]) == (fields, [])
    wrong = desk.finance.call("POST", f"{path}/evidence", {"fields": {"proof": "me"}})
    assert (wrong.status_code, wrong.json()["param"]) == (422, "/fields/proof")
    key = {"Idempotency-Key": f"submit-{dispute['id']}"}
    first, again = (desk.finance.call("POST", f"{path}/submit", {}, **key) for _ in range(2))
    assert (first.status_code, first.json()["status"]) == (200, "under_review")
    assert again.text == first.text
    late = desk.finance.call("POST", f"{path}/accept", {})
    assert (late.status_code, late.json()["code"]) == (409, "invalid_transition")
    desk.move(dispute["id"], "win")
    assert desk.both_agree(dispute["id"])["version"] == 4
