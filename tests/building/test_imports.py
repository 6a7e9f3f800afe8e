"""Who may import whom: the contracts in pyproject.toml."""

from __future__ import annotations

import subprocess
import sys

from tests.building.files import ROOT


def test_every_import_keeps_to_the_contracts() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-logo",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Contracts: 6 kept, 0 broken" in done.stdout
