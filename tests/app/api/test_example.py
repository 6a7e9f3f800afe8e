"""The script in the README is the file that is run here, against a real stack."""

from __future__ import annotations

import subprocess
import sys

from tests.building.files import ROOT
from tests.clients import GatewayAccount, OrderService, both_agree
from tests.stack import Stack, clean_environment

SCRIPT = ROOT / "docs" / "examples" / "pay_capture_refund.py"


def test_the_readme_shows_the_script_as_it_is() -> None:
    script = SCRIPT.read_text(encoding="utf-8")
    assert f"```python\n{script}```\n" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(script.splitlines()) <= 30


def test_the_script_pays_captures_and_refunds_an_order(
    stack: Stack, service: OrderService, account: GatewayAccount
) -> None:
    env = clean_environment(DESK=stack.dashboard_url, TOKEN=service.authorization.removeprefix("Bearer "))
    done = subprocess.run([sys.executable, SCRIPT], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "declined insufficient_funds",
        "authorized",
        "partially_captured",
        "paid",
        "partially_refunded",
        "refunded",
        "4999 4999",
    ]
    order = service.call("GET", "/orders?status=refunded&limit=1").json()["data"][0]
    both_agree(order, account.payments(order))
