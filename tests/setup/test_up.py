"""`counterfoil up`: what it makes and prints, how it ends, and that nothing outlives it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from tests import stack as stacks
from tests.stack import CLI, Process, Stack, clean_environment, free_port, group_members, lifeline, run_cli, until

PROGRAMS = ("gateway", "dashboard", "worker")


def serves(stack: Stack) -> bool:
    """Whether dashboard and gateway both answer."""
    try:
        return all(
            requests.get(f"{url}/readyz", timeout=5).status_code == 200
            for url in (stack.dashboard_url, stack.gateway_url)
        )
    except requests.ConnectionError:
        return False


def programs(stack: Stack) -> dict[str, int]:
    """The process ids of the three programs, by name."""
    found = {}
    for pid in group_members(stack.process.pid):
        try:
            status = Path(f"/proc/{pid}/status").read_text()
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            command = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        if f"\nPPid:\t{stack.process.pid}\n" not in status:
            continue
        if "sandbox_gateway" in command:
            found["gateway"] = pid
        elif name in PROGRAMS:  # one that was just started is not called so yet
            found[name] = pid
    return found


@contextmanager
def clients_that_hold_on(stack: Stack) -> Iterator[None]:
    """Idle kept-alive connections and half-sent requests, on both programs."""
    with ExitStack() as open_ones:
        for url in (stack.dashboard_url, stack.gateway_url):
            session = open_ones.enter_context(requests.Session())
            assert session.get(f"{url}/healthz", timeout=5).status_code == 200
            host, _, port = url.removeprefix("http://").partition(":")
            stalled = open_ones.enter_context(socket.create_connection((host, int(port))))
            stalled.sendall(b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Le")
            silent = open_ones.enter_context(socket.create_connection((host, int(port))))
            assert silent.fileno() > 0
        yield


def test_the_first_start_prints_what_a_newcomer_needs(tmp_path: Path) -> None:
    argv = [*CLI, "up", "--no-demo", "--data", "here", "--port", str(free_port()), "--gateway-port", str(free_port())]
    process = Process(
        "up", [*argv, "--parent-fd", str(lifeline())], env=clean_environment(), log=tmp_path / "up.log", cwd=tmp_path
    )
    until(lambda: "To stop: press Ctrl-C" in process.output or not process.running, what="the start", within=60)
    told = process.output
    assert process.running, told
    assert "\x1b" not in told
    link = re.search(r"http://127\.0\.0\.1:\d+/sign-in/link/\S+", told)
    secret = re.search(r"Secret key +(sk_test_[A-Za-z0-9]{8,64})\n", told)
    publishable = re.search(r"Publishable key +(pk_test_[0-9a-f]{24})\n", told)
    gateway = re.search(r"Gateway +(http://127\.0\.0\.1:\d+)", told)
    assert link is not None, told
    assert secret is not None, told
    assert publishable is not None, told
    assert gateway is not None, told

    page = requests.get(link.group(), timeout=10)
    assert page.status_code == 200
    assert "<button" in page.text
    account = requests.get(
        f"{gateway.group(1)}/v1/account", headers={"Authorization": f"Bearer {secret.group(1)}"}, timeout=10
    )
    assert account.json()["publishable_key"] == publishable.group(1)

    assert stat.S_IMODE((tmp_path / "here").stat().st_mode) == 0o700
    secrets = [path for path in (tmp_path / "here" / "secrets").iterdir() if path.is_file()]
    assert {path.name for path in secrets} >= {"secret_key", "gateway_secret_key"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}
    assert process.stop() == 0


@pytest.mark.parametrize("how", ["ctrl-c", "sigterm", "hangup"])
def test_told_to_end_it_ends_within_five_seconds_and_leaves_nobody(own_stack: Stack, how: str) -> None:
    with clients_that_hold_on(own_stack):
        if how == "ctrl-c":
            own_stack.process.signal_group(signal.SIGINT)
        elif how == "hangup":
            own_stack.process.signal_group(signal.SIGHUP)
        else:
            own_stack.process.signal(signal.SIGTERM)
        assert own_stack.process.wait(within=5) == 0
    assert group_members(own_stack.process.pid) == []
    own_stack.start()
    assert serves(own_stack)


def test_killing_the_parent_takes_the_children_along(own_stack: Stack) -> None:
    with clients_that_hold_on(own_stack):
        own_stack.process.signal(signal.SIGKILL)
        until(lambda: not group_members(own_stack.process.pid), what="the children's end", within=10)


def test_a_start_right_after_a_kill_keeps_ports_and_secrets(own_stack: Stack) -> None:
    before = own_stack.facts
    own_stack.process.signal(signal.SIGKILL)
    own_stack.process.wait()
    own_stack.start()
    after = own_stack.facts
    assert {**after, "sign_in_link": ""} == {**before, "sign_in_link": ""}
    assert after["sign_in_link"] != before["sign_in_link"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_that_dies_is_started_again(own_stack: Stack, program: str) -> None:
    died = programs(own_stack)[program]
    os.kill(died, signal.SIGKILL)
    until(lambda: programs(own_stack).get(program, died) != died, what=f"a new {program}", within=60)
    until(lambda: serves(own_stack), what="all to serve again", within=60)
    assert f"{program} ended unexpectedly with signal SIGKILL; starting it again" in own_stack.process.output


def test_a_program_that_dies_again_and_again_ends_everything(own_stack: Stack) -> None:
    secret = own_stack.data_dir / "secrets" / "secret_key"
    kept = secret.read_text()
    secret.write_text("short")
    seen: set[int] = set()

    def ended() -> bool:
        worker = programs(own_stack).get("worker")
        if worker is not None and not seen:
            seen.add(worker)
            os.kill(worker, signal.SIGKILL)
        return not own_stack.process.running

    try:
        until(ended, what="the end", within=60)
    finally:
        secret.write_text(kept)
    assert own_stack.process.wait() == 1
    assert "COUNTERFOIL_SECRET_KEY must have at least 32 characters" in own_stack.process.output
    assert group_members(own_stack.process.pid) == []


def test_taken_ports_move_on_and_are_remembered(own_stack: Stack) -> None:
    own_stack.stop()
    wanted = {name: int(own_stack.facts[name].rpartition(":")[2]) for name in ("dashboard", "gateway")}
    with ExitStack() as others:
        for port in wanted.values():
            others.enter_context(socket.create_server(("127.0.0.1", port)))
        own_stack.start()
        moved = {name: int(own_stack.facts[name].rpartition(":")[2]) for name in wanted}
        assert not set(moved.values()) & set(wanted.values())
        assert serves(own_stack)
    assert json.loads((own_stack.data_dir / "ports.json").read_text()) == moved
    own_stack.restart()
    assert {name: int(own_stack.facts[name].rpartition(":")[2]) for name in wanted} == moved


def test_two_on_one_data_folder_are_refused(shared_stack: Stack) -> None:
    refused = run_cli("up", cwd=shared_stack.data_dir, settings=shared_stack.environment())
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert str(shared_stack.data_dir) in refused.stderr
    assert serves(shared_stack)


def test_it_ends_with_the_process_that_started_it_if_asked_to(tmp_path: Path) -> None:
    command = [
        *CLI,
        "up",
        "--no-demo",
        "--json",
        "--end-with-parent",
        "--port",
        str(free_port()),
        "--gateway-port",
        str(free_port()),
    ]
    argv = [sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])", *command]
    starter = Process("starter", argv, env=clean_environment(), log=tmp_path / "log", cwd=tmp_path)
    until(lambda: "sign_in_link" in starter.output or not starter.running, what="the start", within=60)
    assert starter.running, starter.output
    starter.signal(signal.SIGKILL)
    until(lambda: not group_members(starter.pid), what="the end of all", within=15)


WATCH_THE_NETWORK = """
import ipaddress, os, sys
def watch(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if host not in (None, "localhost") and not ipaddress.ip_address(host).is_loopback:
        with open(os.environ["NETWORK_USED"], "a") as file:
            file.write(f"{sys.argv} {event} {host}\\n")
sys.addaudithook(watch)
"""


def test_no_start_uses_the_network_or_what_lies_where_the_user_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(WATCH_THE_NETWORK)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "hook"))
    monkeypatch.setenv("NETWORK_USED", str(tmp_path / "used"))
    for decoy in ("app", "sandbox_gateway", "click"):
        (tmp_path / decoy).mkdir()
        (tmp_path / decoy / "__init__.py").write_text("raise SystemExit('a stranger was imported')")
    stack = stacks.Stack("sqlite", tmp_path / "var", f"sqlite:///{tmp_path}/a.db", f"sqlite:///{tmp_path}/g.db")
    for _ in range(2):
        with monkeypatch.context() as proxied:
            proxied.setenv("HTTP_PROXY", "http://192.0.2.1:9")
            stack.start()
        assert serves(stack)
        assert stack.stop() == 0
    assert not (tmp_path / "used").exists(), (tmp_path / "used").read_text()
    subprocess.run(
        [sys.executable, "-c", "import socket; socket.create_connection(('127.0.0.1', 1))"],
        check=False,
        capture_output=True,
    )
    assert not (tmp_path / "used").exists()
    subprocess.run([sys.executable, "-c", "import socket; socket.getaddrinfo('192.0.2.1', 1)"], check=True)
    assert (tmp_path / "used").exists(), "the watch does not watch"


@pytest.mark.parametrize(
    ("settings", "arguments", "names"),
    [
        ({"COUNTERFOIL_PORT": "many"}, [], "COUNTERFOIL_PORT"),
        ({"COUNTERFOIL_PORT": "70000"}, [], "COUNTERFOIL_PORT"),
        ({"COUNTERFOIL_GATEWAY_PORT": "x"}, [], "COUNTERFOIL_GATEWAY_PORT"),
        ({"COUNTERFOIL_DATABASE_URL": "mysql://here"}, [], "COUNTERFOIL_DATABASE_URL"),
        ({"COUNTERFOIL_GATEWAY_DATABASE_URL": "mysql://here"}, [], "COUNTERFOIL_GATEWAY_DATABASE_URL"),
        ({"COUNTERFOIL_GATEWAY_SECRET_KEY": "sk_live_12345678"}, [], "COUNTERFOIL_GATEWAY_SECRET_KEY"),
        ({"COUNTERFOIL_SECRET_KEY": "short"}, [], "COUNTERFOIL_SECRET_KEY"),
        ({"COUNTERFOIL_THREADS": "0"}, [], "COUNTERFOIL_THREADS"),
        ({"COUNTERFOIL_GATEWAY_THREADS": "0"}, [], "COUNTERFOIL_GATEWAY_THREADS"),
        ({"COUNTERFOIL_PUBLIC_URL": "here"}, [], "COUNTERFOIL_PUBLIC_URL"),
        ({}, ["--port", "0"], "--port"),
        ({}, ["--host", "192.0.2.7"], "--host"),
        ({}, ["--host", "no such host"], "--host"),
        ({}, ["--data", "/dev/null/x"], "--data"),
        ({}, ["--database-url", "nonsense"], "COUNTERFOIL_DATABASE_URL"),
        ({}, ["--nonsense"], "--nonsense"),
        ({}, ["--gateway-port", str(2**40)], "--gateway-port"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_and_nothing_runs(
    tmp_path: Path, settings: dict[str, str], arguments: list[str], names: str
) -> None:
    ports = [] if "--port" in arguments or "COUNTERFOIL_PORT" in settings else ["--port", str(free_port())]
    refused = run_cli("up", *ports, *arguments, cwd=tmp_path, settings=settings)
    assert refused.returncode == 2, refused.stdout + refused.stderr
    assert names in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "sk_live" not in refused.stderr


@pytest.mark.parametrize("option", ["--database-url", "--gateway-database-url"])
def test_a_database_that_does_not_answer_is_one_clear_line(tmp_path: Path, option: str) -> None:
    ports = ["--port", str(free_port()), "--gateway-port", str(free_port())]
    refused = run_cli("up", *ports, option, "postgresql://nobody:s3cr3t@127.0.0.1:1/nothing", cwd=tmp_path)
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "127.0.0.1" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "s3cr3t" not in refused.stderr
