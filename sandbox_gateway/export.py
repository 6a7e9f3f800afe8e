"""All that an account has, as JSON lines: each object as a GET of it answers, in the order in which they were made."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, g, request
from sqlalchemy import Column, Connection, select

from sandbox_gateway import account_routes
from sandbox_gateway.accounts import Account
from sandbox_gateway.bodies import read_query
from sandbox_gateway.disputes.queries import get_dispute
from sandbox_gateway.disputes.rows import disputes
from sandbox_gateway.events import events, get_event
from sandbox_gateway.faults.routes import get_fault
from sandbox_gateway.faults.rules import faults
from sandbox_gateway.payments.queries import get_payment
from sandbox_gateway.payments.schema import payments
from sandbox_gateway.pipeline import do_due
from sandbox_gateway.problems import Problem, not_found
from sandbox_gateway.refund_rows import refunds
from sandbox_gateway.refunds import get_refund
from sandbox_gateway.routes import Answer, Gateway
from sandbox_gateway.settlements.lines import LINES, show_line
from sandbox_gateway.settlements.plant_routes import get_plant
from sandbox_gateway.settlements.queries import get_payout, get_settlement
from sandbox_gateway.settlements.schema import TRUTH, payouts, plants, settlement_lines, settlements
from sandbox_gateway.snapshots import get_snapshot, snapshots
from sandbox_gateway.tokens import get_token, tokens
from sandbox_gateway.webhooks.deliveries import webhook_deliveries
from sandbox_gateway.webhooks.endpoints import get_endpoint, webhook_endpoints
from sandbox_gateway.webhooks.log import get_delivery

PATH = "/_sandbox/export"
CONTENT_TYPE = "application/jsonl"

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of object: its name, what orders and names its rows, and the answer to a GET of one."""

    name: str
    made: Column[Any]
    id: Column[Any]
    get: Callable[[Connection, Account, str], Answer]


def _get_line(tx: Connection, account: Account, line_row: str) -> Answer:
    mine = LINES.where(settlement_lines.c.account_id == account.id, settlement_lines.c.row == int(line_row))
    found = tx.execute(mine.where(settlement_lines.c.appears != TRUTH)).first()
    if found is None:
        raise not_found("settlement line")
    return Answer(show_line(found))


# Of what was made at the same moment, that comes first which the other is made of.
_KINDS = (
    _Kind("webhook_endpoint", webhook_endpoints.c.created_us, webhook_endpoints.c.id, get_endpoint),
    _Kind("fault", faults.c.created_us, faults.c.id, get_fault),
    _Kind("token", tokens.c.created_us, tokens.c.id, get_token),
    _Kind("payment", payments.c.created_us, payments.c.id, get_payment),
    _Kind("refund", refunds.c.created_us, refunds.c.id, get_refund),
    _Kind("dispute", disputes.c.created_us, disputes.c.id, get_dispute),
    # By the row: lines have no index on their ids, and a planted error can have the id of the line that it replaces.
    _Kind("settlement_line", settlement_lines.c.created_us, settlement_lines.c.row, _get_line),
    _Kind("settlement", settlements.c.closed_us, settlements.c.id, get_settlement),
    _Kind("payout", payouts.c.created_us, payouts.c.id, get_payout),
    _Kind("plant", plants.c.created_us, plants.c.id, get_plant),
    _Kind("event", events.c.timestamp_us, events.c.id, get_event),
    _Kind("webhook_delivery", webhook_deliveries.c.due_us, webhook_deliveries.c.id, get_delivery),
    _Kind("snapshot", snapshots.c.taken_us, snapshots.c.name, get_snapshot),
)

# Moment, place among the kinds, row, id.
_Entry = tuple[int, int, int, str]


def add_to(app: Flask, gateway: Gateway) -> None:
    def export() -> Response:
        caller = gateway.accounts.authenticate(request.headers.get("Authorization"))
        g.account_id = caller.account_id
        if caller.kind == "publishable":
            raise Problem("publishable_key")
        read_query(None, request.args)
        base_url = request.host_url.rstrip("/")
        do_due(gateway, caller.account_id)
        entries = gateway.store.read(lambda tx: _index(tx, caller.account_id))
        response = Response(_lines(gateway, caller.account_id, base_url, entries), content_type=CONTENT_TYPE)
        response.headers["Content-Disposition"] = 'attachment; filename="export.jsonl"'
        return response

    app.add_url_rule(PATH, "export", export, methods=["GET"], provide_automatic_options=False)


def _index(tx: Connection, account_id: int) -> list[_Entry]:
    found: list[_Entry] = []
    for place, kind in enumerate(_KINDS):
        table = kind.id.table
        # A batch of settlement lines is a settlement from its closing on.
        there = table.c.account_id == account_id, kind.made.is_not(None)
        rows = tx.execute(select(kind.made, table.c.row, kind.id).where(*there))
        found.extend((made_us, place, row, id_) for made_us, row, id_ in rows.tuples())
    return sorted(found)


def _lines(gateway: Gateway, account_id: int, base_url: str, entries: list[_Entry]) -> Iterator[str]:
    """Read in parts while they are sent: a slow client holds up nobody, and a long account takes no more memory."""

    def account_line(tx: Connection) -> str:
        return _line("account", account_routes.get_account(tx, gateway.accounts.load(tx, account_id)))

    def part(begin: int) -> Callable[[Connection], list[str]]:
        def read(tx: Connection) -> list[str]:
            account = gateway.accounts.load(tx, account_id, base_url)
            return [line for entry in entries[begin : begin + _AT_ONCE] for line in _show(tx, account, entry)]

        return read

    yield gateway.store.read(account_line)
    for begin in range(0, len(entries), _AT_ONCE):
        yield "".join(gateway.store.read(part(begin)))


def _show(tx: Connection, account: Account, entry: _Entry) -> list[str]:
    kind = _KINDS[entry[1]]
    try:
        return [_line(kind.name, kind.get(tx, account, entry[3]))]
    except Problem:
        # It was taken away while the lines before it were sent, or it is in no report.
        return []


def _line(name: str, answer: Answer) -> str:
    assert answer.body is not None
    return json.dumps({"object": name, **answer.body}, ensure_ascii=False, separators=(",", ":")) + "\n"
