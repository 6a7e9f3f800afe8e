"""Fault rules as they are kept: what each matches, how often it has struck, and by which chance it strikes."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import Column, Connection, Index, Integer, Table, bindparam, select, update

from sandbox_gateway.accounts import Account
from sandbox_gateway.faults.effects import Effect, RequestEffect, WebhookEffect
from sandbox_gateway.fields import Body, text_field
from sandbox_gateway.schema import (
    account_column,
    instant_column,
    json_column,
    metadata,
    public_id_column,
    row_column,
)
from sandbox_gateway.webhooks.endpoints import EventType

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

Operation = Literal["token", "payment", "capture", "void", "refund", "dispute", "get", "list", "*"]


class Match(Body):
    """Which requests, by `operation`, `reference` and `card`; or which webhooks, by `event_type` and `endpoint`.

    Members that are not given match everything.
    """

    operation: Annotated[Operation | None, Field(description="Needed for effects on requests.")] = None
    nth: Annotated[
        int | None,
        Field(ge=1, le=1_000_000, description="From the n-th match on, counted from the rule's creation."),
    ] = None
    probability: Annotated[float | None, Field(gt=0, le=1, allow_inf_nan=False)] = None
    reference: Annotated[str, text_field(255)] | None = None
    card: Annotated[str, text_field(60), Field(description="A test card's name.")] | None = None
    event_type: Annotated[EventType | None, Field(description="Only for effects on webhooks.")] = None
    endpoint: (
        Annotated[str, text_field(40, least=1), Field(description="A webhook endpoint's id; for effects on webhooks.")]
        | None
    ) = None


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

    def is_spent(self, fired: int) -> bool:
        """Whether it has struck as often as it may."""
        return self.most is not None and fired >= self.most


RULES_OF = (
    select(faults.c.row, faults.c.id, faults.c.rule, faults.c.matched, faults.c.fired)
    .where(faults.c.account_id == bindparam("account_id"))
    .order_by(faults.c.row)
)
_COUNT = (
    update(faults)
    .where(faults.c.row == bindparam("rule_row"))
    .values(matched=bindparam("now_matched"), fired=bindparam("now_fired"))
)


@dataclass(frozen=True, slots=True)
class Strike:
    """A rule that strikes now. `draw` is a number from 0 to 1; with a seed the same each time."""

    rule_id: str
    effect: RequestEffect | WebhookEffect
    draw: float


@lru_cache(maxsize=1024)
def parse_rule(stored: str) -> FaultCreate:
    return FaultCreate.model_validate_json(stored)


def strike(tx: Connection, account: Account, is_match: Callable[[FaultCreate], bool]) -> Iterator[Strike]:
    """Count a match with every rule that is one, and yield those that strike, the oldest first."""
    for row in tx.execute(RULES_OF, {"account_id": account.id}).all():
        rule = parse_rule(row.rule)
        if rule.is_spent(row.fired) or not is_match(rule):
            continue
        matched = row.matched + 1
        fires = _fires(rule, matched, _chance(account, rule, row.id, matched))
        tx.execute(_COUNT, {"rule_row": row.row, "now_matched": matched, "now_fired": row.fired + fires})
        if fires:
            yield Strike(row.id, rule.effect, _chance(account, rule, row.id, -matched))


def _fires(rule: FaultCreate, matched: int, chance: float) -> bool:
    if rule.match.nth is not None and matched < rule.match.nth:
        return False
    return rule.match.probability is None or chance < rule.match.probability


def _chance(account: Account, rule: FaultCreate, rule_id: str, draw: int) -> float:
    if rule.seed is not None:
        raw = hashlib.blake2b(f"{rule.seed}\n{draw}".encode(), digest_size=8).digest()
    elif account.settings.seed is not None:
        raw = hashlib.blake2b(f"{account.settings.seed}\n{rule_id}\n{draw}".encode(), digest_size=8).digest()
    else:
        raw = account.chance.draw(8)
    return int.from_bytes(raw) / 2**64
