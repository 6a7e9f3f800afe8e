"""What an assessment costs where it happens: payments paid in turns through two dashboards on one database, each of
which reads first what the other has written (the shared tail)."""

from __future__ import annotations

import copy
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.risk.models import Assessment
from tests import stack as stacks
from tests.app.live.listening import another_dashboard, database_of
from tests.clients import OrderService

PAYMENTS = 400


def tails() -> dict[str, list[dict[str, float]]]:
    """By database: milliseconds of the whole opinion, and of the tail in it, of every scored payment."""
    folder = Path(tempfile.mkdtemp(prefix="counterfoil-tail-"))
    databases = stacks.Databases(folder)
    try:
        return {engine: _paid(engine, databases, folder) for engine in stacks.ENGINES}
    finally:
        stacks.stop_everything()
        databases.close()
        shutil.rmtree(folder, ignore_errors=True)


def _paid(engine: stacks.Engine, databases: stacks.Databases, folder: Path) -> list[dict[str, float]]:
    with stacks.running_stack(engine, databases, folder) as stack, another_dashboard(stack) as address:
        beside = copy.copy(stack)
        beside.facts = stack.facts | {"dashboard": address}
        shops = OrderService(stack), OrderService(beside)
        devices = [secrets.token_hex(6) for _ in range(20)]
        for number in range(PAYMENTS):
            shop = shops[number % 2]
            shop.pay(shop.place(context={"device_id": devices[number % len(devices)]}))
        with database_of(stack) as database, Session(database) as session:
            wanted = select(Assessment.took_us, Assessment.tail_us).where(Assessment.score.is_not(None))
            rows: Any = session.execute(wanted.order_by(Assessment.id)).all()
    return [{"whole": row.took_us / 1000, "tail": row.tail_us / 1000} for row in rows[len(rows) // 10 :]]
