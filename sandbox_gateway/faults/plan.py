"""What the wire will do to one request, decided and counted before the work begins."""

import time
from dataclasses import dataclass

from sqlalchemy import Connection

from sandbox_gateway.accounts import Account
from sandbox_gateway.faults.effects import (
    DropAfter,
    DropBefore,
    Latency,
    Malformed,
    RequestEffect,
    SlowDrip,
    Spoiling,
    Stall,
    Status,
    Truncated,
    WebhookBeforeResponse,
)
from sandbox_gateway.faults.rules import RULES_OF, FaultCreate, parse_rule, strike
from sandbox_gateway.problems import Problem
from sandbox_gateway.ratelimits import Limit, headers_when_empty
from sandbox_gateway.request_log.draft import ClientSaw
from sandbox_gateway.routes import Subject

_CODES = {429: "rate_limited", 500: "internal_error", 502: "bad_gateway", 503: "unavailable"}


class Dropped(Exception):
    """The connection is to be closed without a byte, once the client gave up or `stall_ms` have passed."""

    def __init__(self, stall_ms: int = 0) -> None:
        super().__init__()
        self.stall_ms = stall_ms


@dataclass(frozen=True, slots=True)
class Plan:
    """`awaits_webhooks`: some rule wants webhooks delivered before the answer leaves."""

    wait_ms: int = 0
    before: Status | DropBefore | Stall | None = None
    after: Status | DropAfter | Stall | Spoiling | None = None
    rule_id: str | None = None
    limit: Limit | None = None
    awaits_webhooks: bool = False

    def wait(self) -> None:
        if self.wait_ms:
            time.sleep(self.wait_ms / 1000)

    def strike_before(self) -> None:
        """Dropped or Problem, if the fault comes before the work."""
        self._strike(self.before)

    def strike_after(self) -> None:
        """Dropped or Problem, if the fault comes after the commit and leaves nothing of the true answer."""
        self._strike(self.after)

    @property
    def client_sees(self) -> ClientSaw:
        """What the client will see of the answer."""
        match self.before or self.after:
            case Status():
                return "injected_error"
            case DropBefore() | DropAfter() | Stall():
                return "nothing"
            case Malformed():
                return "malformed_answer"
            case Truncated():
                return "part_of_answer"
            case SlowDrip():
                return "late_answer"
        return "late_answer" if self.wait_ms else "answer"

    @property
    def spoiling(self) -> Spoiling | None:
        """What becomes of the true answer on its way."""
        return self.after if isinstance(self.after, Spoiling) else None

    def _strike(self, effect: Status | DropBefore | DropAfter | Stall | Spoiling | None) -> None:
        if isinstance(effect, Status):
            raise _injected(effect, self.rule_id)
        if isinstance(effect, Stall):
            raise Dropped(effect.ms)
        if isinstance(effect, DropBefore | DropAfter):
            raise Dropped


def make_plan(tx: Connection, account: Account, operation: str, subject: Subject, limit: Limit | None) -> Plan:
    """What all rules that strike do together: waits add up, of the rest the oldest rule's counts."""
    wait_ms = 0
    waiting: str | None = None
    chosen: RequestEffect | None = None
    chosen_id: str | None = None
    for one in strike(tx, account, lambda rule: _is_match(rule, operation, subject)):
        assert isinstance(one.effect, RequestEffect)
        if isinstance(one.effect, Latency):
            wait_ms += one.effect.wait_ms(one.draw)
            waiting = waiting or one.rule_id
        elif chosen is None:
            chosen, chosen_id = one.effect, one.rule_id
    early = _is_before(chosen)
    return Plan(
        wait_ms=wait_ms,
        before=chosen if isinstance(chosen, Status | DropBefore | Stall) and early else None,
        after=chosen if isinstance(chosen, Status | DropAfter | Stall | Spoiling) and not early else None,
        rule_id=chosen_id or waiting,
        limit=limit,
        awaits_webhooks=_awaits_webhooks(tx, account),
    )


def _is_match(rule: FaultCreate, operation: str, subject: Subject) -> bool:
    return (
        isinstance(rule.effect, RequestEffect)
        and rule.match.operation in ("*", operation)
        and rule.match.reference in (None, subject.reference)
        and rule.match.card in (None, subject.card)
    )


def _is_before(effect: RequestEffect | None) -> bool:
    return isinstance(effect, DropBefore) or (isinstance(effect, Status | Stall) and effect.at == "before")


def _awaits_webhooks(tx: Connection, account: Account) -> bool:
    return any(
        isinstance(rule.effect, WebhookBeforeResponse) and not rule.is_spent(row.fired)
        for row in tx.execute(RULES_OF, {"account_id": account.id})
        for rule in (parse_rule(row.rule),)
    )


def _injected(effect: Status, rule_id: str | None) -> Problem:
    headers = headers_when_empty() if effect.status == 429 else {}
    retry_after = 1 if effect.retry_after is None and effect.status == 429 else effect.retry_after
    if retry_after is not None:
        headers = {**headers, "Retry-After": str(retry_after)}
    return Problem(
        _CODES[effect.status], "A fault rule of this account asked for this answer.", headers=headers, fault=rule_id
    )
