"""A letter as HTML and as plain text, by templates of its own; the worker has no web application to lend them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from app.folders import folder
from app.languages import Language
from app.notifications.letters import Facts, Letter, Links, MailKind, compose


@dataclass(frozen=True)
class Mail:
    """An e-mail, laid out."""

    subject: str
    html: str
    text: str


@cache
def _template(name: str) -> Template:
    found = Environment(
        loader=FileSystemLoader(folder("templates")),
        autoescape=name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return found.get_template(f"mail/{name}")


def lay_out(kind: MailKind, facts: Facts, language: Language, links: Links) -> Mail:
    """The e-mail of this kind, whole."""
    letter: Letter = compose(kind, facts, language, links)
    values = {"letter": letter, "facts": facts, "links": links, **language.at_hand()}
    return Mail(letter.subject, _template("letter.html").render(values), _template("letter.txt").render(values))
