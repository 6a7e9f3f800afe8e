"""The gateway as a process: starting, refusing to start, ending on every kind of end, broken HTTP."""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from sandbox_gateway.config import SettingError, load_config
from tests.gateway.hooked import Hooked
from tests.gateway.receiver import receiving
from tests.stack import Databases, Gateway, Process, clean_environment, free_port, group_members, until

Start = Callable[..., Gateway]
ENDS_WITHIN = 8
"""It gives itself four seconds by its own watch; a machine at work with much else takes longer to let it end."""


def run_gateway(*arguments: str, folder: Path, **settings: object) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    environment = clean_environment(**{"COUNTERFOIL_GATEWAY_DATA": folder, **settings})
    return subprocess.run(
        [sys.executable, "-m", "sandbox_gateway", *arguments],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


class Standing:
    """A gateway on a folder of its own, started again by whichever test finds it ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process, self.url = start_process(folder)

    def started(self) -> Standing:
        if not self.process.running:
            self.process, self.url = start_process(self.folder)
        return self


def start_process(folder: Path, *arguments: str) -> tuple[Process, str]:
    """`serve` with these options on a port that it finds, once it answers; where it says it is."""
    argv = [sys.executable, "-m", "sandbox_gateway", "serve", "--data", str(folder), "--port", "0", *arguments]
    log = folder / f"gateway-{secrets.token_hex(4)}.log"
    process = Process("gateway", argv, env=clean_environment(), log=log, cwd=folder)
    line = until(lambda: process.output.partition("\n")[0], what="the line with the address", within=60)
    url = line.removeprefix("sandbox gateway on ")
    process.wait_ready(f"{url}/readyz")
    return process, url


@pytest.fixture(scope="module")
def folder(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gateway's data folder whose database has all its tables."""
    folder = tmp_path_factory.mktemp("server")
    made = databases.migrated("sqlite", "gateway").removeprefix("sqlite:///")
    Path(made).rename(folder / "gateway.db")
    return folder


@pytest.fixture(scope="module")
def standing(folder: Path) -> Iterator[Standing]:
    """What the tests of this file share, and may end."""
    made = Standing(folder)
    yield made
    made.process.kill()


@pytest.fixture
def served(standing: Standing) -> Standing:
    """A gateway that runs."""
    return standing.started()


def connect(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=10)


def test_a_free_port_is_taken_when_none_is_given_and_told_once_it_answers(served: Standing) -> None:
    assert re.fullmatch(r"sandbox gateway on http://127\.0\.0\.1:\d+\n", served.process.output.splitlines(True)[0])
    assert requests.get(f"{served.url}/healthz", timeout=10).status_code == 200


def test_a_second_gateway_on_the_same_file_is_refused(served: Standing) -> None:
    done = run_gateway("serve", "--port", "0", folder=served.folder)
    assert done.returncode == 1
    assert done.stderr.startswith("sandbox gateway: another gateway is serving sqlite:///")
    assert done.stderr.count("\n") == 1
    assert requests.get(f"{served.url}/healthz", timeout=10).status_code == 200


def test_a_killed_worker_is_replaced(served: Standing) -> None:
    [worker] = [pid for pid in group_members(served.process.pid) if pid != served.process.pid]
    os.kill(worker, signal.SIGKILL)
    until(lambda: worker not in group_members(served.process.pid), what="the worker's end")
    served.process.wait_ready(f"{served.url}/readyz")


def test_sigterm_ends_it_in_time_with_connections_of_every_kind_open(served: Standing) -> None:
    process, url = served.process, served.url
    kept_alive = requests.Session()
    assert kept_alive.get(f"{url}/healthz", timeout=10).status_code == 200
    silent, half_a_head, half_a_body = (connect(url) for _ in range(3))
    half_a_head.sendall(b"POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-")
    half_a_body.sendall(
        b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_test_stalledbody\r\n"
        b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    assert requests.get(f"{url}/healthz", timeout=10).status_code == 200

    process.signal(signal.SIGTERM)
    assert process.wait(ENDS_WITHIN) == 0
    until(lambda: not group_members(process.pid), what="the end of its workers")
    for one in (silent, half_a_head, half_a_body, kept_alive):
        one.close()


def test_a_database_of_another_pepper_is_refused(served: Standing) -> None:
    key = {"Authorization": "Bearer sk_test_pepper01"}
    assert requests.get(f"{served.url}/v1/account", headers=key, timeout=30).status_code == 200
    assert served.process.stop() == 0
    pepper = served.folder / "gateway_pepper"
    kept = pepper.read_bytes()
    pepper.write_text("0" * 64)
    refused = run_gateway("serve", "--port", "0", folder=served.folder)
    assert refused.returncode == 1
    assert "was written with another pepper: give back the file gateway_pepper" in refused.stderr
    pepper.write_bytes(kept)
    assert requests.get(f"{served.started().url}/v1/account", headers=key, timeout=30).status_code == 200


def test_ctrl_c_ends_it_when_it_runs_alone(served: Standing) -> None:
    served.process.signal_group(signal.SIGINT)
    assert served.process.wait(ENDS_WITHIN) == 0
    until(lambda: not group_members(served.process.pid), what="the end of its workers")


def test_its_workers_end_when_it_is_killed_itself_and_it_can_start_again_at_once(served: Standing) -> None:
    stalled = connect(served.url)
    stalled.sendall(b"GET /healthz HTTP/1.1\r\n")
    served.process.signal(signal.SIGKILL)
    served.process.wait()
    killed = served.process.pid
    served.started()
    until(lambda: not group_members(killed), what="the end of the workers", within=ENDS_WITHIN)
    stalled.close()
    assert served.process.stop() == 0


def test_ctrl_c_is_left_to_the_parent_when_it_is_a_child(standing: Standing) -> None:
    if standing.process.running:
        standing.process.stop()
    process, url = start_process(standing.folder, "--child")
    process.signal_group(signal.SIGINT)
    assert requests.get(f"{url}/healthz", timeout=10).status_code == 200
    assert process.running
    assert process.stop() == 0


_PARENT = """
import os, signal, subprocess, sys
read_end, write_end = os.pipe()
subprocess.Popen([*sys.argv[1:], "--parent-fd", str(read_end)], pass_fds=[read_end])
os.close(read_end)
signal.pause()
"""


def test_it_ends_with_its_parent_even_a_killed_one(tmp_path: Path) -> None:
    port = free_port()
    child = [sys.executable, "-m", "sandbox_gateway", "serve", "--child", "--data", str(tmp_path), "--port", str(port)]
    argv = [sys.executable, "-c", _PARENT, *child]
    parent = Process("parent", argv, env=clean_environment(), log=tmp_path / "log", cwd=tmp_path)
    parent.wait_ready(f"http://127.0.0.1:{port}/readyz")
    assert len(group_members(parent.pid)) >= 3

    parent.signal(signal.SIGKILL)
    parent.wait()
    until(lambda: not group_members(parent.pid), what="the end of the orphans", within=ENDS_WITHIN)


def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_gateway("serve", "--port", str(port), folder=tmp_path)
    assert done.returncode == 1
    said = f"port {port} on 127.0.0.1 is taken; give another: --port, or --gateway-port of counterfoil"
    assert done.stderr == f"sandbox gateway: {said}\n"
    assert done.stdout == ""


def test_an_address_of_another_machine_is_one_clear_line(tmp_path: Path) -> None:
    done = run_gateway("serve", "--host", "192.0.2.1", "--port", "0", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("sandbox gateway: cannot listen on port 0 of 192.0.2.1: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COUNTERFOIL_GATEWAY_PORT", "http"),
        ("COUNTERFOIL_GATEWAY_PORT", "-1"),
        ("COUNTERFOIL_GATEWAY_PORT", "65536"),
        ("COUNTERFOIL_GATEWAY_PORT", "8001.0"),
        ("COUNTERFOIL_GATEWAY_THREADS", "0"),
        ("COUNTERFOIL_GATEWAY_THREADS", "\u0663"),
        ("COUNTERFOIL_GATEWAY_WORKERS", "65"),
        ("COUNTERFOIL_GATEWAY_WORKERS", "many"),
        ("COUNTERFOIL_GATEWAY_DATABASE_URL", "mysql://localhost/x"),
        ("COUNTERFOIL_GATEWAY_DATABASE_URL", "sqlite://"),
        ("COUNTERFOIL_GATEWAY_DATABASE_URL", "sqlite:///:memory:"),
        ("COUNTERFOIL_GATEWAY_DATABASE_URL", "postgresql://host:port/x"),
        ("COUNTERFOIL_GATEWAY_DATABASE_URL", "gateway.db"),
        ("COUNTERFOIL_GATEWAY_CRASH_AT", "payment"),
        ("COUNTERFOIL_GATEWAY_PEPPER", "short"),
        ("COUNTERFOIL_GATEWAY_DATA", "/dev/null/data"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingError, match=rf"^{name}: [^\n]+$"):
        load_config({}, {"COUNTERFOIL_GATEWAY_DATA": str(tmp_path), name: value})


def test_a_wrong_setting_is_one_line(tmp_path: Path) -> None:
    done = run_gateway("migrate", folder=tmp_path, COUNTERFOIL_GATEWAY_WORKERS=0)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "sandbox gateway: COUNTERFOIL_GATEWAY_WORKERS: must be a whole number from 1 to 64, not '0'\n"
    )


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("postgresql://ann:word@db.example/gateway", "postgresql+psycopg://ann:word@db.example/gateway"),
        ("postgresql+psycopg://ann@/gateway?host=/run", "postgresql+psycopg://ann@/gateway?host=%2Frun"),
        ("sqlite:////data/gateway.db", "sqlite:////data/gateway.db"),
    ],
)
def test_database_urls_are_taken_as_people_write_them(tmp_path: Path, given: str, taken: str) -> None:
    config = load_config({"data": str(tmp_path)}, {"COUNTERFOIL_GATEWAY_DATABASE_URL": given})
    assert config.database_url == taken


