"""A shop whose days end when the tests say so: an order service, the gateway's account, and a look into our rows."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, text

from tests.clients import GatewayAccount, Json, OrderService
from tests.stack import Stack, until


class Shop:
    """An order service, the gateway's account, and a look into the app's own rows."""

    def __init__(self, stack: Stack, database: Engine) -> None:
        self.stack, self.database = stack, database
        self.service, self.gateway = OrderService(stack), GatewayAccount(stack)
        self.gateway.clock(mode="frozen")
        frozen = "SELECT frozen_at FROM clock_readings WHERE frozen_at IS NOT NULL"
        until(lambda: self.rows(frozen), what="the app to have read that the clock stands still")

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.database.connect() as connection:
            return list(connection.execute(text(statement), values).mappings())

    def sell(self, amount: int, currency: str = "USD", card: str = "visa_success", **more: Any) -> Json:
        order = self.service.place(amount, currency, **more)
        self.service.pay(order, card, capture=True)
        return self.service.order_when(order, "paid")

    def refund(self, order: Json, amount: int) -> Json:
        answer = self.service.call("POST", f"/orders/{order['id']}/refunds", {"amount": amount})
        assert answer.status_code == 201, answer.text
        return self.service.order_when(order, "partially_refunded", "refunded")

    def go_on(self, duration: str) -> None:
        """Move the account's clock, and wait until the app has read it."""
        read = "SELECT frozen_at FROM clock_readings"
        before = self.rows(read)
        self.gateway.clock(advance=duration)
        until(lambda: self.rows(read) != before, what="the app to have read the moved clock")

    def begin_day(self) -> None:
        """Go to the next morning: the hours that a test takes then lead over no midnight."""
        now = datetime.fromisoformat(self.gateway.clock()["now"])
        morning = (now + timedelta(days=1)).replace(hour=6, minute=0, second=0, microsecond=0)
        self.go_on(f"PT{int((morning - now).total_seconds())}S")

    def end_day(self) -> list[Json]:
        """Go to the next day, with what was sold booked and matched; the settlements that it brought."""
        before = {one["id"] for one in self._closed()}
        self.go_on("P1D")
        new = [one for one in self._closed() if one["id"] not in before]

        def booked() -> bool:
            rows = self.rows("SELECT id, status FROM settlements")
            known = {row["id"] for row in rows if row["status"] != "waiting"}
            return {one["id"] for one in new} <= known

        until(booked, what="the day's settlements to be booked", within=40)
        return new

    def _closed(self) -> list[Json]:
        return list(self.gateway.call("GET", "/v1/settlements?limit=100")["data"])

    def paid_by(self, settlement_id: str) -> int:
        """The payout that paid this settlement, once it has arrived; 0 until then."""
        rows = self.rows(
            "SELECT p.amount_minor AS amount FROM payouts p JOIN settlements s ON s.payout_id = p.id"
            " WHERE p.status = 'paid' AND s.id = :id",
            id=settlement_id,
        )
        return int(rows[0]["amount"]) if rows else 0

    def plant(self, kind: str) -> None:
        self.gateway.call("POST", "/_sandbox/plants", {"kind": kind})

    def verify(self) -> Json:
        """The books, proven."""
        return dict(json.loads(self.stack.cli_here("ledger", "verify", "--json")))

    def balances(self) -> dict[str, dict[str, int]]:
        """By currency and account, debits less credits, of all owners together."""
        found: dict[str, dict[str, int]] = {}
        for one in self.rows(
            "SELECT code, a.currency AS currency, SUM(amount_minor) AS amount FROM ledger_postings p"
            " JOIN ledger_accounts a ON a.id = p.account_id GROUP BY code, a.currency"
        ):
            found.setdefault(one["currency"], {})[one["code"]] = int(one["amount"])
        return found

    def agrees(self) -> bool:
        """Whether what the gateway holds for us is what the books say, in each currency and part."""
        ours = self.balances()
        parts = {
            "pending": "psp_pending",
            "available": "psp_available",
            "in_transit": "in_transit",
            "reserved": "psp_reserve",
        }
        return all(
            one[part] == ours.get(one["currency"], {}).get(code, 0)
            for one in self.gateway.call("GET", "/v1/balance")["data"]
            for part, code in parts.items()
        )
