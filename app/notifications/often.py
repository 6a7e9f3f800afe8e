"""How many letters one order and one mailbox get in a day, so that nobody is flooded through this desk.

More than a handful helps no customer, and mail servers take a sender for a spammer who sends them. Wall clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.clock import wall_now
from app.errors import TooOften
from app.notifications.letters import MailKind
from app.notifications.models import Channel, Message, MessageTry

WITHIN = timedelta(days=1)
MOST_PER_ORDER = 5
"""Of one kind, about one order."""
MOST_PER_ADDRESS = 20
"""Of one kind, to one mailbox, whatever orders they are about."""
MOST_TIMES = 5
"""So often one letter is sent."""


def check_letters(session: Session, message_id: str) -> None:
    """TooOften where a letter, written in this transaction already, is one too many; it is not written then."""
    message = session.get_one(Message, message_id)
    of_order = Message.order_id == message.order_id
    of_address = Message.recipient_key == message.recipient_key
    for which, most, whose in (
        (of_order, MOST_PER_ORDER, "about this order"),
        (of_address, MOST_PER_ADDRESS, f"to {message.recipient}"),
    ):
        number, first = _written(session, MailKind(message.kind), which)
        if number > most:
            raise TooOften(
                f"{most} such letters {whose} were written within a day: another one would be taken for spam."
                " Nothing was mailed. Copy the link, or wait.",
                first + WITHIN - wall_now(),
            )


def is_told_enough(session: Session, kind: MailKind, order_id: str) -> bool:
    """Whether an order's customer got so many letters of this kind that one more tells them nothing."""
    return _written(session, kind, Message.order_id == order_id)[0] >= MOST_PER_ORDER


def _written(session: Session, kind: MailKind, which: ColumnElement[bool]) -> tuple[int, datetime]:
    recent = (Message.channel == Channel.MAIL, Message.kind == kind, Message.recorded_at > wall_now() - WITHIN)
    found = session.execute(select(func.count(), func.min(Message.recorded_at)).where(which, *recent)).one()
    first: datetime | None = found[1]
    return found[0], first or wall_now()


def check_times(session: Session, message: Message) -> None:
    """TooOften for a letter that was handed over so often that its reader knows it."""
    sent = (
        MessageTry.message_id == message.id,
        MessageTry.error.is_(None),
        MessageTry.started_at > wall_now() - WITHIN,
    )
    number, first = session.execute(select(func.count(), func.min(MessageTry.started_at)).where(*sent)).one()
    if number >= MOST_TIMES:
        raise TooOften(
            f"The letter was sent {number} times within a day: its reader has it. Nothing was sent.",
            first + WITHIN - wall_now(),
        )
