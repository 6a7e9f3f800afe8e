"""`make`: what it says there is to make, and what it says when the machine lacks something."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.building.files import ROOT


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make in the checkout; nothing that it does here touches it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_help_is_what_make_alone_says() -> None:
    told = make().stdout
    assert told == make("help").stdout
    for target in ("run", "test", "soak", "check", "shell", "clean", "lock"):
        assert f"  make {target} " in told


@pytest.mark.parametrize(
    ("python", "says"),
    [
        (None, "Python 3.11 or newer is needed: apt install python3 python3-venv"),
        ("case $* in *version_info*) exit 1;; *-V*) echo Python 3.9.2;; esac", "Python 3.11 or newer is needed, "),
        ("case $* in *ensurepip*) exit 1;; esac", "Python's venv is missing: apt install python3-venv"),
    ],
    ids=["no python", "an old python", "no venv"],
)
def test_what_is_missing_gets_one_clear_line(tmp_path: Path, python: str | None, says: str) -> None:
    pretended = tmp_path / "python"
    if python is not None:
        pretended.write_text(f"#!/bin/sh\n{python}\n")
        pretended.chmod(0o755)
    told = make("run", f"PYTHON={pretended}", f"VENV={tmp_path}/venv")
    assert told.returncode != 0
    assert told.stdout.count("\n") == 1
    assert told.stdout.startswith(says)
    assert not (tmp_path / "venv").exists()


def test_a_second_start_installs_nothing(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    for stamp in ("made", "run", "test"):
        (venv / f"{stamp}.stamp").touch()
    planned = make("--dry-run", "run", f"VENV={venv}").stdout.splitlines()
    assert planned == [f"{venv}/bin/counterfoil up --end-with-parent"]


def test_the_callers_settings_do_not_reach_the_tests(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    for stamp in ("made", "run", "test"):
        (venv / f"{stamp}.stamp").touch()
    python = venv / "bin" / "python"
    python.write_text('#!/bin/sh\ncase "$*" in *pytest*) env;; esac\n')
    python.chmod(0o755)
    env = os.environ | {"COUNTERFOIL_PORT": "9", "COUNTERFOIL_GATEWAY_DATABASE_URL": "sqlite:///a b.db", "KEPT": "yes"}
    done = subprocess.run(
        ["make", "test", f"VENV={venv}"], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert "KEPT=yes" in done.stdout
    assert "COUNTERFOIL_" not in done.stdout
