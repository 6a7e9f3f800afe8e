"""A pay link by e-mail: to whom, in which language, the letter itself, and what became of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkout.models import PayLink
from app.errors import InvalidInput
from app.languages import LANGUAGES, Language, language_of
from app.notifications import Facts, MailKind, tell_customer
from app.notifications.models import Channel, Message
from app.orders.models import Order
from app.orders.place import is_email
from app.orders.told import facts_of
from app.timeline import Actor, Kind, add


@dataclass(frozen=True)
class Wish:
    """What somebody asks for; the order's customer and their language where nothing is said."""

    to: str | None = None
    language: str | None = None

    def check(self, at: str = "") -> None:
        """InvalidInput for an address or a language that cannot be; `at` points to where the wish stands."""
        if self.to is not None and not is_email(self.to):
            raise InvalidInput(f"{at}/to", "invalid_email", "Write an e-mail address, like ann@example.com.")
        if self.language is not None and self.language not in LANGUAGES:
            raise InvalidInput(f"{at}/language", "unknown_language", f"Choose one of: {', '.join(LANGUAGES)}.")


def language_for(order: Order, code: str | None) -> Language:
    """The language that was asked for, with the customer's region where that is one of its own."""
    usual = language_of(order.customer_locale)
    return usual if code in (None, usual.code) else language_of(code)


def facts_for(
    session: Session, order: Order, until: datetime, *, link_id: str | None = None, to: str | None = None
) -> Facts:
    """What the letter is written of."""
    return replace(
        facts_of(session, order, order.amount),
        pay_link_id=link_id,
        pay_until=until.isoformat(),
        is_for_another=to is not None and to.lower() != order.customer_email.lower(),
    )


def write_mail(session: Session, order: Order, link: PayLink, wish: Wish, actor: Actor, occasion: str) -> None:
    """Write the letter in the caller's transaction; nothing where it was written on that occasion before."""
    to, language = wish.to or order.customer_email, language_for(order, wish.language)
    facts = facts_for(session, order, link.expires_at, link_id=link.id, to=to)
    message_id = tell_customer(
        session,
        MailKind.PAY_LINK,
        occasion,
        facts,
        recipient=to,
        locale=language.tag,
        order_id=order.id,
        customer_id=order.customer_id,
        is_asked_for=True,
    )
    if message_id is not None:
        words = f"Pay link mailed to {'another address' if facts.is_for_another else 'the customer'}"
        data = {"message": message_id, "language": language.tag}
        add(session, Kind.PAY_LINK, link.id, words, actor, order_id=order.id, data=data)


def mails_of(session: Session, order_id: str) -> Mapping[str, Sequence[Message]]:
    """The letters with each of an order's links, the newest first."""
    told = (Message.order_id == order_id, Message.channel == Channel.MAIL, Message.kind == MailKind.PAY_LINK)
    found: dict[str, list[Message]] = defaultdict(list)
    for message in session.scalars(select(Message).where(*told).order_by(Message.id.desc())):
        found[str(message.facts.get("pay_link_id"))].append(message)
    return found
