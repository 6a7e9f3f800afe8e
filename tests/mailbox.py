"""A mail server for tests: a real SMTP server on loopback that keeps what it gets and refuses whom it is told to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller

from tests.stack import free_port, until


@dataclass(frozen=True)
class Letter:
    """One e-mail as it came in."""

    recipients: list[str]
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    def part(self, kind: str) -> str:
        """The `plain` or `html` text."""
        found = self.message.get_body((kind,))
        assert found is not None
        return str(found.get_content())


class Mailbox:
    """Collects letters. `refuse` answers a recipient with a line of SMTP instead of taking it.

    While `speaks` is not set, it says no word to whoever names a recipient.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.letters: list[Letter] = []
        self.refuse: dict[str, str] = {}
        self.speaks = threading.Event()
        self.speaks.set()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        await asyncio.to_thread(self.speaks.wait)
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.letters.append(Letter(list(envelope.rcpt_tos), message))
        return "250 OK"

    def to(self, address: str) -> list[Letter]:
        """What came for an address."""
        return [letter for letter in list(self.letters) if address in letter.recipients]

    def wait_for(self, address: str, count: int = 1) -> list[Letter]:
        """The same, once there are so many."""
        return until(
            lambda: found if len(found := self.to(address)) >= count else None,
            what=f"{count} e-mails to {address}",
            within=30,
        )


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """A mail server for as long as the block runs."""
    box = Mailbox(free_port())
    server = Controller(box, hostname="127.0.0.1", port=box.port)
    server.start()
    try:
        yield box
    finally:
        server.stop()
