"""A dispute desk under test: orders whose cards dispute, what the gateway says of them, and who answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from tests.app.screens.visitor import Read, Visitor
from tests.clients import GatewayAccount, Json, OrderService
from tests.database import engine_of
from tests.stack import Stack, until

HOUR = "PT1H1M"
Evidence = dict[str, str]


@dataclass
class Desk:
    """The stack, and everybody who stands around it."""

    stack: Stack
    service: OrderService = field(init=False)
    finance: OrderService = field(init=False)
    account: GatewayAccount = field(init=False)
    visitor: Visitor = field(init=False)

    def __post_init__(self) -> None:
        self.service = OrderService(self.stack)
        self.finance = OrderService(self.stack, "finance")
        self.account = GatewayAccount(self.stack)
        self.visitor = Visitor(self.stack, "finance")

    def captured(self, card: str = "visa_success", amount: int = 4999, **more: Any) -> Json:
        """A captured order."""
        order = self.service.place(amount, **{"items": [{"name": "Mug", "quantity": 1, "unit_amount": amount}], **more})
        self.service.pay(order, card, capture=True)
        return order

    def payment_of(self, order: Json) -> Json:
        """The gateway's payment."""
        (payment,) = self.account.payments(order)
        return payment

    def opened(self, order: Json, action: str = "dispute_product_not_received") -> Json:
        """A dispute of this order that a tester opens; as the gateway has it, once the app knows."""
        return self.caught_up(self.opened_there(order, action))

    def opened_there(self, order: Json, action: str = "dispute_product_not_received") -> str:
        """The id of a dispute of this order that a tester opens at the gateway, whether or not the app knows."""
        payment = self.payment_of(order)
        known = {one["id"] for one in payment["disputes"]}
        self.account.call("POST", f"/_sandbox/payments/{payment['id']}/next", {"action": action})
        (new,) = [one["id"] for one in self.payment_of(order)["disputes"] if one["id"] not in known]
        return str(new)

    def by_story(self, card: str, number: int = 1) -> list[Json]:
        """The disputes that a card's cardholder opens an hour after the capture, once the app knows them."""
        order = self.captured(card)
        self.account.clock(advance=HOUR)
        found = self.payment_of(order)["disputes"]
        assert len(found) == number
        return [self.caught_up(one["id"]) for one in found]

    def told(self, dispute_id: str) -> Json:
        """The dispute as the gateway has it."""
        return self.account.call("GET", f"/v1/disputes/{dispute_id}")

    def row(self, dispute_id: str) -> Json:
        """The dispute as the app has it, out of its database; empty while it knows none."""
        with engine_of(self.stack.database_url).connect() as connection:
            found = connection.execute(text("SELECT * FROM disputes WHERE id = :id"), {"id": dispute_id}).mappings()
            return dict(next(iter(found), {}))

    def caught_up(self, dispute_id: str) -> Json:
        """The gateway's word, once the app's is as new."""
        told = self.told(dispute_id)
        until(
            lambda: self.row(dispute_id).get("version", 0) >= told["version"],
            what=f"version {told['version']} of {dispute_id}",
        )
        return told

    def move(self, dispute_id: str, action: str) -> Json:
        """Have the outside world do something to the dispute; the gateway's word, once the app knows."""
        self.account.call("POST", f"/_sandbox/disputes/{dispute_id}/next", {"action": action})
        return self.caught_up(dispute_id)

    def page(self, dispute_id: str) -> Read:
        """The dispute's page."""
        return self.visitor.read(f"/disputes/{dispute_id}")

    def gather(self, dispute_id: str, **texts: str) -> None:
        """Save evidence through the form."""
        at = f"/disputes/{dispute_id}/evidence"
        answer = self.visitor.send(at, at, **texts)
        assert answer.status_code == 200, answer.text

    def submit(self, dispute_id: str) -> Json:
        """Submit through the dialog; the gateway's word."""
        answer = self.visitor.send(f"/disputes/{dispute_id}/submit", f"/disputes/{dispute_id}/submission")
        assert answer.status_code == 200, answer.text
        return self.told(dispute_id)

    def accept(self, dispute_id: str) -> Json:
        """Accept through the dialog; the gateway's word."""
        answer = self.visitor.send(f"/disputes/{dispute_id}/accept", f"/disputes/{dispute_id}/acceptance")
        assert answer.status_code == 200, answer.text
        return self.told(dispute_id)

    def order_of(self, dispute: Json) -> Json:
        """The order as the API tells it."""
        return self.service.order({"id": self.row(dispute["id"])["order_id"]})

    def both_agree(self, dispute_id: str) -> Json:
        """Assert that app and gateway say the same of the dispute and of the money; the dispute."""
        told, row = self.caught_up(dispute_id), self.row(dispute_id)
        for name, column in (("status", "status"), ("kind", "kind"), ("amount", "amount_minor"), ("fee", "fee_minor")):
            assert row[column] == told[name], name
        (payment,) = [one for one in self.order_of(told)["payments"] if one["gateway_id"] == told["payment"]]
        theirs = self.account.call("GET", f"/v1/payments/{told['payment']}")
        names = ("status", "amount_captured", "amount_refunded", "amount_refundable", "amount_disputed")
        assert {name: payment[name] for name in names} == {name: theirs[name] for name in names}
        is_open = any(one["status"] in ("needs_response", "under_review") for one in theirs["disputes"])
        assert self.order_of(told)["disputed"] == is_open
        return told

    def until_notices(self, dispute_id: str, kinds: list[str]) -> None:
        """Wait until these notices about it were written."""
        until(lambda: self.notices(dispute_id) == kinds, what=f"the notices {kinds}")

    def notices(self, dispute_id: str) -> list[str]:
        """The kinds of notices about it, in order."""
        wanted = text("SELECT kind FROM notices WHERE subject_id = :id ORDER BY id")
        with engine_of(self.stack.database_url).connect() as connection:
            return list(connection.execute(wanted, {"id": dispute_id}).scalars())
