"""The addresses of fault rules."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update
from typing_extensions import TypedDict

from sandbox_gateway.accounts import Account, accounts
from sandbox_gateway.faults.effects import RequestEffect
from sandbox_gateway.faults.rules import FaultCreate, Match, faults, parse_rule
from sandbox_gateway.problems import Problem, invalid, not_found
from sandbox_gateway.routes import Answer, Route
from sandbox_gateway.test_cards import CARDS
from sandbox_gateway.times import to_wire
from sandbox_gateway.webhooks import chaos, endpoints

MOST_RULES = 100


class Fault(TypedDict):
    id: str
    object: Literal["fault"]
    match: dict[str, Any]
    effect: dict[str, Any]
    times: int | None
    seed: str | int | None
    matched: Annotated[int, Field(description="Requests or webhooks that matched since the rule was made.")]
    fired: Annotated[int, Field(description="How often it struck.")]
    active: Annotated[bool, Field(description="False when it has struck as often as it may.")]
    created_at: str


class FaultList(TypedDict):
    data: list[Fault]


_ALL = select(faults).where(faults.c.account_id == bindparam("account_id")).order_by(faults.c.row)
_ONE = select(faults).where(faults.c.account_id == bindparam("account_id"), faults.c.id == bindparam("fault_id"))
_INSERT = insert(faults)
_DELETE = delete(faults).where(faults.c.account_id == bindparam("account_id"), faults.c.id == bindparam("fault_id"))
_DELETE_ALL = delete(faults).where(faults.c.account_id == bindparam("account_id"))
_RECOUNT = (
    update(accounts)
    .where(accounts.c.id == bindparam("counted_id"))
    .values(
        faults=select(func.count()).select_from(faults).where(faults.c.account_id == accounts.c.id).scalar_subquery()
    )
)


def create_fault(tx: Connection, account: Account, body: FaultCreate) -> Answer:
    _check_match(tx, account, body.match, for_requests=isinstance(body.effect, RequestEffect))
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


def _check_match(tx: Connection, account: Account, match: Match, *, for_requests: bool) -> None:
    """Problem: `validation_failed`."""
    if for_requests and match.operation is None:
        raise invalid("/match/operation", "is required for effects on requests", "missing")
    for name in ("event_type", "endpoint") if for_requests else ("operation", "reference", "card"):
        if getattr(match, name) is not None:
            of = "webhooks, this effect strikes requests" if for_requests else "requests, this effect strikes webhooks"
            raise invalid(f"/match/{name}", f"is only for effects on {of}")
    if match.card is not None and match.card not in CARDS:
        raise invalid("/match/card", "must be the name of a card of GET /_sandbox/cards", "unknown_card")
    if match.endpoint is not None and not endpoints.is_known(tx, account, match.endpoint):
        raise invalid("/match/endpoint", "must be the id of a webhook endpoint of this account")


def list_faults(tx: Connection, account: Account) -> Answer:
    listed: FaultList = {"data": _show_all(tx.execute(_ALL, {"account_id": account.id}))}
    return Answer(listed)


def get_fault(tx: Connection, account: Account, fault_id: str) -> Answer:
    return Answer(_show(_find(tx, account, fault_id)))


def delete_fault(tx: Connection, account: Account, fault_id: str) -> Answer:
    _find(tx, account, fault_id)
    tx.execute(_DELETE, {"account_id": account.id, "fault_id": fault_id})
    return _removed(tx, account)


def delete_faults(tx: Connection, account: Account) -> Answer:
    tx.execute(_DELETE_ALL, {"account_id": account.id})
    return _removed(tx, account)


def _removed(tx: Connection, account: Account) -> Answer:
    tx.execute(_RECOUNT, {"counted_id": account.id})
    chaos.let_go(tx, account)
    return Answer(None)


def _find(tx: Connection, account: Account, fault_id: str) -> Row[Any]:
    found = tx.execute(_ONE, {"account_id": account.id, "fault_id": fault_id}).first()
    if found is None:
        raise not_found("fault rule")
    return found


def _show_all(rows: Iterable[Row[Any]]) -> list[Fault]:
    return [_show(row) for row in rows]


def _show(row: Row[Any]) -> Fault:
    rule = parse_rule(row.rule)
    return {
        "id": row.id,
        "object": "fault",
        "match": rule.match.model_dump(exclude_none=True),
        "effect": rule.effect.model_dump(exclude_none=True),
        "times": rule.most,
        "seed": rule.seed,
        "matched": row.matched,
        "fired": row.fired,
        "active": not rule.is_spent(row.fired),
        "created_at": to_wire(row.created_us),
    }


ROUTES = [
    Route(
        "POST",
        "/_sandbox/faults",
        create_fault,
        "Make a fault rule",
        tag="Faults",
        description="For requests or, with an effect `webhook_…`, for webhooks. What strikes at once combines: waits "
        "add up; of other effects on a request the oldest rule's counts; effects on a webhook all apply.",
        body=FaultCreate,
        answer=Fault,
        status=201,
        problems=("too_many",),
    ),
    Route("GET", "/_sandbox/faults", list_faults, "All fault rules, the oldest first", tag="Faults", answer=FaultList),
    Route(
        "DELETE",
        "/_sandbox/faults",
        delete_faults,
        "Remove all fault rules",
        tag="Faults",
        description="Webhooks that a rule holds back are sent.",
        status=204,
    ),
    Route(
        "GET", "/_sandbox/faults/<fault_id>", get_fault, "One fault rule and its counters", tag="Faults", answer=Fault
    ),
    Route(
        "DELETE",
        "/_sandbox/faults/<fault_id>",
        delete_fault,
        "Remove one fault rule",
        tag="Faults",
        description="Webhooks that a rule holds back are sent.",
        status=204,
    ),
]
