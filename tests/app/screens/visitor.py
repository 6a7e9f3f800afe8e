"""A browser without scripts, pictures or opinions: opens the desk's pages and sends their forms over HTTP."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from html.parser import HTMLParser

import requests

from tests.clients import TIMEOUT
from tests.stack import Stack


@dataclass
class Link:
    """An `<a>`: where it leads and what it says."""

    href: str
    text: str = ""


class Read:
    """What a page says: its text, links, and the fields of its forms as they stand; taken apart once that is asked."""

    def __init__(self, html: str) -> None:
        self.html = html

    @cached_property
    def _parts(self) -> _Parts:
        parts = _Parts()
        parts.feed(self.html)
        return parts

    @property
    def links(self) -> list[Link]:
        """Its links, from the top down."""
        return self._parts.links

    @property
    def fields(self) -> dict[str, str]:
        """The fields of its forms by name."""
        return self._parts.fields

    @property
    def text(self) -> str:
        """All that it says, blanks made one."""
        return " ".join(" ".join(self._parts.words).split())

    def href(self, text: str) -> str | None:
        """Where the link leads that says so."""
        return next((link.href for link in self.links if " ".join(link.text.split()) == text), None)

    def row_texts(self) -> list[list[str]]:
        """The cells of every table row, as text."""
        rows = re.findall(r"<tr[^>]*>(.*?)</tr>", self.html, re.DOTALL)
        return [[_plain(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)] for row in rows]


class _Parts(HTMLParser):
    """A page taken apart, which takes about as long as the desk takes to draw it."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[Link] = []
        self.fields: dict[str, str] = {}
        self.words: list[str] = []
        self._open: list[Link] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("a", "input", "select", "option"):
            return
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(Link(given.get("href", "")))
            self._open.append(self.links[-1])
        if (
            tag == "input"
            and given.get("name")
            and ("checked" in given or given.get("type") not in ("radio", "checkbox"))
        ):
            self.fields[given["name"]] = given.get("value", "")
        if tag == "select":
            self._select = given["name"]
        if tag == "option" and ("selected" in given or self._select not in self.fields):
            self.fields[self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        for link in self._open:
            link.text += data


def _plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


class Visitor:
    """One signed-in operator."""

    def __init__(self, stack: Stack, role: str = "admin", url: str | None = None) -> None:
        self.url = url or stack.dashboard_url
        self.session = requests.Session()
        self.session.trust_env = False
        link = stack.sign_in_link(role).replace(stack.dashboard_url, self.url)
        answer = self.session.post(link, data=self._token(link), timeout=TIMEOUT)
        assert answer.status_code == 200, answer.text

    def _token(self, url: str) -> dict[str, str]:
        return {"csrf_token": Read(self.session.get(url, timeout=TIMEOUT).text).fields["csrf_token"]}

    def get(self, path: str, **headers: str) -> requests.Response:
        """Open a page."""
        return self.session.get(self._whole(path), headers=headers, timeout=TIMEOUT)

    def read(self, path: str) -> Read:
        """A page that must open."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return Read(answer.text)

    def send(self, form_at: str, to: str, **written: str) -> requests.Response:
        """Fill the form of a page and send it; what is not written stays as the page has it."""
        return self.post(to, self.read(form_at).fields | written)

    def post(self, path: str, data: dict[str, str], **headers: str) -> requests.Response:
        """Send fields as they are."""
        return self.session.post(self._whole(path), data=data, headers=headers, timeout=TIMEOUT)

    def _whole(self, path: str) -> str:
        return path if path.startswith("http") else self.url + path
