"""How the commands tell of what went wrong."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import click

AT_WORK = "worker at work"
"""What the worker prints when it begins."""


class Found(click.ClickException):
    """Something is wrong or was not done: exit code 1."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        """One line on standard error, without click's heading."""
        click.echo(f"counterfoil: {self.format_message()}", err=True, file=file)


class WrongUsage(Found):
    """An option or a setting cannot be used as given: exit code 2."""

    exit_code = 2


def be_called(name: str) -> None:
    """The name of this process in `ps` and `top`, where the system has such names."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name, encoding="ascii")
