"""The typed client: time-outs, retries under the same key, and answers that are believed only when they parse."""

from __future__ import annotations

import csv
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
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
from app.gateway.breaker import Breakers
from app.gateway.calls import Call, note
from app.gateway.wire import (
    EventPage,
    GatewayBalances,
    GatewayClock,
    GatewayDispute,
    GatewayFault,
    GatewayLine,
    GatewayMove,
    GatewayPayment,
    GatewayPaymentPage,
    GatewayPayoutPage,
    GatewayRefund,
    GatewaySettlementPage,
    GatewayToken,
    TestCard,
    Wire,
)

log = structlog.get_logger("gateway")

T = TypeVar("T")
MAX_ANSWER_BYTES = 4 * 1024 * 1024
CONNECT_SECONDS = 2.0
_BACKOFF_SECONDS = 0.2
_QUICKLY: dict[str, Any] = {"tries": 1, "timeout_seconds": 1.0}
"""For a page that is being drawn."""


class _Moves(Wire):
    data: list[GatewayMove]


@dataclass(frozen=True)
class _Answer:
    status: int
    body: Any
    retry_after: float | None
    request_id: str | None


class _NoAnswer(Exception):
    """This try brought nothing that can be believed; another may. `is_busy`: the gateway is well, but asks to wait."""

    def __init__(self, reason: str, retry_after: float | None = None, *, is_busy: bool = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.is_busy = is_busy


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


def _ahead_of_us(header: str | None, known: float | None) -> float | None:
    try:
        told = parsedate_to_datetime(header or "")
    except ValueError:
        return known
    return (told.replace(tzinfo=told.tzinfo or UTC) - wall_now()).total_seconds()


class GatewayClient:
    """One gateway account. Thread-safe: a session of `requests` per thread.

    `timeout_seconds` bounds a whole call, tries and pauses included. Raises GatewayRefused where the gateway says
    that the request was wrong, GatewayUnavailable where nothing that can be believed came back, and its kind
    CircuitOpen where `breakers` hold the operation back.
    """

    def __init__(
        self,
        url: str,
        secret_key: str,
        *,
        timeout_seconds: float = 10.0,
        tries: int = 3,
        breakers: Breakers | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.timeout_seconds = timeout_seconds
        self.tries = tries
        self._secret_key = secret_key
        self._breakers = breakers
        self._local = threading.local()
        self.skew_seconds: float | None = None
        """How far the gateway's wall clock was ahead of ours at its last answer that said the time."""

    # -- money ---------------------------------------------------------------------------------------------------

    def create_payment(self, body: dict[str, Any], key: str) -> GatewayPayment:
        return self._ask("POST", "/v1/payments", GatewayPayment, body=body, key=key, operation="authorize")

    def capture(self, payment_id: str, body: dict[str, Any], key: str) -> GatewayPayment:
        path = f"/v1/payments/{payment_id}/capture"
        return self._ask("POST", path, GatewayPayment, body=body, key=key, operation="capture")

    def void(self, payment_id: str, body: dict[str, Any], key: str) -> GatewayPayment:
        path = f"/v1/payments/{payment_id}/void"
        return self._ask("POST", path, GatewayPayment, body=body, key=key, operation="void")

    def refund(self, payment_id: str, body: dict[str, Any], key: str) -> GatewayRefund:
        path = f"/v1/payments/{payment_id}/refunds"
        return self._ask("POST", path, GatewayRefund, body=body, key=key, operation="refund")

    def get_payment(self, payment_id: str, *, quickly: bool = False) -> GatewayPayment:
        """`quickly`, one short try, for a page that is being drawn."""
        path = f"/v1/payments/{quote(payment_id, safe='')}"
        return self._ask("GET", path, GatewayPayment, operation="read", **_QUICKLY if quickly else {})

    def find_payments(self, reference: str, *, quickly: bool = False) -> list[GatewayPayment]:
        """Every payment that the account has under the reference, the newest first."""
        found: list[GatewayPayment] = []
        path = f"/v1/payments?limit=100&reference={quote(reference, safe='')}"
        cursor: str | None = ""
        while cursor is not None:
            more = f"&cursor={quote(cursor, safe='')}" if cursor else ""
            page = self._ask("GET", path + more, GatewayPaymentPage, operation="read", **_QUICKLY if quickly else {})
            found += page.data
            cursor = page.next_cursor
        return found

    def events_after(self, event_id: str) -> EventPage:
        """What happened after an event, the oldest first. GatewayRefused where the account has no such event."""
        return self._ask("GET", f"/v1/events?limit=100&after={quote(event_id, safe='')}", EventPage)

    def newest_events(self, cursor: str | None = None) -> EventPage:
        """A page of all events, the newest first."""
        more = f"&cursor={quote(cursor, safe='')}" if cursor else ""
        return self._ask("GET", f"/v1/events?limit=100{more}", EventPage)

    def list_payments(self, cursor: str | None = None, limit: int = 100) -> GatewayPaymentPage:
        """Every payment of the account, the newest first."""
        page = f"&cursor={quote(cursor, safe='')}" if cursor else ""
        return self._ask("GET", f"/v1/payments?limit={limit}{page}", GatewayPaymentPage)

    def get_token(self, token_id: str) -> GatewayToken:
        # a caller's text: it must not become another path of the gateway's
        return self._ask("GET", f"/v1/tokens/{quote(token_id, safe='')}", GatewayToken)

    # -- disputes ------------------------------------------------------------------------------------------------

    def get_dispute(self, dispute_id: str) -> GatewayDispute:
        return self._ask("GET", f"/v1/disputes/{dispute_id}", GatewayDispute)

    def add_evidence(self, dispute_id: str, body: dict[str, Any], key: str) -> GatewayDispute:
        return self._ask("POST", f"/v1/disputes/{dispute_id}/evidence", GatewayDispute, body=body, key=key)

    def submit_dispute(self, dispute_id: str, key: str) -> GatewayDispute:
        return self._ask("POST", f"/v1/disputes/{dispute_id}/submit", GatewayDispute, body={}, key=key)

    def accept_dispute(self, dispute_id: str, key: str) -> GatewayDispute:
        return self._ask("POST", f"/v1/disputes/{dispute_id}/accept", GatewayDispute, body={}, key=key)

    # -- settlements ---------------------------------------------------------------------------------------------

    def list_settlements(self, cursor: str | None = None) -> GatewaySettlementPage:
        """A page of closed batches, the newest first."""
        more = f"&cursor={quote(cursor, safe='')}" if cursor else ""
        return self._ask("GET", f"/v1/settlements?limit=100{more}", GatewaySettlementPage)

    def list_payouts(self, cursor: str | None = None) -> GatewayPayoutPage:
        """A page of payouts, the newest first."""
        more = f"&cursor={quote(cursor, safe='')}" if cursor else ""
        return self._ask("GET", f"/v1/payouts?limit=100{more}", GatewayPayoutPage)

    def get_balance(self) -> GatewayBalances:
        return self._ask("GET", "/v1/balance", GatewayBalances)

    def settlement_lines(self, settlement_id: str) -> Iterator[GatewayLine]:
        """Every line of a batch, the first first, as they come; a million need no more memory than one.

        Raises GatewayUnavailable where the file breaks off: what came before it is true.
        """
        path = f"{self.url}/v1/settlements/{quote(settlement_id, safe='')}/lines"
        try:
            with self._session().get(
                path,
                headers={"Accept": "text/csv"},
                timeout=(CONNECT_SECONDS, self.timeout_seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                if response.status_code != 200 or not response.headers.get("Content-Type", "").startswith("text/csv"):
                    raise GatewayUnavailable(f"The gateway answered status {response.status_code} for the lines.")
                text = (line.decode("utf-8") for line in response.iter_lines(64 * 1024))
                for row in csv.DictReader(text, strict=True):
                    yield GatewayLine.model_validate(row | {"payment": row.get("payment") or None})
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise GatewayUnavailable(f"The lines broke off: {type(error).__name__}") from error
        except (csv.Error, UnicodeDecodeError, ValidationError) as error:
            raise GatewayUnavailable(f"The lines cannot be read: {type(error).__name__}") from error

    # -- the account ---------------------------------------------------------------------------------------------

    def get_account(self) -> dict[str, Any]:
        return self._ask("GET", "/v1/account", dict[str, Any])

    def get_endpoint(self, endpoint_id: str) -> dict[str, Any]:
        return self._ask("GET", f"/v1/webhook_endpoints/{endpoint_id}", dict[str, Any])

    def create_endpoint(self, url: str, key: str) -> dict[str, Any]:
        body = {"url": url, "events": ["*"]}
        return self._ask("POST", "/v1/webhook_endpoints", dict[str, Any], body=body, key=key)

    def rotate_endpoint_secret(self, endpoint_id: str, key: str) -> dict[str, Any]:
        return self._ask("POST", f"/v1/webhook_endpoints/{endpoint_id}/rotate_secret", dict[str, Any], body={}, key=key)

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
        return self._ask("GET", path, GatewayFault, **_QUICKLY)

    def delete_fault(self, fault_id: str) -> None:
        self._ask("DELETE", f"/_sandbox/faults/{quote(fault_id, safe='')}", type(None))

    def moves_of_dispute(self, dispute_id: str) -> list[GatewayMove]:
        """What issuer and cardholder could do to it now; one quick try, for a page that is being drawn."""
        path = f"/_sandbox/disputes/{dispute_id}/next"
        return self._ask("GET", path, _Moves, **_QUICKLY).data

    def move_dispute(self, dispute_id: str, action: str) -> GatewayDispute:
        """Have one of them done."""
        return self._ask("POST", f"/_sandbox/disputes/{dispute_id}/next", GatewayDispute, body={"action": action})

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
        operation: str | None = None,
        tries: int | None = None,
        timeout_seconds: float | None = None,
    ) -> T:
        """`operation` names the circuit breaker that the call belongs to; None: it is made whatever came before."""
        breakers = self._breakers if operation is not None else None
        if breakers is None or operation is None:
            return self._try(method, path, shape, body, key, tries, timeout_seconds)
        breakers.check(operation)
        try:
            told = self._try(method, path, shape, body, key, tries, timeout_seconds)
        except GatewayRefused:
            breakers.note_answer(operation)
            raise
        except GatewayUnavailable as silence:
            if not (isinstance(silence.__cause__, _NoAnswer) and silence.__cause__.is_busy):
                breakers.note_silence(operation, str(silence))
            raise
        breakers.note_answer(operation)
        return told

    def _try(
        self,
        method: str,
        path: str,
        shape: type[T],
        body: dict[str, Any] | None,
        key: str | None,
        tries: int | None,
        timeout_seconds: float | None,
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
        self.skew_seconds = _ahead_of_us(response.headers.get("Date"), self.skew_seconds)
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
        is_busy = answer.status == 429 or code == "idempotency_in_progress"
        if is_busy or answer.status == 408 or answer.status >= 500:
            raise _NoAnswer(f"status {answer.status} {code}".strip(), answer.retry_after, is_busy=is_busy)
        if answer.status >= 400 and code:
            raise GatewayRefused(answer.status, code, str(problem.get("detail", "")), answer.request_id)
        raise _NoAnswer(f"status {answer.status} without an explanation")
