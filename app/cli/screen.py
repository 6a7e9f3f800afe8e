"""What `up` shows: moving progress on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn


class Screen:
    """Tells a person, or a log, what is going on. With `quiet` progress is left out and only trouble is told."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._console = Console(stderr=quiet, highlight=False, soft_wrap=True)

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

    @contextmanager
    def bar(self, text: str) -> Iterator[Callable[[int, int], None]]:
        """Show how far something has come; yields what is to be told how many of how many are done, by any thread."""
        if self._quiet:
            yield lambda done, total: None
        elif self.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
            with Progress(*columns, console=self._console, transient=True) as progress:
                task = progress.add_task(text, total=None)
                yield lambda done, total: progress.update(task, completed=done, total=total)
        else:
            self.say(f"{text} …")
            quarters = [0]

            def tell(done: int, total: int) -> None:
                if total and quarters[0] < done * 4 // total < 4:
                    quarters[0] = done * 4 // total
                    self.say(f"  {quarters[0] * 25} %")

            yield tell

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
