"""Fault rules: what the wire does to an account's requests. What is stored stays the true answer."""

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from sqlalchemy import Column, Connection, Index, Integer, Row, Table, bindparam, delete, func, insert, select, update
from typing_extensions import TypedDict

from sandbox_gateway.accounts import Account, accounts
from sandbox_gateway.fields import Body, text_field
from sandbox_gateway.problems import Problem, not_found
from sandbox_gateway.ratelimits import Limit, headers_when_empty
from sandbox_gateway.routes import Answer, Route, Subject
from sandbox_gateway.schema import (
    account_column,
    instant_column,
    json_column,
    metadata,
    public_id_column,
    row_column,
)
from sandbox_gateway.times import to_wire

MOST_RULES = 100
MOST_WAIT_MS = 60_000

faults = Table(
    "faults",
    metadata,
    row_column(),
    account_column(),
    public_id_column(),
    json_column("rule"),
    Column("matched", Integer, nullable=False),
    Column("fired", Integer, nullable=False),
    instant_column("created"),
    Index("uq_faults_account_id_id", "account_id", "id", unique=True),
)

Operation = Literal["token", "payment", "capture", "void", "refund", "get", "list", "*"]


class Match(Body):
    """Which requests. Members that are not given match everything."""

    operation: Operation
    nth: Annotated[
        int | None,
        Field(ge=1, le=1_000_000, description="From the n-th match on, counted from the rule's creation."),
    ] = None
    probability: Annotated[float | None, Field(gt=0, le=1, allow_inf_nan=False)] = None
    reference: Annotated[str, text_field(255)] | None = None
    card: Annotated[str, text_field(60), Field(description="A test card's name.")] | None = None


Milliseconds = Annotated[int, Field(ge=0, le=MOST_WAIT_MS)]


class Latency(Body):
    """The answer is late. The key, if there is one, counts as in use meanwhile."""

    type: Literal["latency"]
    ms: Milliseconds | None = None
    min_ms: Milliseconds | None = None
    max_ms: Milliseconds | None = None

    @model_validator(mode="after")
    def _check_one_form(self) -> "Latency":
        span = self.min_ms is not None and self.max_ms is not None
        if (self.ms is not None) == span or (self.min_ms is None) != (self.max_ms is None):
            raise ValueError("needs either ms, or min_ms and max_ms")
        if self.min_ms is not None and self.max_ms is not None and self.min_ms > self.max_ms:
            raise ValueError("min_ms must not be above max_ms")
        return self


class Status(Body):
    """An error answer, before anything is done or after all is done and stored."""

    type: Literal["status"]
    status: Literal[429, 500, 502, 503]
    at: Literal["before", "after"] = "before"
    retry_after: Annotated[int | None, Field(ge=0, le=3600, description="Seconds.")] = None


class DropBefore(Body):
    """The connection closes without a byte; nothing is done."""

    type: Literal["drop_before"]


class DropAfter(Body):
    """Everything is done and stored; the connection closes without a byte."""

    type: Literal["drop_after"]


Effect = Annotated[Latency | Status | DropBefore | DropAfter, Field(discriminator="type")]


class FaultCreate(Body):
    match: Match
    effect: Effect
    times: Annotated[
        int | None,
        Field(ge=1, le=1_000_000, description="How often it strikes. Default: once with `nth`, else without end."),
    ] = None
    seed: Annotated[str, text_field(100, least=1)] | int | None = None

    @property
    def most(self) -> int | None:
        return 1 if self.times is None and self.match.nth is not None else self.times


class Fault(TypedDict):
    id: str
    object: Literal["fault"]
    match: dict[str, Any]
    effect: dict[str, Any]
    times: int | None
    seed: str | int | None
    matched: Annotated[int, Field(description="Requests that matched since the rule was made.")]
    fired: Annotated[int, Field(description="How often it struck.")]
    active: Annotated[bool, Field(description="False when it has struck as often as it may.")]
    created_at: str


class FaultList(TypedDict):
    data: list[Fault]


