"""Browsers of people: with nothing, signed in by password, and the admin who invites them."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pyotp
import requests
from requests.adapters import HTTPAdapter

from tests.app.screens.visitor import Read, Visitor
from tests.clients import TIMEOUT
from tests.stack import Stack

PASSWORD = "four swans over the lake"


class _From(HTTPAdapter):
    """Connections that come from another loopback address."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: object, **kwargs: object) -> None:
        super().init_poolmanager(*args, **kwargs, source_address=(self._address, 0))  # type: ignore[arg-type]


@dataclass
class Hand:
    """A browser without scripts that is not signed in; `address` is where its connections come from."""

    stack: Stack
    address: str = "127.0.0.1"
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.mount("http://", _From(self.address))

    def get(self, path: str, *, follow: bool = True) -> requests.Response:
        return self.session.get(self._whole(path), timeout=TIMEOUT, allow_redirects=follow)

    def send(self, form_at: str, to: str, **written: str) -> requests.Response:
        """Fill the form of a page and send it."""
        return self.post(to, Read(self.get(form_at).text).fields | written)

    def post(self, to: str, fields: dict[str, str]) -> requests.Response:
        """Send fields as they are."""
        return self.session.post(self._whole(to), data=fields, timeout=TIMEOUT)

    def sign_in(self, email: str, password: str = PASSWORD) -> requests.Response:
        return self.send("/sign-in", "/sign-in", email=email, password=password)

    def is_in(self) -> bool:
        """Whether pages are shown."""
        return self.get("/orders", follow=False).status_code == 200

    def _whole(self, path: str) -> str:
        return path if path.startswith("http") else self.stack.dashboard_url + path


@dataclass(frozen=True)
class Person:
    """Somebody who was invited."""

    id: str
    name: str
    email: str


def invite(admin: Visitor, role: str = "operator", name: str | None = None) -> tuple[Person, str]:
    """Somebody new, and the address at which they set a password."""
    name = name or f"Ann {secrets.token_hex(4)}"
    email = f"{name.replace(' ', '.').lower()}@example.com"
    page = admin.send("/settings/operators/new", "/settings/operators", name=name, email=email, role=role)
    assert page.status_code == 200, page.text
    link = re.search(r"http://[^\s<\"]+/sign-in/password/[\w-]+", page.text)
    person = re.search(r"/settings/operators/(opr_\w+)", page.text)
    assert link is not None
    assert person is not None
    return Person(person[1], name, email), link[0]


def hire(stack: Stack, admin: Visitor, role: str = "operator", name: str | None = None) -> Person:
    """Somebody who has set their password."""
    person, link = invite(admin, role, name)
    done = Hand(stack).send(link, link, password=PASSWORD, again=PASSWORD)
    assert done.url.endswith("/sign-in"), done.text
    return person


def secure(hand: Hand) -> tuple[pyotp.TOTP, list[str]]:
    """Give the account a second factor: the app that makes its codes, and the recovery codes."""
    page = hand.send("/account", "/account/second-factor/begin").text
    found = re.search(r"<code>([A-Z2-7]{32})</code>", page)
    assert found is not None, page
    totp = pyotp.TOTP(found[1])
    step = int(datetime.now(UTC).timestamp()) // 30
    done = hand.send("/account/second-factor", "/account/second-factor", code=totp.generate_otp(step - 1))
    codes = re.findall(r"<code>((?:[a-z2-9]{4}-){3}[a-z2-9]{4})</code>", done.text)
    assert len(codes) == 10, done.text
    return totp, codes
