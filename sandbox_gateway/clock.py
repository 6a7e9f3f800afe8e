"""The account's clock: it ticks or stands still, and can be moved; what falls due on the way happens, in order."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from sqlalchemy import Connection, bindparam, select, update
from typing_extensions import TypedDict

from sandbox_gateway import jobs, times
from sandbox_gateway.accounts import FROZEN, LIVE, Account, accounts
from sandbox_gateway.events import events
from sandbox_gateway.fields import Body, Time, text_field
from sandbox_gateway.idempotency import kept_answers
from sandbox_gateway.problems import invalid
from sandbox_gateway.routes import Answer, Gateway, Route
from sandbox_gateway.times import to_wire
from sandbox_gateway.tokens import tokens

_SHOWN = 20

_SET = (
    update(accounts)
    .where(accounts.c.id == bindparam("account_id"))
    .values(
        clock_mode=bindparam("new_mode"),
        clock_offset_us=bindparam("new_offset_us"),
        clock_frozen_us=bindparam("new_frozen_us"),
    )
)
_EXISTS = [
    select(table.c.row).where(table.c.account_id == bindparam("account_id")).limit(1)
    for table in (tokens, events, kept_answers)
]


class ClockMove(Body):
    """At most one of `advance`, `to` and `to_next`; `mode` beside it, or alone."""

    advance: Annotated[str, text_field(60), Field(description="ISO 8601 duration.", examples=["P7D"])] | None = None
    to: Time | None = None
    to_next: Annotated[Literal[True] | None, Field(description="To the next thing that is due, if there is one.")] = (
        None
    )
    mode: Literal["live", "frozen"] | None = None

    @model_validator(mode="after")
    def _check_one_move(self) -> "ClockMove":
        if sum(move is not None for move in (self.advance, self.to, self.to_next)) > 1:
            raise ValueError("takes only one of advance, to and to_next")
        if not self.model_fields_set:
            raise ValueError("needs one of advance, to, to_next and mode")
        return self


class DueBody(TypedDict):
    at: str
    kind: Annotated[str, Field(description="Named `object.what_happens`.")]
    object_id: str
    description: Annotated[str, Field(description="The kind in words.")]


class ClockBody(TypedDict):
    object: Literal["clock"]
    mode: Literal["live", "frozen"]
    now: str
    offset_ms: Annotated[int, Field(description="How far the clock is ahead of the wall clock just now.")]
    next: Annotated[list[DueBody], Field(description=f"What will happen next, at most {_SHOWN}, the earliest first.")]


def get_clock(tx: Connection, account: Account) -> Answer:
    shown: ClockBody = {
        "object": "clock",
        "mode": "frozen" if account.clock_mode == FROZEN else "live",
        "now": to_wire(account.now_us),
        "offset_ms": (account.now_us - times.wall_us()) // 1000,
        "next": [
            {
                "at": to_wire(due.due_us),
                "kind": due.kind,
                "object_id": due.object_id,
                "description": jobs.WORDS[due.kind],
            }
            for due in jobs.upcoming(tx, account, _SHOWN)
        ],
    }
    return Answer(shown)


def move_clock(gateway: Gateway, account_id: int, _base_url: str, body: ClockMove) -> Answer:
    """Set the mode, then the time. Some hundred jobs share a transaction, so others are not held up for long."""

    def start(tx: Connection) -> int:
        account = gateway.accounts.lock(tx, account_id)
        target_us = _target(tx, account, body)
        _set(tx, account, body.mode or account.clock_mode, min(account.now_us, target_us))
        return target_us

    def go_on(tx: Connection) -> bool:
        account = gateway.accounts.lock(tx, account_id)
        reached_us = jobs.run_due(tx, account, until_us=target_us)
        gateway.accounts.finish(tx, account)
        now_us = target_us if reached_us is None else reached_us
        if now_us > account.now_us:
            _set(tx, account, account.clock_mode, now_us)
        return reached_us is None

    target_us = gateway.store.write(start)
    while not gateway.store.write(go_on):
        pass
    return gateway.store.read(lambda tx: get_clock(tx, gateway.accounts.load(tx, account_id)))


def _target(tx: Connection, account: Account, body: ClockMove) -> int:
    """Where to, in microseconds. Problem: `validation_failed`."""
    now_us = account.now_us
    if body.to_next:
        following = jobs.upcoming(tx, account, 1)
        return max(now_us, following[0].due_us) if following else now_us
    if body.advance is not None:
        try:
            return times.add_duration(now_us, body.advance)
        except ValueError as error:
            raise invalid("/advance", str(error)) from None
    if body.to is None:
        return now_us
    target_us = times.from_wire(body.to)
    if not times.EARLIEST_US <= target_us <= times.LATEST_US:
        raise invalid("/to", "must be between the years 2000 and 2100")
    if target_us < now_us and not _is_empty(tx, account):
        raise invalid("/to", f"must not be before {to_wire(now_us)}: only the clock of an empty account goes backwards")
    return target_us


def _is_empty(tx: Connection, account: Account) -> bool:
    return all(tx.execute(statement, {"account_id": account.id}).first() is None for statement in _EXISTS)


def _set(tx: Connection, account: Account, mode: str, now_us: int) -> None:
    frozen = mode == FROZEN
    parameters = {
        "account_id": account.id,
        "new_mode": FROZEN if frozen else LIVE,
        "new_offset_us": 0 if frozen else now_us - times.wall_us(),
        "new_frozen_us": now_us if frozen else None,
    }
    tx.execute(_SET, parameters)


ROUTES = [
    Route(
        "GET",
        "/_sandbox/clock",
        get_clock,
        "The account's time, and what is due next",
        tag="Simulation",
        answer=ClockBody,
    ),
    Route(
        "POST",
        "/_sandbox/clock",
        move_clock,
        "Move the account's clock",
        tag="Simulation",
        description="Everything that falls due on the way happens, in order, before the answer comes.",
        body=ClockMove,
        answer=ClockBody,
        outside=True,
    ),
]