_ALL = select(faults).where(faults.c.account_id == bindparam("account_id")).order_by(faults.c.row)
_ONE = select(faults).where(faults.c.account_id == bindparam("account_id"), faults.c.id == bindparam("fault_id"))
_INSERT = insert(faults)
_COUNT = (
    update(faults)
    .where(faults.c.row == bindparam("rule_row"))
    .values(matched=bindparam("now_matched"), fired=bindparam("now_fired"))
)
_DELETE = delete(faults).where(faults.c.account_id == bindparam("account_id"), faults.c.id == bindparam("fault_id"))
_DELETE_ALL = delete(faults).where(faults.c.account_id == bindparam("account_id"))
_RECOUNT = (
    update(accounts)
    .where(accounts.c.id == bindparam("counted_id"))
    .values(
        faults=select(func.count()).select_from(faults).where(faults.c.account_id == accounts.c.id).scalar_subquery()
    )
)


class Dropped(Exception):
    """The connection is to be closed without a byte."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the wire will do to one request, decided and counted before the work begins."""

    wait_ms: int = 0
    before: Status | DropBefore | None = None
    after: Status | DropAfter | None = None
    rule_id: str | None = None
    limit: Limit | None = None

    def wait(self) -> None:
        if self.wait_ms:
            time.sleep(self.wait_ms / 1000)

    def strike_before(self) -> None:
        """Dropped or Problem, if the fault comes before the work."""
        self._strike(self.before)

    def strike_after(self) -> None:
        """Dropped or Problem, if the fault comes after the commit."""
        self._strike(self.after)

    def _strike(self, effect: Status | DropBefore | DropAfter | None) -> None:
        if isinstance(effect, Status):
            raise _injected(effect, self.rule_id)
        if effect is not None:
            raise Dropped


def make_plan(tx: Connection, account: Account, operation: str, subject: Subject, limit: Limit | None) -> Plan:
    """Count the request with every rule that it matches, and say what they do together: waits add up, of the rest
    the oldest rule's counts."""
    wait_ms = 0
    chosen: tuple[Status | DropBefore | DropAfter, str] | None = None
    for row in tx.execute(_ALL, {"account_id": account.id}):
        rule = FaultCreate.model_validate_json(row.rule)
        if not _matches(rule.match, operation, subject) or _is_spent(rule, row.fired):
            continue
        matched = row.matched + 1
        fires = _fires(rule, matched, _chance(account, rule, row.id, matched))
        tx.execute(_COUNT, {"rule_row": row.row, "now_matched": matched, "now_fired": row.fired + fires})
        if not fires:
            continue
        if isinstance(rule.effect, Latency):
            wait_ms += _wait(rule.effect, _chance(account, rule, row.id, -matched))
        elif chosen is None:
            chosen = rule.effect, row.id
    if chosen is None:
        return Plan(wait_ms=wait_ms, limit=limit)
    effect, rule_id = chosen
    if isinstance(effect, DropBefore) or (isinstance(effect, Status) and effect.at == "before"):
        return Plan(wait_ms=wait_ms, before=effect, rule_id=rule_id, limit=limit)
    return Plan(wait_ms=wait_ms, after=effect, rule_id=rule_id, limit=limit)


def _matches(match: Match, operation: str, subject: Subject) -> bool:
    return (
        match.operation in ("*", operation)
        and match.reference in (None, subject.reference)
        and match.card in (None, subject.card)
    )


def _is_spent(rule: FaultCreate, fired: int) -> bool:
    return rule.most is not None and fired >= rule.most


def _fires(rule: FaultCreate, matched: int, chance: float) -> bool:
    if rule.match.nth is not None and matched < rule.match.nth:
        return False
    return rule.match.probability is None or chance < rule.match.probability


def _chance(account: Account, rule: FaultCreate, rule_id: str, draw: int) -> float:
    """A number from 0 to 1; with a seed the same for the same draw."""
    if rule.seed is not None:
        raw = hashlib.blake2b(f"{rule.seed}\n{draw}".encode(), digest_size=8).digest()
    elif account.settings.seed is not None:
        raw = hashlib.blake2b(f"{account.settings.seed}\n{rule_id}\n{draw}".encode(), digest_size=8).digest()
    else:
        raw = account.chance.draw(8)
    return int.from_bytes(raw) / 2**64


