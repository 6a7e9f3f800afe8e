"""What `up` shows: moving progress on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext

from rich.console import Console
from rich.status import Status


class Screen:
    """Tells a person, or a log, what is going on. With `quiet` progress is left out and only trouble is told."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._console = Console(stderr=quiet, highlight=False, soft_wrap=True)
        self._status: Status | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether a person watches."""
        return self._console.is_terminal

    def working(self, text: str) -> AbstractContextManager[object]:
        """Show that something goes on, for as long as the block runs."""
        if self._quiet:
            return nullcontext()
        if not self.is_terminal:
            self.say(f"{text} …")
            return nullcontext()
        return self._console.status(text)

    def progress(self, text: str) -> None:
        """One step is done."""
        if not self._quiet:
            self._console.print(f"[green]✓[/] {text}" if self.is_terminal else text)

    def say(self, text: str) -> None:
        """Something to know, trouble included."""
        self._console.print(text, markup=False)

    def table(self, rows: list[tuple[str, str]]) -> None:
        """Names and values, the values easy to copy: never wrapped, nothing after them."""
        width = max(len(name) for name, _ in rows) + 2
        for name, value in rows:
            if self.is_terminal:
                self._console.print(f"  [bold]{name:<{width}}[/]", end="")
                self._console.print(value, markup=False)
            else:
                self._console.print(f"  {name:<{width}}{value}", markup=False)
        sys.stdout.flush()
