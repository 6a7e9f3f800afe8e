"""What schemathesis makes of the gateway: all its phases and checks, and no operation left out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.gateway.client import Json
from tests.stack import Gateway

SOAKED_CASES = 20_000
HOOKS = Path(__file__).with_name("hooks.py")

# Two accounts read each other's addresses. A well-formed request may be refused by what it meets (409, 410, 422);
# the check in hooks.py sees to it that it is not called invalid.
SETTINGS = """
hooks = {hooks}
request-timeout = 30
output.sanitization.enabled = false
[auth.wfc]
path = {keys}
user = "one"
peers = ["one", "other"]
[phases.stateful.generation]
max-examples = {walks}
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "410", "422", "429", "5xx"]
"""


def fuzz(gateway: Gateway, folder: Path, *, seed: int, examples: int) -> Json:
    """One run of all phases against accounts of its own; its verdict. AssertionError with its words if it found any
    fault."""
    one, other, steering = (gateway.new_key() for _ in range(3))
    keys = [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {key}"}]}
        for name, key in (("one", one), ("other", other))
    ]
    (folder / "keys.json").write_text(json.dumps({"auth": keys}))
    settings = folder / "schemathesis.toml"
    settings.write_text(
        SETTINGS.format(hooks=json.dumps(str(HOOKS)), keys=json.dumps(str(folder / "keys.json")), walks=5 * examples)
    )
    report = folder / f"report-{seed}.json"
    ended = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(settings), "--no-color", "run"),
            *("--checks", "all", "--phases", "examples,coverage,fuzzing,stateful", "--mode", "all"),
            *("--max-examples", str(examples), "--seed", str(seed), "--generation-database", "none", "--no-shrink"),
            *("--continue-on-failure", "--report", "json", "--report-json-path", str(report)),
            f"{gateway.url}/openapi.json",
        ],
        cwd=folder,
        env=os.environ | {"GATEWAY_URL": gateway.url, "STEERING_KEY": steering, "PYTHONPATH": str(HOOKS.parents[3])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    verdict: Json = json.loads(report.read_text())
    return verdict


def test_no_request_brings_a_server_error_or_an_answer_that_the_document_does_not_know(
    start_gateway: Callable[..., Gateway], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    gateway = start_gateway()
    soak = bool(request.config.getoption("--soak"))
    done, seed = 0, 0
    while seed == 0 or (soak and done < SOAKED_CASES):
        seed += 1
        verdict = fuzz(gateway, tmp_path, seed=seed, examples=100 if soak else 6)
        assert (verdict["failures"], verdict["errors"], verdict["complete"]) == ([], [], True)
        assert verdict["operations"]["tested"] == verdict["operations"]["total"]
        done += verdict["test_cases"]["generated"]
    assert "request_failed" not in gateway.process.output
    assert "job_failed" not in gateway.process.output
