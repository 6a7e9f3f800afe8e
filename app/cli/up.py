"""`counterfoil up`: the gateway, the dashboard and the worker, from nothing to running with one command."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click

from app.cli.database import opened
from app.cli.home import publishable_key
from app.cli.loading import loading
from app.cli.main import main
from app.cli.options import Place, json_option, place_options
from app.cli.ports import DASHBOARD_PORT, GATEWAY_PORT, first_free, url_of
from app.cli.screen import Screen
from app.cli.telling import AT_WORK, Found, WrongUsage
from app.config import Settings
from app.ending import leave
from app.errors import SettingError
from app.operators.sign_in import create_sign_in_link
from app.schema import upgrade
from app.supervisor import PARENT_FD, DidNotStart, Program, Supervisor

_PYTHON = (sys.executable, "-P", "-m")  # -P: a folder named `app` where the user stands is not ours
_CHILD = ("--child", "--parent-fd", PARENT_FD)


@click.command()
@place_options
@json_option
@click.option("--no-demo", is_flag=True, help="Begin empty, without the demo's orders.")
@click.option(
    "--demo-orders",
    type=click.IntRange(1, 10_000),
    default=300,
    show_default=True,
    help="How many orders the demo has.",
)
@click.option("--parent-fd", type=int, hidden=True, help="End when this descriptor reads end-of-file.")
@click.option("--end-with-parent", is_flag=True, hidden=True, help="End when the process that started this one does.")
def up(
    place: Place,
    as_json: bool,
    no_demo: bool,
    demo_orders: int,
    parent_fd: int | None,
    end_with_parent: bool,
) -> None:
    """Start everything: sandbox gateway, dashboard and worker. Ctrl-C stops it all.

    The first start makes the data folder with its secrets and both databases (SQLite, unless URLs say otherwise).
    It prints a link that signs you in once as an administrator, the addresses, and the gateway's test keys. A port
    that is taken is passed over for the next free one, which is tried first the next time. No network is used.

    While app and gateway are both empty, it also plays the orders of a shop's last 30 days, in less than a minute,
    on the sandbox account's clock. Interrupted, the next start goes on; with --no-demo none of it happens.

    With --json one line tells the same when all are ready: dashboard, gateway, sign_in_link, secret_key,
    publishable_key, data.

    \b
    Examples
      counterfoil up
      counterfoil up --no-demo
      counterfoil up --port 9000 --gateway-port 9001 --data /srv/counterfoil
      counterfoil up --database-url postgresql://me@localhost/app \\
                     --gateway-database-url postgresql://me@localhost/gateway
    """
    screen = Screen(quiet=as_json)
    place.home.prepare()

    def waiting() -> None:
        screen.progress("waiting for the last run's processes to end")

    with (
        place.home.held(waiting) as lock,
        Supervisor(screen.say, parent_fd=parent_fd, end_with_parent=end_with_parent, keep_fds=[lock]) as supervisor,
    ):
        place = _with_ports(place, screen)
        settings = place.settings()
        try:
            link = _start(place, settings, supervisor, screen, None if no_demo else demo_orders)
        except DidNotStart as failure:
            raise _explained(failure) from None
        if link is not None:
            _tell(place, settings, link, screen, as_json=as_json)
            if not supervisor.run():
                raise Found("ended, because one of the programs does not stay up")
        screen.progress("ending …")
        supervisor.stop()
        screen.progress("ended")
    leave(0)


def _explained(failure: DidNotStart) -> Found:
    if failure.exit_code == 2:  # its settings: it says which one, and what would be right
        return WrongUsage(str(failure))
    how = "did not answer in time" if failure.exit_code is None else f"ended with exit code {failure.exit_code}"
    return Found(f"the {failure.program} did not start, it {how}:\n{failure}")


def _with_ports(place: Place, screen: Screen) -> Place:
    """The place with ports that are free now, remembered for the next time."""
    kept = place.home.ports()
    host = place.listens_on
    wanted_gateway = _wanted(place.gateway_port, "COUNTERFOIL_GATEWAY_PORT", kept.get("gateway"), GATEWAY_PORT)
    wanted_dashboard = _wanted(place.port, "COUNTERFOIL_PORT", kept.get("dashboard"), DASHBOARD_PORT)
    port = first_free(host, wanted_dashboard, avoid=wanted_gateway[:1])
    gateway_port = first_free(host, wanted_gateway, avoid=[port])
    for name, asked, got in (("dashboard", wanted_dashboard, port), ("gateway", wanted_gateway, gateway_port)):
        if got != asked[0]:
            screen.progress(f"port {asked[0]} is taken: the {name} listens on {got}")
    place.home.remember_ports(port, gateway_port)
    return replace(place, host=host, port=port, gateway_port=gateway_port)


def _wanted(option: int | None, setting: str, kept: int | None, usual: int) -> list[int]:
    """Ports in the order in which to try them."""
    if option is not None:
        return [option]
    text = os.environ.get(setting)
    if text:
        if not re.fullmatch(r"\d{1,5}", text) or not 1 <= int(text) <= 65_535:
            raise SettingError(f"{setting} is {text!r}: it must be a whole number from 1 to 65535")
        return [int(text)]
    return [kept, usual] if kept is not None and kept != usual else [usual]


def _start(
    place: Place, settings: Settings, supervisor: Supervisor, screen: Screen, demo_orders: int | None
) -> str | None:
    """Start all three and wait until they serve. The path of a sign-in link; None if told to end meanwhile."""
    assert place.gateway_port is not None

    def progress(name: str, took: float) -> None:
        screen.progress(f"{name} ready in {took:.1f} s")

    journey = None
    gateway_ready = f"{url_of(settings.host, place.gateway_port)}/readyz"
    dashboard_ready = f"{url_of(settings.host, settings.port)}/readyz"
    with screen.working("starting the gateway"):
        supervisor.start(_program(place, "gateway", ["sandbox_gateway", "serve"], ready_url=gateway_ready))
        with loading():
            from app.cli import dashboard, demo, worker  # noqa: F401, PLC0415  # slow, and so is the gateway's start

        with opened(settings) as engine:
            before = upgrade(engine)
            if not before.is_newest:
                screen.progress(f"database at revision {before.newest}")
            demo_is_due = demo.is_due(settings, demo_orders)
        if demo_is_due:  # the clock is turned back before the worker begins to read it
            if not supervisor.wait_ready(progress):
                return None
            journey = demo.prepared(settings, demo_orders)
    supervisor.start(_program(place, "dashboard", ["app.cli", "dashboard"], ready_url=dashboard_ready))
    supervisor.start(_program(place, "worker", ["app.cli", "worker"], ready_line=AT_WORK))
    with screen.working("starting dashboard and worker"):
        if not supervisor.wait_ready(progress):
            return None
    if journey is not None:
        demo.play(settings, journey, supervisor, screen)
        if supervisor.told_to_end:
            return None
    with opened(settings):
        return create_sign_in_link()


def _program(
    place: Place, name: str, command: list[str], *, ready_url: str | None = None, ready_line: str | None = None
) -> Program:
    env = os.environ | place.environment() | place.gateway_environment()
    log = place.home.logs / f"{name}.log"
    module, *arguments = command
    run = _as_command(arguments) if module == "app.cli" else None
    return Program(name, [*_PYTHON, *command, *_CHILD], env, log, ready_url, ready_line, run)


def _as_command(arguments: list[str]) -> Callable[[int], object]:
    """What `counterfoil` does with these arguments, in this process."""
    return lambda parent_fd: main([part.replace(PARENT_FD, str(parent_fd)) for part in (*arguments, *_CHILD)])


def _tell(place: Place, settings: Settings, link: str, screen: Screen, *, as_json: bool) -> None:
    publishable = publishable_key(settings.gateway_secret_key)
    sign_in = settings.public_url + link
    if as_json:
        facts = {
            "dashboard": settings.public_url,
            "gateway": settings.gateway_url,
            "sign_in_link": sign_in,
            "secret_key": settings.gateway_secret_key,
            "publishable_key": publishable,
            "data": str(place.home.data),
        }
        click.echo(json.dumps(facts))
        sys.stdout.flush()
        return
    screen.say("\nCounterfoil is running. Open this link to sign in; it works once, within 15 minutes:\n")
    screen.say(f"  {sign_in}\n")
    screen.table(
        [
            ("Dashboard", settings.public_url),
            ("Gateway", f"{settings.gateway_url} (its API: /docs)"),
            ("Secret key", settings.gateway_secret_key),
            ("Publishable key", publishable),
            ("Data", _short(place.home.data)),
            ("Logs", _short(place.home.logs)),
        ]
    )
    screen.say(f"\nAnother link: {_ourselves()} sign-in-link. To stop: press Ctrl-C.")


def _ourselves() -> str:
    """How this command was called, if it is not on the PATH."""
    return "counterfoil" if shutil.which("counterfoil") else _short(Path(sys.argv[0]).absolute())


def _short(path: Path) -> str:
    """The path as seen from here, where that is shorter."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