def _wait(effect: Latency, chance: float) -> int:
    if effect.ms is not None:
        return effect.ms
    assert effect.min_ms is not None
    assert effect.max_ms is not None
    return effect.min_ms + int(chance * (effect.max_ms - effect.min_ms + 1))


_CODES = {429: "rate_limited", 500: "internal_error", 502: "bad_gateway", 503: "unavailable"}


def _injected(effect: Status, rule_id: str | None) -> Problem:
    headers = headers_when_empty() if effect.status == 429 else {}
    retry_after = 1 if effect.retry_after is None and effect.status == 429 else effect.retry_after
    if retry_after is not None:
        headers = {**headers, "Retry-After": str(retry_after)}
    return Problem(
        _CODES[effect.status], "A fault rule of this account asked for this answer.", headers=headers, fault=rule_id
    )


def create_fault(tx: Connection, account: Account, body: FaultCreate) -> Answer:
    held = tx.execute(_ALL, {"account_id": account.id}).all()
    if len(held) >= MOST_RULES:
        raise Problem("too_many", f"An account can have at most {MOST_RULES} fault rules; delete some first.")
    fault_id = account.new_id("flt")
    tx.execute(
        _INSERT,
        {
            "account_id": account.id,
            "id": fault_id,
            "rule": body.model_dump_json(exclude_none=True),
            "matched": 0,
            "fired": 0,
            "created_us": account.now_us,
        },
    )
    tx.execute(_RECOUNT, {"counted_id": account.id})
    return Answer(_show(_find(tx, account, fault_id)), location=f"/_sandbox/faults/{fault_id}")


def list_faults(tx: Connection, account: Account) -> Answer:
    listed: FaultList = {"data": _show_all(tx.execute(_ALL, {"account_id": account.id}))}
    return Answer(listed)


def get_fault(tx: Connection, account: Account, fault_id: str) -> Answer:
    return Answer(_show(_find(tx, account, fault_id)))


def delete_fault(tx: Connection, account: Account, fault_id: str) -> Answer:
    _find(tx, account, fault_id)
    tx.execute(_DELETE, {"account_id": account.id, "fault_id": fault_id})
    tx.execute(_RECOUNT, {"counted_id": account.id})
    return Answer(None)


def delete_faults(tx: Connection, account: Account) -> Answer:
    tx.execute(_DELETE_ALL, {"account_id": account.id})
    tx.execute(_RECOUNT, {"counted_id": account.id})
    return Answer(None)


def _find(tx: Connection, account: Account, fault_id: str) -> Row[Any]:
    found = tx.execute(_ONE, {"account_id": account.id, "fault_id": fault_id}).first()
    if found is None:
        raise not_found("fault rule")
    return found


def _show_all(rows: Iterable[Row[Any]]) -> list[Fault]:
    return [_show(row) for row in rows]


def _show(row: Row[Any]) -> Fault:
    rule = FaultCreate.model_validate_json(row.rule)
    return {
        "id": row.id,
        "object": "fault",
        "match": rule.match.model_dump(exclude_none=True),
        "effect": rule.effect.model_dump(exclude_none=True),
        "times": rule.most,
        "seed": rule.seed,
        "matched": row.matched,
        "fired": row.fired,
        "active": not _is_spent(rule, row.fired),
        "created_at": to_wire(row.created_us),
    }


ROUTES = [
    Route(
        "POST",
        "/_sandbox/faults",
        create_fault,
        "Make a fault rule",
        tag="Faults",
        body=FaultCreate,
        answer=Fault,
        status=201,
        problems=("too_many",),
    ),
    Route("GET", "/_sandbox/faults", list_faults, "All fault rules, the oldest first", tag="Faults", answer=FaultList),
    Route("DELETE", "/_sandbox/faults", delete_faults, "Remove all fault rules", tag="Faults", status=204),
    Route(
        "GET", "/_sandbox/faults/<fault_id>", get_fault, "One fault rule and its counters", tag="Faults", answer=Fault
    ),
    Route("DELETE", "/_sandbox/faults/<fault_id>", delete_fault, "Remove one fault rule", tag="Faults", status=204),
]