def test_an_option_wins_over_the_environment_and_that_over_the_shared_folder(tmp_path: Path) -> None:
    shared = {"COUNTERFOIL_DATA": str(tmp_path / "shared"), "COUNTERFOIL_GATEWAY_PORT": "9001"}
    assert load_config({}, shared).database_url == f"sqlite:///{tmp_path}/shared/gateway.db"
    config = load_config(
        {"port": "9002", "threads": None}, shared | {"COUNTERFOIL_GATEWAY_DATA": str(tmp_path / "own")}
    )
    assert (config.port, config.threads, config.data) == (9002, 32, tmp_path / "own")
    assert stat.S_IMODE(config.data.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "x"], "sandbox gateway: --port: must be a whole number from 0 to 65535, not 'x'\n"),
        (["--parent-fd", "99"], "sandbox gateway: --parent-fd: 99 is not an open file descriptor\n"),
    ],
)
def test_a_wrong_option_is_one_line_that_names_it(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = run_gateway("serve", *arguments, folder=tmp_path)
    assert (done.returncode, done.stderr) == (2, said)


def test_a_database_that_is_away_is_one_clear_line(tmp_path: Path) -> None:
    url = f"postgresql://nobody:secret@127.0.0.1:{free_port()}/none"
    done = run_gateway("serve", "--port", "0", "--database-url", url, folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("sandbox gateway: cannot use the database postgresql+psycopg://nobody:***@")
    assert "secret" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_secrets_are_made_once_and_for_the_owner_alone(start_gateway: Start) -> None:
    gateway = start_gateway()
    pepper = gateway.data_dir / "gateway_pepper"
    assert stat.S_IMODE(pepper.stat().st_mode) == 0o600
    before = pepper.read_bytes()
    account = Hooked(gateway)
    with receiving() as receiver:
        endpoint = account.endpoint(receiver)
        gateway.restart()
        account.pay()
        account.drain()
        assert len(receiver.requests) == 1
        rotated = account.call("POST", f"/v1/webhook_endpoints/{endpoint['id']}/rotate_secret")
    assert pepper.read_bytes() == before
    assert endpoint["secret"] != rotated["secret"]


def test_no_secret_lies_in_the_database_or_the_log(start_gateway: Start) -> None:
    gateway = start_gateway()
    account = Hooked(gateway)
    with receiving() as receiver:
        endpoint = account.ask("POST", "/v1/webhook_endpoints", {"url": receiver.url}, key="k1").json()
        account.pay()
        account.drain()
    gateway.stop()
    for file in gateway.data_dir.parent.rglob("*"):
        if file.is_file():
            written = file.read_bytes()
            assert endpoint["secret"].removeprefix("whsec_").encode() not in written, file
            assert gateway.database_url.startswith("postgresql") or account.key.encode() not in written, file


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nHo st: x\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"G\x00T / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 400),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 200 + b"\r\n", 431),
        (b"POST /v1/tokens HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: what\r\n\r\n", 400),
        (b"POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    ],
)
def test_broken_http_gets_a_problem_and_no_html(gateway: Gateway, sent: bytes, status: int) -> None:
    with connect(gateway.url) as connection:
        connection.sendall(sent)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"Content-Type: application/problem+json" in head
    assert b"<" not in body
    assert requests.get(f"{gateway.url}/healthz", timeout=10).status_code == 200
