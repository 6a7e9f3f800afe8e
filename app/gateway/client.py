"""The typed client: time-outs, retries under the same key, and answers that are believed only when they parse."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import quote

import requests
import structlog
import urllib3
from pydantic import TypeAdapter, ValidationError
from requests.adapters import HTTPAdapter

from app.clock import wall_now
from app.errors import GatewayRefused, GatewayUnavailable
from app.gateway.calls import Call, note
from app.gateway.wire import GatewayClock, GatewayFault, GatewayPayment, GatewayRefund, GatewayToken, TestCard

log = structlog.get_logger("gateway")

T = TypeVar("T")
MAX_ANSWER_BYTES = 4 * 1024 * 1024
CONNECT_SECONDS = 2.0
_BACKOFF_SECONDS = 0.2
_QUICK_SECONDS = 1.0


@dataclass(frozen=True)
class _Answer:
    status: int
    body: Any
    retry_after: float | None
    request_id: str | None


class _NoAnswer(Exception):
    """This try brought nothing that can be believed; another may."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


def _retry_after(header: str | None) -> float | None:
    if not header:
        return None
    if header.isdigit():
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


class GatewayClient:
    """One gateway account. Thread-safe: a session of `requests` per thread.

    `timeout_seconds` bounds a whole call, tries and pauses included. Raises GatewayRefused where the gateway says
    that the request was wrong, GatewayUnavailable where nothing that can be believed came back.
    """

    def __init__(self, url: str, secret_key: str, *, timeout_seconds: float = 10.0, tries: int = 3) -> None:
        self.url = url.rstrip("/")
        self.timeout_seconds = timeout_seconds
        self.tries = tries
        self._secret_key = secret_key
        self._local = threading.local()

    # -- money ---------------------------------------------------------------------------------------------------

    def create_payment(self, body: dict[str, Any], key: str) -> GatewayPayment:
        return self._ask("POST", "/v1/payments", GatewayPayment, body=body, key=key)

    def capture(self, payment_id: str, body: dict[str, Any], key: str) -> GatewayPayment:
        return self._ask("POST", f"/v1/payments/{payment_id}/capture", GatewayPayment, body=body, key=key)

    def void(self, payment_id: str, body: dict[str, Any], key: str) -> GatewayPayment:
        return self._ask("POST", f"/v1/payments/{payment_id}/void", GatewayPayment, body=body, key=key)

    def refund(self, payment_id: str, body: dict[str, Any], key: str) -> GatewayRefund:
        return self._ask("POST", f"/v1/payments/{payment_id}/refunds", GatewayRefund, body=body, key=key)

    def get_payment(self, payment_id: str) -> GatewayPayment:
        return self._ask("GET", f"/v1/payments/{payment_id}", GatewayPayment)

    def get_token(self, token_id: str) -> GatewayToken:
        # a caller's text: it must not become another path of the gateway's
        return self._ask("GET", f"/v1/tokens/{quote(token_id, safe='')}", GatewayToken)

    # -- the account ---------------------------------------------------------------------------------------------

    def get_account(self) -> dict[str, Any]:
        return self._ask("GET", "/v1/account", dict[str, Any])

    def get_endpoint(self, endpoint_id: str) -> dict[str, Any]:
        return self._ask("GET", f"/v1/webhook_endpoints/{endpoint_id}", dict[str, Any])

    def create_endpoint(self, url: str, key: str) -> dict[str, Any]:
        body = {"url": url, "events": ["*"]}
        return self._ask("POST", "/v1/webhook_endpoints", dict[str, Any], body=body, key=key)

    def move_endpoint(self, endpoint_id: str, url: str) -> dict[str, Any]:
        body = {"url": url, "enabled": True}
        return self._ask("PATCH", f"/v1/webhook_endpoints/{endpoint_id}", dict[str, Any], body=body)

    # -- the sandbox ---------------------------------------------------------------------------------------------

    def create_test_token(self, test_card: str, amount_minor: int, currency: str, key: str) -> GatewayToken:
        body = {"test_card": test_card, "amount": amount_minor, "currency": currency}
        return self._ask("POST", "/_sandbox/tokens", GatewayToken, body=body, key=key)

    def test_cards(self) -> list[TestCard]:
        listing = self._ask("GET", "/_sandbox/cards", dict[str, list[TestCard]])
        return listing["data"]

    def lose_answers(self, reference: str, *, times: int) -> GatewayFault:
        """Have the next answers about the order of this reference lost, after all was done and stored."""
        rule = {"match": {"operation": "*", "reference": reference}, "effect": {"type": "drop_after"}, "times": times}
        return self._ask("POST", "/_sandbox/faults", GatewayFault, body=rule)

    def get_fault(self, fault_id: str) -> GatewayFault:
        return self._ask("GET", f"/_sandbox/faults/{quote(fault_id, safe='')}", GatewayFault)

    def look_at_fault(self, fault_id: str) -> GatewayFault:
        """The same for a page that is being drawn: one quick try."""
        path = f"/_sandbox/faults/{quote(fault_id, safe='')}"
        return self._ask("GET", path, GatewayFault, tries=1, timeout_seconds=_QUICK_SECONDS)

    def delete_fault(self, fault_id: str) -> None:
        self._ask("DELETE", f"/_sandbox/faults/{quote(fault_id, safe='')}", type(None))

    def clock(self) -> GatewayClock:
        return self._ask("GET", "/_sandbox/clock", GatewayClock)

    def move_clock(self, to: datetime, *, frozen: bool) -> GatewayClock:
        """Set the account's clock, live or standing still; what falls due on the way has happened when it answers."""
        body = {"to": to.astimezone(UTC).isoformat(), "mode": "frozen" if frozen else "live"}
        return self._ask("POST", "/_sandbox/clock", GatewayClock, body=body)

    def has_payments(self) -> bool:
        """Whether the account ever had one."""
        return bool(self._ask("GET", "/v1/payments?limit=1", dict[str, Any])["data"])

    def reset(self) -> None:
        """Take everything out of the account but its endpoints and settings."""
        self._ask("POST", "/_sandbox/reset", type(None))

    def decide_challenge(self, url: str, decision: str) -> None:
        """Press `approve`, `fail` or `cancel` on a 3-D Secure page, as the cardholder would; the first one counts."""
        with requests.Session() as browser:
            browser.trust_env = False
            try:
                page = browser.post(
                    url, data={"decision": decision}, timeout=self.timeout_seconds, allow_redirects=False
                )
            except requests.RequestException as error:
                raise GatewayUnavailable(f"The challenge page gave no answer: {type(error).__name__}") from error
        if page.status_code not in (200, 303, 410):  # 410: it is decided, or its time is over
            raise GatewayUnavailable(f"The challenge page answered with status {page.status_code}")

    # -- how it is asked -----------------------------------------------------------------------------------------

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.trust_env = False  # no proxy of the environment between us and the gateway
            session.headers["Authorization"] = f"Bearer {self._secret_key}"
            session.headers["Accept"] = "application/json, application/problem+json"
            session.mount("http://", HTTPAdapter(max_retries=0))
            session.mount("https://", HTTPAdapter(max_retries=0))
        return session

    def _ask(
        self,
        method: str,
        path: str,
        shape: type[T],
        *,
        body: dict[str, Any] | None = None,
        key: str | None = None,
        tries: int | None = None,
        timeout_seconds: float | None = None,
    ) -> T:
        tries = tries or self.tries
        deadline = time.monotonic() + (timeout_seconds or self.timeout_seconds)
        for number in range(1, tries + 1):
            try:
                return self._once(method, path, TypeAdapter(shape).validate_python, body, key, deadline)
            except _NoAnswer as silence:
                log.warning("no answer", method=method, path=path, key=key, try_number=number, reason=str(silence))
                pause = silence.retry_after
                if pause is None:
                    pause = random.uniform(0, _BACKOFF_SECONDS * 2**number)  # noqa: S311 - jitter, not a secret
                if number == tries or time.monotonic() + pause >= deadline:
                    raise GatewayUnavailable(f"The gateway gave no usable answer: {silence}") from silence
                time.sleep(pause)
        raise AssertionError("a call has at least one try")

    def _once(
        self,
        method: str,
        path: str,
        read: Callable[[Any], T],
        body: dict[str, Any] | None,
        key: str | None,
        deadline: float,
    ) -> T:
        started, clock = wall_now(), time.monotonic()
        answer: _Answer | None = None
        error: str | None = None
        try:
            answer = self._exchange(method, path, body, key, deadline)
            return self._believe(answer, read)
        except (_NoAnswer, GatewayRefused) as reason:
            error = str(reason)
            raise
        finally:
            note(
                Call(
                    method=method,
                    path=path,
                    idempotency_key=key,
                    started_at=started,
                    duration_ms=round((time.monotonic() - clock) * 1000),
                    status=answer.status if answer else None,
                    error=error[:500] if error else None,
                    request=body,
                    response=answer.body if answer and isinstance(answer.body, dict) else None,
                    request_id=answer.request_id if answer else None,
                )
            )

    def _exchange(
        self, method: str, path: str, body: dict[str, Any] | None, key: str | None, deadline: float
    ) -> _Answer:
        headers = {} if key is None else {"Idempotency-Key": key}
        left = max(0.05, deadline - time.monotonic())
        try:
            with self._session().request(
                method,
                self.url + path,
                json=body,
                headers=headers,
                timeout=(min(CONNECT_SECONDS, left), left),
                allow_redirects=False,
                stream=True,
            ) as response:
                chunks: list[bytes] = []
                size = 0
                while chunk := response.raw.read1(64 * 1024, decode_content=True):  # what has come, not a full buffer
                    chunks.append(chunk)
                    size += len(chunk)
                    if size > MAX_ANSWER_BYTES:
                        raise _NoAnswer(f"the answer is larger than {MAX_ANSWER_BYTES} bytes")
                    if time.monotonic() > deadline:
                        raise _NoAnswer("the answer did not end in time")
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _NoAnswer(type(error).__name__) from error
        try:
            parsed = json.loads(b"".join(chunks)) if chunks else None
        except ValueError:
            parsed = None
        media = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if media not in ("application/json", "application/problem+json"):
            parsed = None
        return _Answer(
            response.status_code,
            parsed,
            _retry_after(response.headers.get("Retry-After")),
            response.headers.get("Request-Id", "")[:64] or None,
        )

    @staticmethod
    def _believe(answer: _Answer, read: Callable[[Any], T]) -> T:
        if 200 <= answer.status < 300:
            try:
                return read(answer.body)
            except ValidationError as error:
                raise _NoAnswer(f"status {answer.status} with a body that is not what was asked for") from error
        problem = answer.body if isinstance(answer.body, dict) else {}
        code = str(problem.get("code", ""))
        if answer.status in (408, 429) or answer.status >= 500 or code == "idempotency_in_progress":
            raise _NoAnswer(f"status {answer.status} {code}".strip(), answer.retry_after)
        if answer.status >= 400 and code:
            raise GatewayRefused(answer.status, code, str(problem.get("detail", "")), answer.request_id)
        raise _NoAnswer(f"status {answer.status} without an explanation")
