"""A client that a third party's generator makes of the document can do all that a merchant does."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.gateway.client import document_of
from tests.stack import Gateway

_CONFIG = {"post_hooks": [], "content_type_overrides": {"application/jsonl": "text/plain"}}
Call = Callable[..., Any]


@pytest.fixture
def generated(gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """`generated("payments", "create_payment", body={…}, payment_id=…)`: what the client's function returns, parsed."""
    (tmp_path / "openapi.json").write_text(json.dumps(document_of(gateway.url)))
    (tmp_path / "config.json").write_text(json.dumps(_CONFIG))
    made = subprocess.run(
        [
            str(Path(sys.executable).with_name("openapi-python-client")),
            "generate",
            "--path=openapi.json",
            "--config=config.json",
            "--meta=none",
            "--output-path=merchant_client",
            "--fail-on-warning",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    client = importlib.import_module("merchant_client").AuthenticatedClient(
        base_url=gateway.url, token=gateway.new_key(), raise_on_unexpected_status=True
    )
    models = importlib.import_module("merchant_client.models")

    def call(tag: str, operation: str, *ids: str, model: str = "", body: Any = None, **options: Any) -> Any:
        module = importlib.import_module(f"merchant_client.api.{tag}.{operation}")
        if model:
            options["body"] = getattr(models, model).from_dict(body or {})
        answer = module.sync_detailed(*ids, client=client, **options)
        assert answer.status_code < 300, answer.content
        assert answer.parsed is not None, operation
        return answer.parsed

    with client:
        yield call


def test_a_generated_client_lives_the_whole_life(generated: Call) -> None:
    generated("simulation", "change_settings", model="Settings", body={"hold_days": 5})
    changed = generated("simulation", "change_settings", model="Settings", body={"require_idempotency_keys": True})
    assert (changed.hold_days, changed.require_idempotency_keys) == (5, True)

    token = generated(
        "simulation",
        "create_test_token",
        model="TestTokenCreate",
        body={"test_card": "visa_challenge", "amount": 9000, "currency": "EUR"},
        idempotency_key="token",
    )
    payment = generated(
        "payments",
        "create_payment",
        model="PaymentCreate",
        body={"token": token.id, "amount": 9000, "currency": "EUR", "reference": "order-1"},
        idempotency_key="pay",
    )
    assert payment.status == "requires_action"
    decided = requests.post(payment.next_action.url, data={"decision": "approve"}, timeout=30)
    assert decided.status_code == 200
    payment = generated("payments", "get_payment", payment.id)
    assert (payment.status, payment.authentication.outcome) == ("authorized", "challenge_passed")

    captured = generated(
        "payments", "capture_payment", payment.id, model="CaptureCreate", body={"amount": 8000}, idempotency_key="take"
    )
    assert (captured.status, captured.amount_captured) == ("partially_captured", 8000)
    refund = generated(
        "refunds", "create_refund", payment.id, model="RefundCreate", body={"amount": 1500}, idempotency_key="back"
    )
    assert (refund.status, refund.payment) == ("succeeded", payment.id)

    moves = generated("simulation", "list_payment_moves", payment.id)
    action = next(move.action for move in moves.data if move.action.startswith("dispute_product_not_received"))
    generated("simulation", "move_payment", payment.id, model="MoveChosen", body={"action": action})
    [dispute] = generated("disputes", "list_disputes").data
    assert (dispute.status, dispute.amount) == ("needs_response", 6500)
    fields = {"shipping_tracking_number": "1Z999AA10123456784"}
    generated(
        "disputes",
        "add_dispute_evidence",
        dispute.id,
        model="EvidenceGiven",
        body={"fields": fields},
        idempotency_key="evidence",
    )
    submitted = generated("disputes", "submit_dispute", dispute.id, idempotency_key="submit")
    assert submitted.status == "under_review"
    won = generated("simulation", "move_dispute", dispute.id, model="MoveChosen", body={"action": "win"})
    assert won.status == "won"

    generated("simulation", "move_clock", model="ClockMove", body={"advance": "P1D"})
    [settlement] = generated("settlements", "list_settlements").data
    lines = generated("settlements", "list_settlement_lines", settlement.id).data
    assert {line.type_ for line in lines} >= {"capture", "refund", "dispute", "dispute_reversal"}
    assert sum(line.net for line in lines) == settlement.net
    generated("simulation", "move_clock", model="ClockMove", body={"advance": "P5D"})
    payouts = generated("settlements", "list_payouts").data
    assert sum(payout.amount for payout in payouts) == settlement.net
    assert "payout.paid" in {event.type_ for event in generated("events", "list_events", limit=100).data}
