"""Every status is drawn: the code's tables and docs/states.md show the same lines."""

from __future__ import annotations

import re

import pytest

from app.approvals.models import APPROVAL, ApprovalStatus
from app.disputes.states import DISPUTE, DisputeStatus
from app.orders.states import ORDER, OrderStatus
from app.payments.states import ORDER_STATUS, PAYMENT, REFUND, PaymentStatus, RefundStatus
from app.reports.states import MADE, MadeStatus
from app.settlements.states import (
    BREAK,
    MERCHANT_PAYOUT,
    PAYOUT,
    SETTLEMENT,
    BreakStatus,
    MerchantPayoutStatus,
    PayoutStatus,
    SettlementStatus,
)
from sandbox_gateway.disputes.states import Status as AtTheGateway
from sandbox_gateway.payments.states import ACTIONS, MOVES, Status
from tests.building.files import ROOT

START = "[*]"

FIRST = frozenset(
    {START, "awaiting_payment", "unknown", "pending", "needs_response", "asked", "waiting", "proposed", "open"}
)
"""Where something begins."""

DRAWN = {
    "The order": {(a.value, b.value) for a, ends in ORDER.lines.items() for b in ends},
    "The payment in the app": {(a.value, b.value) for a, ends in PAYMENT.lines.items() for b in ends},
    "The dispute in the app": {(a.value, b.value) for a, ends in DISPUTE.lines.items() for b in ends},
    "The approval": {(a.value, b.value) for a, ends in APPROVAL.lines.items() for b in ends},
    "The refund": {(a.value, b.value) for a, ends in REFUND.lines.items() for b in ends},
    "The settlement": {(a.value, b.value) for a, ends in SETTLEMENT.lines.items() for b in ends},
    "The payout": {(a.value, b.value) for a, ends in PAYOUT.lines.items() for b in ends},
    "The payout to a merchant": {(a.value, b.value) for a, ends in MERCHANT_PAYOUT.lines.items() for b in ends},
    "The break": {(a.value, b.value) for a, ends in BREAK.lines.items() for b in ends},
    "The report made in the background": {(a.value, b.value) for a, ends in MADE.lines.items() for b in ends},
    "The payment at the gateway": {
        (START if a is None else a.value, b.value) for a, ends in MOVES.items() for b in ends
    },
}


def lines_in_the_page(title: str) -> set[tuple[str, str]]:
    page = (ROOT / "docs" / "states.md").read_text(encoding="utf-8")
    section = page.partition(f"## {title}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^ +(\S+) --> (\S+)$", section, re.MULTILINE))


@pytest.mark.parametrize("title", DRAWN)
def test_the_page_draws_the_lines_of_the_code(title: str) -> None:
    drawn, coded = lines_in_the_page(title), DRAWN[title]
    assert drawn == coded, f"only in docs/states.md: {sorted(drawn - coded)}; only in the code: {sorted(coded - drawn)}"


def test_no_status_is_left_out_of_its_drawing() -> None:
    assert set(ORDER.lines) == set(OrderStatus)
    assert set(PAYMENT.lines) == set(PaymentStatus)
    assert set(APPROVAL.lines) == set(ApprovalStatus)
    assert set(REFUND.lines) == set(RefundStatus)
    assert set(DISPUTE.lines) == set(DisputeStatus)
    assert set(SETTLEMENT.lines) == set(SettlementStatus)
    assert set(PAYOUT.lines) == set(PayoutStatus)
    assert set(MERCHANT_PAYOUT.lines) == set(MerchantPayoutStatus)
    assert set(BREAK.lines) == set(BreakStatus)
    assert set(MADE.lines) == set(MadeStatus)
    assert set(MOVES) - {None} == set(ACTIONS) == set(Status)
    assert set(ORDER_STATUS) == set(PaymentStatus)


def test_every_status_can_be_reached() -> None:
    for lines in DRAWN.values():
        starts = {a for a, _ in lines}
        first = {
            START,
            "awaiting_payment",
            "unknown",
            "pending",
            "needs_response",
            "asked",
            "waiting",
            "proposed",
            "open",
        } & starts
        seen: set[str] = set()
        ahead = list(first)
        while ahead:
            status = ahead.pop()
            if status not in seen:
                seen.add(status)
                ahead.extend(b for a, b in lines if a == status)
        assert seen >= starts | {b for _, b in lines}


def test_the_app_knows_every_status_that_the_gateway_shows() -> None:
    shown = {status.value for status in Status} | {"partially_refunded", "refunded"}
    assert shown | {"unknown", "blocked"} == {status.value for status in PaymentStatus}
    assert {status.value for status in AtTheGateway} == {status.value for status in DisputeStatus}
