"""What the gateway's request log costs: processor time of one payment's life with it and without, in one process.

`python -m bench.request_log [--lives N] [--rounds N] [--profile]`: SQLite, the application without its server. Without
the log nothing is masked, drafted or written down; rounds alternate. With --profile, where a life's time goes.
"""

from __future__ import annotations

import argparse
import cProfile
import io
import json
import os
import pstats
import secrets
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from flask import Flask
from sqlalchemy import Engine, event

from sandbox_gateway.config import load_config
from sandbox_gateway.logs import configure
from sandbox_gateway.migrate import upgrade
from sandbox_gateway.request_log import draft, recorder
from sandbox_gateway.storage import Store
from sandbox_gateway.web import create_app

_CARD = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2090, "cvc": "123"}

# Every connection that was made. Most statements go past SQLAlchemy, so only the driver knows of all.
_CONNECTIONS: list[sqlite3.Connection] = []
_FRAME = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


class Shop:
    """Whoever pays at an application, without a socket between."""

    def __init__(self, app: Flask) -> None:
        self.app, self.key = app, f"sk_test_{secrets.token_hex(12)}"

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One request; its answer."""
        raw = b"" if body is None else json.dumps(body).encode()
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8001",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1:8001",
            "HTTP_AUTHORIZATION": f"Bearer {self.key}",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(raw),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if method == "POST":
            environ |= {
                "CONTENT_TYPE": "application/json",
                "CONTENT_LENGTH": str(len(raw)),
                "HTTP_IDEMPOTENCY_KEY": secrets.token_hex(12),
            }
        told: list[str] = []

        def start(status: str, _headers: object, _error: object = None) -> Callable[[bytes], object]:
            told.append(status)
            return lambda _rest: None

        answer = self.app.wsgi_app(environ, start)
        found = json.loads(b"".join(answer))
        assert told[0][0] == "2", found
        return found

    def life(self) -> None:
        """A token, an authorization, a capture, a refund, and the payment retrieved."""
        token = self.call("POST", "/v1/tokens", {"card": _CARD, "amount": 2599, "currency": "USD"})["id"]
        asked = {"token": token, "amount": 2599, "currency": "USD", "reference": f"order-{secrets.token_hex(6)}"}
        address = f"/v1/payments/{self.call('POST', '/v1/payments', asked)['id']}"
        self.call("POST", f"{address}/capture", {})
        self.call("POST", f"{address}/refunds", {"amount": 1000})
        assert self.call("GET", address)["amount_refunded"] == 1000


@contextmanager
def without_log() -> Iterator[None]:
    """Requests leave nothing behind for whoever looks at them later."""
    with ExitStack() as held:
        for name in ("asks", "gets", "is_about", "leaves"):
            held.enter_context(patch.object(draft.Draft, name, lambda *_: None))
        held.enter_context(patch.object(recorder, "write_with", lambda *_: None))
        held.enter_context(patch.object(recorder.Recorder, "finish", lambda *_: None))
        for name in ("mask_address", "mask_text"):
            held.enter_context(patch(f"sandbox_gateway.web.{name}", lambda text, *_: text))
        yield


def per_life(shop: Shop, lives: int) -> float:
    """Milliseconds of processor time, those of the log's own thread too."""
    begun = time.process_time()
    for _ in range(lives):
        shop.life()
    shop.app.extensions["gateway"].recorder.flush()
    return (time.process_time() - begun) * 1000 / lives


def statements(shop: Shop) -> int:
    """How many a life takes."""
    counted: list[str] = []
    for connection in _CONNECTIONS:
        connection.set_trace_callback(counted.append)
    shop.life()
    shop.app.extensions["gateway"].recorder.flush()
    for connection in _CONNECTIONS:
        connection.set_trace_callback(None)
    return sum(not one.startswith(_FRAME) for one in counted)


def main() -> None:
    """Measure, and print a table and one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lives", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - the log's lines are written as in life, and thrown away
        configure()
        config = load_config({"data": folder}, {})
        upgrade(config.database_url)
        store = Store(config.database_url)
        event.listen(Engine, "connect", lambda connection, _record: _CONNECTIONS.append(connection))
        app = create_app(config, store)
        app.extensions["gateway"].recorder.start()
        shop = Shop(app)
        per_life(shop, 30)
        if asked.profile:
            profile(shop, asked.lives)
        number = statements(shop)
        found: dict[str, list[float]] = {"with": [], "without": []}
        for _ in range(asked.rounds):
            found["with"].append(per_life(shop, asked.lives))
            with without_log():
                found["without"].append(per_life(shop, asked.lives))
        app.extensions["gateway"].recorder.close()
        store.dispose()
    medians = {name: statistics.median(times) for name, times in found.items()}
    share = 1 - medians["without"] / medians["with"]
    print(
        f"a life: {medians['with']:.2f} ms with the request log, {medians['without']:.2f} ms without: {share:.1%} of it"
    )
    print(f"{number} statements a life")
    print(json.dumps({"with_ms": medians["with"], "without_ms": medians["without"], "share": share}))


def profile(shop: Shop, lives: int) -> None:
    """Print where the time goes."""
    watched = cProfile.Profile()
    watched.enable()
    for _ in range(lives):
        shop.life()
    watched.disable()
    pstats.Stats(watched, stream=sys.stdout).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    main()
