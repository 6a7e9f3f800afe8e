"""One request's entry while the request is under way."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox_gateway import times
from sandbox_gateway.problems import Problem
from sandbox_gateway.request_log.masking import mask_body, mask_text

Verdict = Literal["first", "replayed", "other_body", "concurrent", "expired", "no_key", "money_moved_twice"]
ClientSaw = Literal["answer", "late_answer", "injected_error", "malformed_answer", "part_of_answer", "nothing"]

_OF_PROBLEMS: dict[str, Verdict] = {
    "idempotency_key_reused": "other_body",
    "idempotency_in_progress": "concurrent",
    "idempotency_key_missing": "no_key",
}

_MOST_REFERENCE = 255


@dataclass(slots=True)
class Draft:
    """What is known of a request so far. `row` is there once the entry was written with the request's own work."""

    account_id: int
    request_id: str
    method: str
    path: str
    operation: str | None
    received_us: int = field(default_factory=times.wall_us)
    started: float = field(default_factory=time.perf_counter)
    duration_us: int | None = None
    at_us: int | None = None
    key: str | None = None
    verdict: Verdict | None = None
    reference: str | None = None
    payment_id: str | None = None
    true_status: int | None = None
    status: int | None = None
    error_code: str | None = None
    client_saw: ClientSaw = "answer"
    fault_id: str | None = None
    request_body: str | None = None
    response_body: str | None = None
    row: int | None = None

    def asks(self, path: Mapping[str, str], body: Mapping[str, Any]) -> None:
        """The body was read."""
        self.request_body = mask_body(body)
        self.payment_id = path.get("payment_id")
        reference = body.get("reference")
        self.reference = mask_text(reference)[:_MOST_REFERENCE] if isinstance(reference, str) else None

    def comes_under(self, key: str | None) -> None:
        """The idempotency key was read."""
        if key is None:
            self.verdict = "no_key"
        else:
            self.key = mask_text(key)

    def gets(self, status: int, body: str | None) -> None:
        """The true answer is there, whatever the wire will make of it."""
        self.true_status = status
        self.response_body = None if body is None else mask_text(body)

    def gets_problem(self, problem: Problem) -> None:
        """A refusal is the true answer."""
        self.gets(problem.status, problem.body(self.request_id))
        self.error_code = problem.code
        self.verdict = _OF_PROBLEMS.get(problem.code, self.verdict)

    def meets(self, problem: Problem) -> None:
        """A problem goes out: the true answer, unless a fault rule put it in that one's place."""
        if "fault" in problem.extra:
            self.error_code = problem.code
        elif self.true_status is None:
            self.gets_problem(problem)

    def gets_nothing(self) -> None:
        """What was done is undone."""
        self.true_status = self.response_body = self.row = None

    def is_about(self, shown: Mapping[str, Any]) -> None:
        """Take payment and reference from the answer, where the request named none."""
        if self.payment_id is None:
            found = shown.get("payment", shown.get("id"))
            self.payment_id = found if isinstance(found, str) and found.startswith("pay_") else None
        if self.reference is None and isinstance(shown.get("reference"), str):
            self.reference = mask_text(shown["reference"])

    def is_replayed(self, body: str | None) -> None:
        """The answer was given before under the same key."""
        self.verdict = "replayed"
        self.is_about(json.loads(body) if body else {})

    def leaves(self, status: int) -> None:
        """The answer goes to the wire."""
        self.duration_us = int((time.perf_counter() - self.started) * 1_000_000)
        self.status = None if self.client_saw == "nothing" else status

    def columns(self) -> dict[str, Any]:
        """The entry as a row of the table."""
        return {
            "account_id": self.account_id,
            "request_id": self.request_id,
            "at_us": self.at_us,
            "received_us": self.received_us,
            "method": self.method,
            "path": self.path,
            "operation": self.operation,
            "key": self.key,
            "verdict": self.verdict,
            "reference": self.reference,
            "payment_id": self.payment_id,
            "status": self.status,
            "true_status": self.true_status,
            "error_code": self.error_code,
            "client_saw": self.client_saw,
            "fault_id": self.fault_id,
            "duration_us": self.duration_us,
            "request_body": self.request_body,
            "response_body": self.response_body,
        }
