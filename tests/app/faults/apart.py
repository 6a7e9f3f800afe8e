"""Gateway, dashboard and worker started one by one, so that what lies between them can be spoiled."""

from __future__ import annotations

import contextlib
import resource
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import create_engine, make_url, text

from app.config import database_url_of
from tests.clients import GatewayAccount, Json, OrderService
from tests.database import engine_of
from tests.stack import (
    CLI,
    Databases,
    Engine,
    Process,
    Stack,
    clean_environment,
    free_port,
    group_members,
    lifeline,
    running_gateway,
    until,
)
from tests.toxics import Proxy

AT_ONCE = 16


@dataclass
class Apart:
    """An installation whose way to its gateway leads through a proxy, and everybody who stands around it."""

    stack: Stack
    proxy: Proxy
    processes: list[Process]
    service: OrderService = field(init=False)
    account: GatewayAccount = field(init=False)

    def __post_init__(self) -> None:
        self.service, self.account = OrderService(self.stack), GatewayAccount(self.stack)

    def authorized(self) -> Json:
        """An order whose money is held."""
        order = self.service.place()
        assert self.service.pay(order)["status"] == "authorized"
        return self.service.order(order)

    def paid(self) -> Json:
        """An order whose money was taken."""
        order = self.service.place()
        assert self.service.pay(order, capture=True)["status"] == "captured"
        return self.service.order(order)

    def act(self, order: Json, action: str, body: Json, **headers: str) -> requests.Response:
        """One act on an order, by the API."""
        return self.service.call("POST", f"/orders/{order['id']}/{action}", body, **headers)

    def act_on_each(self, orders: Mapping[str, Json], action: str, body: Json) -> dict[str, requests.Response]:
        """The same act on all of them, at once; the answers by the orders' names."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = pool.map(lambda order: self.act(order, action, body), orders.values())
            return dict(zip(orders, answers, strict=True))

    def rows(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        """What the app's database answers."""
        with engine_of(self.stack.database_url).connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement), values)]

    @contextlib.contextmanager
    def broken_database(self) -> Iterator[None]:
        """While the block runs, nothing can be written: no file may grow; on PostgreSQL every connection is cut."""
        if self.stack.engine == "sqlite":
            with self._full_disk():
                yield
        else:
            with self._no_connections():
                yield

    @contextlib.contextmanager
    def _full_disk(self) -> Iterator[None]:
        pids = [pid for process in self.processes for pid in group_members(process.pid)]
        endless = resource.RLIM_INFINITY
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, endless))
        try:
            yield
        finally:
            for pid in pids:
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (endless, endless))

    @contextlib.contextmanager
    def _no_connections(self) -> Iterator[None]:
        url = make_url(database_url_of(self.stack.database_url))
        server = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
        with closing(server.connect()) as connection:
            connection.exec_driver_sql(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS false')
            cut = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
            connection.execute(cut, {"name": url.database})
            try:
                yield
            finally:
                connection.exec_driver_sql(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS true')
        server.dispose()

    @contextlib.contextmanager
    def locked_database(self) -> Iterator[None]:
        """While the block runs, somebody else writes and does not come to an end."""
        engine = create_engine(database_url_of(self.stack.database_url), isolation_level="AUTOCOMMIT")
        begin = "BEGIN IMMEDIATE" if self.stack.engine == "sqlite" else "BEGIN; LOCK TABLE payments IN EXCLUSIVE MODE"
        with closing(engine.connect()) as connection:
            connection.exec_driver_sql(begin)
            try:
                yield
            finally:
                connection.exec_driver_sql("ROLLBACK")
        engine.dispose()


@contextlib.contextmanager
def running_apart(engine: Engine, databases: Databases, directory: Path, **settings: object) -> Iterator[Apart]:
    """All of it for as long as the block runs; keywords become `COUNTERFOIL_<NAME>` settings."""
    with running_gateway(engine, databases, directory) as gateway, Proxy(gateway.url) as proxy:
        folder = Path(tempfile.mkdtemp(prefix="apart-", dir=directory))
        port = free_port()
        address, key = f"http://127.0.0.1:{port}", gateway.new_key()
        own = {"port": port, "public_url": address, "gateway_url": proxy.url, "gateway_secret_key": key}
        given = {"secret_key": "s" * 32, **own, **settings}
        stack = Stack(engine, folder / "var", databases.fresh(engine, "app"), gateway.database_url, given)
        stack.facts = {"dashboard": address, "gateway": gateway.url, "secret_key": key}
        stack.cli_here("db", "upgrade")
        environment = clean_environment(**stack.environment())
        processes = [
            Process(
                f"{name} apart",
                [*CLI, name, "--parent-fd", str(lifeline())],
                env=environment,
                log=folder / f"{name}.log",
                cwd=folder,
                copied=True,
            )
            for name in ("dashboard", "worker")
        ]
        try:
            processes[0].wait_ready(f"{address}/readyz")
            until(lambda: "worker at work" in processes[1].output, what="the worker")
            yield Apart(stack, proxy, processes)
        finally:
            for process in processes:
                process.kill()
