"""Every status is drawn: the code's tables and docs/states.md show the same lines."""

from __future__ import annotations

import re

import pytest

from app.orders.states import ORDER, OrderStatus
from app.payments.states import ORDER_STATUS, PAYMENT, REFUND, PaymentStatus, RefundStatus
from sandbox_gateway.payments.states import ACTIONS, MOVES, Status
from tests.building.files import ROOT

START = "[*]"

DRAWN = {
    "The order": {(a.value, b.value) for a, ends in ORDER.lines.items() for b in ends},
    "The payment in the app": {(a.value, b.value) for a, ends in PAYMENT.lines.items() for b in ends},
    "The refund": {(a.value, b.value) for a, ends in REFUND.lines.items() for b in ends},
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
    assert set(REFUND.lines) == set(RefundStatus)
    assert set(MOVES) - {None} == set(ACTIONS) == set(Status)
    assert set(ORDER_STATUS) == set(PaymentStatus)


def test_every_status_can_be_reached() -> None:
    for lines in DRAWN.values():
        starts = {a for a, _ in lines}
        first = {START, "awaiting_payment", "unknown", "pending"} & starts
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
    assert shown | {"unknown"} == {status.value for status in PaymentStatus}
