"""The other commands of `counterfoil`: ways in, the database, the doctor.

What a command says is asked of it in this process; one that runs a program, or is asked as its first user would, is a
process of its own.
"""

from __future__ import annotations

import json
import os
import signal
import stat
from pathlib import Path

import pytest
import requests
from click import Context

from app.cli import main
from tests import stack as stacks
from tests.stack import Stack, free_port, invoke_cli, run_cli, until

COMMANDS = [
    [],
    ["up"],
    ["dashboard"],
    ["gateway"],
    ["worker"],
    ["sign-in-link"],
    ["api-token"],
    ["api-token", "create"],
    ["demo"],
    ["db", "upgrade"],
    ["doctor"],
]
ROLES = ["admin", "finance", "operator", "developer", "viewer"]


@pytest.mark.parametrize("command", COMMANDS, ids=[" ".join(command) or "counterfoil" for command in COMMANDS])
def test_help_says_what_it_does_and_shows_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    told = invoke_cli(*command, "--help")
    assert told.exit_code == 0, told.stderr
    assert f"counterfoil {command[0] if command else 'up'}" in told.stdout
    assert max(map(len, told.stdout.splitlines())) <= 100
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "command", [["nonsense"], ["api-token"], ["api-token", "create"], ["sign-in-link", "--role", "king"]]
)
def test_wrong_usage_ends_with_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert invoke_cli(*command).exit_code == 2


def test_the_list_of_commands_says_of_each_what_its_own_help_begins_with() -> None:
    listed = " ".join(invoke_cli("--help").stdout.split())
    for name in main.list_commands(Context(main)):
        command = main.get_command(Context(main), name)
        assert command is not None
        assert f"{name} {command.get_short_help_str(limit=200)}" in listed


def test_a_process_answers_as_is_asked_here(tmp_path: Path) -> None:
    told, refused = run_cli("--help", cwd=tmp_path), run_cli("nonsense", cwd=tmp_path)
    assert (told.returncode, told.stdout.split()[-40:]) == (0, invoke_cli("--help").stdout.split()[-40:])
    assert (refused.returncode, refused.stderr.split()[-5:]) == (2, invoke_cli("nonsense").stderr.split()[-5:])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["sign-in-link"], ["api-token", "list"], ["dashboard"], ["worker"]])
def test_before_the_first_start_commands_say_how_to_begin(tmp_path: Path, command: list[str]) -> None:
    refused = run_cli(*command, "--data", "nothing-here", cwd=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "counterfoil up" in refused.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("role", ROLES)
def test_a_sign_in_link_signs_in_once(shared_stack: Stack, role: str) -> None:
    told = json.loads(shared_stack.cli_here("sign-in-link", "--role", role, "--json"))
    assert told["role"] == role
    assert told["url"].startswith(shared_stack.dashboard_url)
    assert told["expires_at"].endswith("+00:00")
    for _ in range(2):  # looking at it uses nothing up
        assert requests.get(told["url"], timeout=10).status_code == 200


def test_a_token_opens_the_api_until_it_is_revoked(shared_stack: Stack) -> None:
    token = shared_stack.cli("api-token", "create", "shop").strip()
    assert token.startswith("cf_")

    def status() -> int:
        url = f"{shared_stack.dashboard_url}/api/orders"
        return requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10).status_code

    assert status() == 200
    assert token not in shared_stack.cli_here("api-token", "list")
    listed = json.loads(shared_stack.cli_here("api-token", "list", "--json"))["data"]
    assert [(one["name"], one["role"], one["revoked_at"]) for one in listed] == [("shop", "operator", None)]
    refused = invoke_cli("api-token", "create", "shop", settings=shared_stack.environment())
    assert refused.exit_code == 1
    assert "shop" in refused.stderr

    shared_stack.cli_here("api-token", "revoke", "shop")
    assert status() == 401
    assert "revoked" in shared_stack.cli_here("api-token", "list")


@pytest.mark.parametrize("arguments", [["create", ""], ["create", "a\nb"], ["create", "x" * 101], ["revoke", "nobody"]])
def test_a_token_name_that_cannot_be_is_refused(shared_stack: Stack, arguments: list[str]) -> None:
    assert invoke_cli("api-token", *arguments, settings=shared_stack.environment()).exit_code == 1


