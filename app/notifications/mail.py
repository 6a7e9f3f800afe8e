"""Tell customers by e-mail: written with the change that it tells of, sent by the worker, or kept to be read here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app import jobs
from app.clock import wall_now
from app.db import transaction
from app.languages import language_of
from app.notifications import messages
from app.notifications.connected import Connected, connected
from app.notifications.layout import Mail, lay_out
from app.notifications.letters import Facts, Links, MailKind, compose
from app.notifications.models import Channel, Message, MessageStatus, MessageTry
from app.notifications.often import check_letters, is_told_enough
from app.notifications.schedule import MAIL, pause_after
from app.notifications.smtp import Handover, MailServer, envelope, hand_over
from app.policy import current_policy

_STILL_UNPAID = frozenset({"awaiting_payment", "declined", "payment_failed"})
"""Only while the order is one of these is it true that it still has to be paid."""
_ASKS_TO_PAY = frozenset({MailKind.FAILED, MailKind.PAY_LINK})


def tell_customer(
    session: Session,
    kind: MailKind,
    occasion: str,
    facts: Facts,
    *,
    recipient: str,
    locale: str | None,
    order_id: str,
    customer_id: str,
    is_asked_for: bool = False,
) -> str | None:
    """Write an e-mail in the caller's transaction; None if it was told before, or the shop mails nobody by itself.

    TooOften for one that somebody asked for, and that was asked for too often.
    """
    if not is_asked_for and not current_policy(session).mail_customers:
        return None
    if kind is MailKind.FAILED and is_told_enough(session, kind, order_id):
        return None  # cards are being tried out: the page that declines them says so each time
    language = language_of(locale)
    message_id = messages.write(
        session,
        Channel.MAIL,
        kind,
        f"mail:{kind}:{occasion}",
        recipient,
        status=MessageStatus.WAITING if connected() else MessageStatus.KEPT,
        order_id=order_id,
        reference=facts.reference,
        customer_id=customer_id,
        language=language.tag,
        facts=facts.kept(),
    )
    if message_id is not None:
        message = session.get_one(Message, message_id)
        message.subject = compose(kind, facts, language, Links()).subject[:300]
        if is_asked_for:
            session.flush()
            check_letters(session, message_id)
    return message_id


def mail_of(message: Message) -> Mail:
    """The e-mail as it was sent, or as it would be: one that nobody has laid out yet is laid out without links."""
    if message.body is not None and message.html is not None:
        return Mail(message.subject or "", message.html, message.body)
    return lay_out(MailKind(message.kind), Facts.read(message.facts), language_of(message.language), Links())


@jobs.handler("send_mail", jobs.Lane.MAIL)
def send_mail(payload: dict[str, Any]) -> None:
    """One try; jobs.Retry while it is to be tried again."""
    here = connected()
    assert here is not None, "a worker is connected"
    with transaction() as session:
        message = messages.lock_message(session, payload["message"])
        if message is None or message.status != MessageStatus.WAITING:
            return
        untrue = _what_is_untrue(session, here, message)
        if untrue is not None:
            messages.end(message, MessageStatus.DROPPED, untrue)
            return
        if message.body is None:
            _lay_out(session, here, message)
        if here.mail_server.host is None:
            messages.end(message, MessageStatus.KEPT)
            return
    started_at = wall_now()
    handover = _send(here.mail_server, message)
    retry = None
    with transaction() as session:
        message = session.get_one(Message, message.id, with_for_update=True)
        if message.status != MessageStatus.WAITING:  # erased meanwhile
            return
        retry = _record(session, here.mail_server, message, handover, started_at)
    if retry is not None:
        raise retry


def _what_is_untrue(session: Session, here: Connected, message: Message) -> str | None:
    """Why the letter must not go out any more, asked before each try; None while it is true."""
    kind = MailKind(message.kind)
    if kind not in _ASKS_TO_PAY:
        return None
    order_id = message.order_id or ""
    if here.describe_order(session, order_id)["status"] not in _STILL_UNPAID:
        return "The order no longer has to be paid."
    mailed = Facts.read(message.facts).pay_link_id
    if mailed is not None and here.pay_link(session, order_id, mailed) is None:
        return "The pay link does not work any more."
    return None


def _lay_out(session: Session, here: Connected, message: Message) -> None:
    """Write down what goes out, so that every try sends the same."""
    kind, facts = MailKind(message.kind), Facts.read(message.facts)
    pays = kind in _ASKS_TO_PAY
    links = Links(
        pay=here.pay_link(session, message.order_id or "", facts.pay_link_id) if pays else None,
        history=None if facts.is_for_another else here.history_link(session, message.customer_id or ""),
    )
    mail = lay_out(kind, facts, language_of(message.language), links)
    message.subject, message.html, message.body = mail.subject[:300], mail.html, mail.text


def _send(server: MailServer, message: Message) -> Handover:
    assert message.body is not None
    assert message.html is not None
    name = str(message.facts.get("customer", ""))
    try:
        letter = envelope(
            server,
            message.id,
            message.recipient,
            name,
            message.subject or "",
            message.language or "en",
            message.body,
            message.html,
        )
        letter["Date"] = message.created_at
    except (ValueError, UnicodeError) as wrong:
        return Handover(None, f"this is no e-mail that can be sent: {wrong}"[:500], is_final=True, duration_ms=0)
    return hand_over(server, letter)


def _record(
    session: Session, server: MailServer, message: Message, handover: Handover, started_at: datetime
) -> jobs.Retry | None:
    attempt = MessageTry(
        started_at=started_at,
        duration_ms=handover.duration_ms,
        status=handover.status,
        error=handover.error,
        request={"server": server.shown, "from": str(server.sender), "to": message.recipient},
        response={"body": handover.answer} if handover.answer else None,
    )
    messages.note_try(session, message, attempt)
    if handover.is_taken:
        messages.end(message, MessageStatus.SENT)
        return None
    pause = None if handover.is_final else pause_after(message.tries, MAIL)
    if pause is None:
        messages.give_up(session, message, handover.error or "not taken")
        return None
    return messages.try_again(message, pause)
