"""What the gateway says of a payout and cannot be so is not believed: nothing is changed, and operators are told."""

from __future__ import annotations

import secrets

import pytest

from tests.app.screens.visitor import Visitor
from tests.app.settlements.shop import Shop
from tests.app.webhooks.test_receiver import Sender
from tests.clients import Json
from tests.stack import until


@pytest.fixture(scope="module")
def finance(shop: Shop) -> Visitor:
    """Somebody who is told of payouts; what was before their time is no news to them."""
    return Visitor(shop.stack, "finance")


@pytest.fixture(scope="module")
def paid(shop: Shop) -> Json:
    """A payout that has arrived, as the gateway tells of it."""
    shop.begin_day()
    shop.sell(9_900, "DKK")
    (settlement,) = [one for one in shop.end_day() if one["currency"] == "DKK"]
    shop.go_on("P4D")
    until(lambda: shop.paid_by(settlement["id"]), what="the payout to arrive", within=40)
    (ours,) = shop.rows("SELECT payout_id FROM settlements WHERE id = :id", id=settlement["id"])
    return shop.gateway.call("GET", f"/v1/payouts/{ours['payout_id']}")


def outcome_of(shop: Shop, told: Json) -> str:
    """What becomes of a signed event that tells this."""
    event = f"evt_{secrets.token_hex(8)}"
    body = {"id": event, "type": "payout.paid", "timestamp": told["created_at"], "data": told}
    assert Sender(shop.stack).deliver(body) == 204
    (row,) = shop.rows("SELECT outcome FROM webhook_events WHERE id = :id", id=event)
    return str(row["outcome"])


def books(shop: Shop) -> list[Json]:
    """All that a payout could change."""
    return [
        *shop.rows("SELECT id, version, status, paid_at FROM payouts ORDER BY id"),
        *shop.rows("SELECT id, status, payout_id FROM settlements ORDER BY id"),
        *shop.rows("SELECT count(*) AS postings FROM ledger_postings"),
    ]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("on_the_sea", "It says that the payout is 'on_the_sea', which we do not know."),
        ("x\x00" * 500, "which we do not know."),
        ("", "It says that the payout is '', which we do not know."),
        ("in_transit", "It says that the payout is in_transit; what is paid cannot become that."),
    ],
)
def test_a_status_that_cannot_be_changes_nothing_and_is_told_once(
    shop: Shop, finance: Visitor, paid: Json, status: str, reason: str
) -> None:
    told = paid | {"status": status, "version": 1000 + secrets.randbelow(1_000_000)}
    before = books(shop)
    assert {outcome_of(shop, told) for _ in range(3)} == {"not_believed"}
    assert books(shop) == before
    notices = shop.rows(
        "SELECT kind, title, detail FROM notices WHERE subject_id = :id AND occasion = :version",
        id=paid["id"],
        version=f"version {told['version']}",
    )
    assert [(one["kind"], reason in one["detail"]) for one in notices] == [("mismatch", True)]
    assert f"What the gateway says of the payout {paid['id']} is not believed" in finance.read("/notices").text


def test_a_payout_that_begins_so_is_not_begun(shop: Shop, paid: Json) -> None:
    told = paid | {"id": f"po_{secrets.token_hex(8)}", "status": "on_the_sea", "settlements": [], "version": 1}
    before = books(shop)
    assert outcome_of(shop, told) == "not_believed"
    assert books(shop) == before
    assert shop.rows("SELECT id FROM notices WHERE subject_id = :id", id=f"payout {told['id']}")
    assert outcome_of(shop, told | {"status": "paid", "version": 2, "currency": "NOK"}) == "applied"


def test_a_payout_of_no_settlement_is_the_desk_s_until_somebody_has_looked(
    shop: Shop, finance: Visitor, paid: Json
) -> None:
    told = paid | {"id": f"po_{secrets.token_hex(8)}", "settlements": [], "currency": "NOK", "amount": 500}
    assert outcome_of(shop, told) == "applied"
    (one,) = shop.rows("SELECT id, settlement_id, said_minor FROM breaks WHERE source_id = :id", id=told["id"])
    assert (one["settlement_id"], one["said_minor"]) == (None, 500)
    at = f"/breaks/{one['id']}"
    assert told["id"] in finance.get(f"/payouts/{told['id']}").text
    assert finance.send(at, f"{at}/resolution", way="claim", reason="Asked the gateway").status_code == 200
    assert shop.verify()["faults"] == {"balance": [], "chain": [], "agreement": []}