def test_upgrading_twice_is_upgrading_once(engine: stacks.Engine, databases: stacks.Databases, tmp_path: Path) -> None:
    url = databases.fresh(engine, "upgrade")
    first = run_cli("db", "upgrade", "--database-url", url, cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "from empty to" in first.stdout
    again = run_cli("db", "upgrade", "--database-url", url, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "the newest revision" in again.stdout


def test_an_empty_database_is_not_served(tmp_path: Path) -> None:
    run_cli("db", "upgrade", cwd=tmp_path)
    for command in ("dashboard", "worker"):
        refused = run_cli(command, "--database-url", f"sqlite:///{tmp_path}/empty.db", cwd=tmp_path)
        assert refused.returncode == 1
        assert "counterfoil db upgrade" in refused.stderr


def test_a_dashboard_alone_says_that_its_port_is_taken(shared_stack: Stack) -> None:
    port = shared_stack.dashboard_url.rpartition(":")[2]
    refused = run_cli("dashboard", "--port", port, cwd=shared_stack.data_dir, settings=shared_stack.environment())
    assert refused.returncode == 1
    assert (
        refused.stderr.strip()
        == f"counterfoil: port {port} is taken: stop what listens there, or give another with --port"
    )


def test_the_doctor_finds_a_running_stack_healthy(shared_stack: Stack) -> None:
    def told() -> dict[str, object] | None:
        done = invoke_cli("doctor", "--json", settings=shared_stack.environment())
        report: dict[str, object] = json.loads(done.stdout)
        assert done.exit_code == (0 if report["healthy"] else 1)
        return report if report["healthy"] else None

    report = until(told, what="a clean bill of health")
    checks = report["checks"]
    assert isinstance(checks, list)
    assert {check["name"] for check in checks} == {
        "versions",
        "data",
        "settings",
        "disk",
        "database",
        "dashboard",
        "gateway",
        "clock",
        "worker",
    }
    assert "Nothing is wrong." in shared_stack.cli("doctor")


def test_the_doctor_names_what_is_wrong_and_the_mend(own_stack: Stack) -> None:
    own_stack.data_dir.chmod(0o755)
    (own_stack.data_dir / "secrets" / "secret_key").chmod(0o644)
    key = "sk_test_somebodyelse1"
    stopped = own_stack.environment(database_url=f"sqlite:///{own_stack.data_dir}/nothing.db", gateway_secret_key=key)
    gateway_port = own_stack.gateway_url.rpartition(":")[2]
    with_wrong_port = stopped | {"COUNTERFOIL_GATEWAY_URL": f"http://127.0.0.1:{free_port()}"}
    done = run_cli("doctor", "--json", cwd=own_stack.data_dir, settings=with_wrong_port)
    assert done.returncode == 1
    wrong = {check["name"]: check["mend"] for check in json.loads(done.stdout)["checks"] if check["state"] == "wrong"}
    assert wrong.keys() == {"data", "secrets", "database", "gateway"}
    assert wrong["data"] == f"chmod 700 {own_stack.data_dir}"
    assert wrong["secrets"].startswith("chmod 600 ")
    assert wrong["database"] == "counterfoil db upgrade"
    assert stat.S_IMODE(own_stack.data_dir.stat().st_mode) == 0o755, "the doctor changes nothing"
    assert gateway_port in own_stack.cli("doctor", code=1)
    own_stack.data_dir.chmod(0o700)
    (own_stack.data_dir / "secrets" / "secret_key").chmod(0o600)


def test_the_doctor_sees_that_nothing_runs(own_stack: Stack) -> None:
    own_stack.stop()
    told = own_stack.cli("doctor")
    assert "does not run" in told
    assert "Nothing is wrong." in told


def test_the_programs_run_alone_as_well(engine: stacks.Engine, databases: stacks.Databases, tmp_path: Path) -> None:
    app_url, gateway_url = databases.fresh(engine, "app"), databases.fresh(engine, "gateway")
    port, gateway_port = str(free_port()), str(free_port())
    options = ["--data", "var", "--port", port, "--gateway-port", gateway_port]
    options += ["--database-url", app_url, "--gateway-database-url", gateway_url]
    assert run_cli("db", "upgrade", "--data", "var", "--database-url", app_url, cwd=tmp_path).returncode == 0
    env = stacks.clean_environment()
    alone = {
        name: stacks.Process(name, [*stacks.CLI, name, *options], env=env, log=tmp_path / f"{name}.log", cwd=tmp_path)
        for name in ("gateway", "dashboard", "worker")
    }
    try:
        alone["gateway"].wait_ready(f"http://127.0.0.1:{gateway_port}/readyz")
        alone["dashboard"].wait_ready(f"http://127.0.0.1:{port}/readyz")
        until(lambda: "worker at work" in alone["worker"].output, what="the worker")
        for process in alone.values():
            os.killpg(process.pid, signal.SIGINT)
        assert {name: process.wait(within=20) for name, process in alone.items()} == dict.fromkeys(alone, 0)
    finally:
        for process in alone.values():
            process.kill()
