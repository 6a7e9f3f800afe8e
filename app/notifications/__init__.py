"""Messages to people and to the order service: written in the transaction of what they tell, delivered afterwards."""

from app.notifications import given_up  # noqa: F401 - registers who tells of jobs that are dead
from app.notifications.callbacks import announce
from app.notifications.letters import Facts, MailKind
from app.notifications.mail import tell_customer
from app.notifications.operators import NoticeKind, tell_operators

__all__ = ["Facts", "MailKind", "NoticeKind", "announce", "tell_customer", "tell_operators"]
