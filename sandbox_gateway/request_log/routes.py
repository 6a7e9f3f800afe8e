"""Reading the request log."""

from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Connection, Row, bindparam, select
from typing_extensions import TypedDict

from sandbox_gateway import lists, times
from sandbox_gateway.accounts import Account
from sandbox_gateway.faults.rules import Operation
from sandbox_gateway.fields import text_field
from sandbox_gateway.request_log.draft import ClientSaw, Verdict
from sandbox_gateway.request_log.masking import mask_text
from sandbox_gateway.request_log.recorder import KEPT
from sandbox_gateway.request_log.schema import request_log
from sandbox_gateway.routes import Answer, Gateway, Route

PATH = "/_sandbox/requests"

_ALL = select(request_log).where(request_log.c.account_id == bindparam("account_id"))
_ORDER = (request_log.c.received_us, request_log.c.row)


class LoggedRequest(TypedDict):
    """One request and its answer. Card numbers, CVCs and secrets are masked; long bodies are cut after 8 KiB."""

    object: Literal["request"]
    request_id: str
    at: Annotated[str, Field(description="By the account's clock.")]
    received_at: Annotated[str, Field(description="By the wall clock.")]
    method: str
    path: str
    operation: Operation | None
    key: str | None
    verdict: Annotated[
        Verdict | None,
        Field(
            description="What became of its idempotency key. first: done under this key. replayed: the first answer "
            "again. other_body: refused, the key stands for another request. concurrent: refused, the first one was "
            "still running. expired: done anew, the first answer was too old. no_key: sent without one. "
            "money_moved_twice: a second payment under the same reference, with another key or none, while the first "
            "one holds or has taken money. null: no key was looked at."
        ),
    ]
    reference: str | None
    payment: str | None
    status: Annotated[int | None, Field(description="What went over the wire; null: nothing did.")]
    true_status: Annotated[
        int | None, Field(description="Of the answer that was decided and, under a key, kept; null: nothing was done.")
    ]
    error_code: str | None
    client_saw: Annotated[
        ClientSaw | None, Field(description="null: not known, the gateway died before the answer left.")
    ]
    fault: Annotated[str | None, Field(description="The fault rule that struck.")]
    duration_ms: Annotated[float | None, Field(description="Until the answer began to leave.")]
    request_body: str | None
    response_body: Annotated[str | None, Field(description="The true answer's.")]


class RequestQuery(lists.PageQuery):
    """Filters of the request log."""

    operation: Operation | None = None
    verdict: Verdict | None = None
    reference: Annotated[str, text_field(255, least=1)] | None = None
    key: Annotated[str, text_field(255, least=1), Field(description="An idempotency key, bare.")] | None = None
    payment: Annotated[str, text_field(64, least=1), Field(description="A payment's id.")] | None = None


def list_requests(gateway: Gateway, account_id: int, base_url: str, query: RequestQuery) -> Answer:
    """The newest first, what was answered just now included."""
    gateway.recorder.flush()
    rows = _ALL.params(account_id=account_id)
    for column, wanted in (
        (request_log.c.operation, query.operation if query.operation != "*" else None),
        (request_log.c.verdict, query.verdict),
        (request_log.c.reference, query.reference and mask_text(query.reference)),
        (request_log.c.key, query.key and mask_text(query.key)),
        (request_log.c.payment_id, query.payment),
    ):
        if wanted is not None:
            rows = rows.where(column == wanted)

    def page(tx: Connection) -> Answer:
        account: Account = gateway.accounts.load(tx, account_id, base_url)
        found, cursor = lists.fetch(tx, account, "requests", rows, _ORDER, query)
        return Answer(lists.page_of(found, cursor, _shown))

    return gateway.store.read(page)


def _shown(row: Row[Any]) -> LoggedRequest:
    return {
        "object": "request",
        "request_id": row.request_id,
        "at": times.to_wire(row.at_us),
        "received_at": times.to_wire(row.received_us),
        "method": row.method,
        "path": row.path,
        "operation": row.operation,
        "key": row.key,
        "verdict": row.verdict,
        "reference": row.reference,
        "payment": row.payment_id,
        "status": row.status,
        "true_status": row.true_status,
        "error_code": row.error_code,
        "client_saw": row.client_saw,
        "fault": row.fault_id,
        "duration_ms": None if row.duration_us is None else row.duration_us / 1000,
        "request_body": row.request_body,
        "response_body": row.response_body,
    }


ROUTES = [
    Route(
        "GET",
        PATH,
        list_requests,
        "The request log, newest first",
        tag="Simulation",
        description=f"Every request that came with this account's keys, but for those of this very list; the newest "
        f"{KEPT} at least. With several processes, the other ones' reads may be missing for a second.",
        query=RequestQuery,
        answer=lists.Page[LoggedRequest],
        outside=True,
        problems=("invalid_cursor",),
    ),
]
