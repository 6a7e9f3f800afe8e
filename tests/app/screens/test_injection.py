"""Texts that would be SQL or lines of a log, wherever a request carries any: looked for, or refused by name."""

from __future__ import annotations

import csv
import io
import secrets
from urllib.parse import quote

import pytest

from tests.app.screens.visitor import Visitor
from tests.clients import OrderService
from tests.stack import Stack

TEXTS = (
    "' OR '1'='1",
    "'; DROP TABLE orders; --",
    "x' UNION SELECT token_hash FROM api_tokens --",
    "\\' OR 1=1 --",
    "%",
)
LOOKED_FOR = {
    "/orders": ("q", "reference", "customer"),
    "/payments": ("q", "reference", "customer"),
    "/refunds": ("q", "reference", "customer"),
    "/disputes": ("q", "reference", "customer"),
    "/audit": ("q", "who", "subject"),
    "/customers": ("q",),
    "/notifications": ("q",),
    "/webhooks": ("q",),
    "/approvals": ("q",),
    "/merchants": ("q",),
    "/settlements": ("q",),
    "/reconciliation": ("q",),
    "/search": ("q",),
}
CHOSEN = ("status", "created", "sort", "cursor", "currency", "amount", "last4", "network", "decline", "reason", "since")
SAID = ("syntax error", "OperationalError", "ProgrammingError", "sqlite3", "psycopg", "Traceback")


@pytest.mark.parametrize("text", TEXTS)
def test_what_would_be_sql_is_looked_for_or_refused(visitor: Visitor, service: OrderService, text: str) -> None:
    placed = service.place()
    for path, names in LOOKED_FOR.items():
        queries = ["&".join(f"{name}={quote(text)}" for name in some) for some in (names, ("q",), CHOSEN)]
        for query in dict.fromkeys(queries):
            answer = visitor.get(f"{path}?{query}")
            assert answer.status_code in (200, 404, 422), f"{path}?{query}: {answer.status_code}"
            assert not [one for one in SAID if one in answer.text], f"{path}?{query}"
            assert "q=" not in query or placed["id"] not in answer.text, f"{path}?{query} finds everything"
    for query in (f"reference={quote(text)}", f"customer={quote(text)}"):
        told = service.call("GET", f"/orders?{query}")
        assert (told.status_code, told.json()["data"]) == (200, []), query
    assert service.call("GET", f"/orders/{quote(text, safe='')}").status_code in (404, 405)
    assert service.order(placed) == placed, "the tables are still there"


def test_what_would_be_a_line_of_the_log_stays_one_value(stack: Stack, visitor: Visitor, service: OrderService) -> None:
    mark = f"forged-{secrets.token_hex(6)}"
    nasty = f'Out of stock\r\n{{"event": "{mark}"}}\r\n\x1b[31m{mark}'
    order = service.place(reference=f"L {mark}")
    answer = service.call("POST", f"/orders/{order['id']}/cancel", {"reason": nasty}, **{"X-Request-Id": mark})
    assert answer.status_code == 200
    service.call("GET", f"/orders/{quote(nasty, safe='')}")
    visitor.get(f"/search?q={quote(nasty)}")
    listed = visitor.get(f"/audit?subject={order['id']}&format=csv")
    told = list(csv.DictReader(io.StringIO(listed.text.lstrip("\ufeff"), newline="")))
    assert [row for row in told if mark in " ".join(map(str, row.values()))] == told != []
    for log in (stack.data_dir / "logs").glob("*"):
        lines = log.read_text(errors="replace").splitlines()
        assert not [line for line in lines if line.startswith(('{"event": "' + mark, "\x1b[31m" + mark))], log.name
    assert "waiting" in stack.cli("audit", "verify", "--json")
