"""The mail server: read out of its URL, and one try at handing it an e-mail."""

from __future__ import annotations

import smtplib
import ssl
import time
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from urllib.parse import unquote, urlsplit

from app.errors import SettingError
from app.notifications.post import plain

TIMEOUT_SECONDS = 10.0
_PORTS = {"smtp": 25, "smtps": 465}
_URL_HELP = "smtp://host:25, smtp://user:password@host:587?starttls or smtps://user:password@host:465"


@dataclass(frozen=True)
class MailServer:
    """Where e-mails are handed over. `host` None: nowhere, they are kept to be read here."""

    sender: Address
    host: str | None = None
    port: int = 25
    user: str | None = None
    password: str | None = None
    is_tls: bool = False
    starts_tls: bool = False

    @property
    def shown(self) -> str:
        """For people, without the password."""
        return f"{'smtps' if self.is_tls else 'smtp'}://{self.host}:{self.port}"


@dataclass(frozen=True)
class Handover:
    """How one try went. `is_final`: trying again would bring the same refusal."""

    status: int | None
    error: str | None
    is_final: bool
    duration_ms: int
    answer: str = ""

    @property
    def is_taken(self) -> bool:
        return self.error is None


def read_mail_server(url: str | None, sender: str) -> MailServer:
    """The server of COUNTERFOIL_SMTP_URL and COUNTERFOIL_MAIL_FROM. SettingError, which repeats no password."""
    name, address = parseaddr(sender)
    try:
        author = Address(name, addr_spec=address)
    except (MessageError, ValueError, IndexError):
        author = None
    if author is None or "@" not in address:
        raise SettingError(f"COUNTERFOIL_MAIL_FROM is {sender!r}: it must be an address, like Shop <pay@shop.example>")
    if url is None:
        return MailServer(author)
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        port, host, parts = None, None, urlsplit("")
    if parts.scheme not in _PORTS or not host or parts.path not in ("", "/") or parts.query not in ("", "starttls"):
        raise SettingError(f"COUNTERFOIL_SMTP_URL must look like {_URL_HELP} (it is not repeated here)")
    return MailServer(
        author,
        host,
        port or (587 if parts.query else _PORTS[parts.scheme]),
        None if parts.username is None else unquote(parts.username),
        None if parts.password is None else unquote(parts.password),
        parts.scheme == "smtps",
        parts.query == "starttls",
    )


def hand_over(server: MailServer, letter: EmailMessage) -> Handover:
    """Give the server one e-mail and tell how it went; never raises."""
    started = time.monotonic()

    def told(status: int | None, error: str | None, *, is_final: bool = False, answer: str = "") -> Handover:
        return Handover(
            status, error and plain(error, 500), is_final, int((time.monotonic() - started) * 1000), plain(answer, 500)
        )

    try:
        with _connection(server) as connection:
            connection.send_message(letter)
    except smtplib.SMTPRecipientsRefused as refused:
        code, words = next(iter(refused.recipients.values()))
        return told(code, f"the address was refused: {_text(words)}", is_final=code >= 500)
    except smtplib.SMTPDataError as refused:
        return told(refused.smtp_code, f"refused: {_text(refused.smtp_error)}", is_final=refused.smtp_code >= 500)
    except smtplib.SMTPNotSupportedError as missing:
        return told(None, f"the mail server cannot: {missing}", is_final=True)
    except smtplib.SMTPResponseException as refused:
        return told(refused.smtp_code, f"the mail server refused us: {_text(refused.smtp_error)}")
    except (smtplib.SMTPException, OSError, ssl.SSLError) as trouble:
        return told(None, f"the mail server does not answer: {str(trouble) or type(trouble).__name__}")
    except (MessageError, ValueError, UnicodeError) as wrong:
        return told(None, f"this is no e-mail that can be sent: {wrong}", is_final=True)
    return told(250, None)


def _connection(server: MailServer) -> smtplib.SMTP:
    assert server.host is not None, "without a server e-mails are kept"
    context = ssl.create_default_context()
    if server.is_tls:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=context)
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    try:
        if server.starts_tls:
            connection.starttls(context=context)
        if server.user is not None:
            connection.login(server.user, server.password or "")
    except BaseException:
        connection.close()
        raise
    return connection


def _text(words: bytes | str) -> str:
    return words.decode(errors="replace") if isinstance(words, bytes) else str(words)


def envelope(
    server: MailServer, message_id: str, recipient: str, name: str, subject: str, language: str, text: str, html: str
) -> EmailMessage:
    """The e-mail as it goes out. ValueError for an address or a subject that could smuggle in a header."""
    letter = EmailMessage(policy=SMTP)
    letter["From"] = server.sender
    user, _, domain = recipient.rpartition("@")
    letter["To"] = Address(" ".join(name.split()), username=user, domain=domain)
    letter["Subject"] = " ".join(subject.split())
    letter["Message-ID"] = f"<{message_id}@{server.sender.domain}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(text)
    letter.add_alternative(html, subtype="html")
    letter["Content-Language"] = language
    return letter
