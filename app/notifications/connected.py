"""What this process needs to tell others: where the order service and the mail server are, and what rooms above know.

A process that was never connected (the demo's player) calls nobody, and keeps e-mails to be read here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.config import Settings
from app.errors import SettingError
from app.notifications import targets
from app.notifications.smtp import MailServer, read_mail_server

DescribeOrder = Callable[[Session, str], dict[str, Any]]
"""An order's id to the order whole, as the API shows it."""
LinkOf = Callable[[Session, str], str | None]
"""An id to an address that its customer may open; None where there is none now."""
PayLinkOf = Callable[[Session, str, str | None], str | None]
"""The same of an order's id, and of the one link that is meant where it is a certain one."""


@dataclass(frozen=True)
class Connected:
    """What `connect` was given."""

    settings: Settings
    mail_server: MailServer
    describe_order: DescribeOrder
    pay_link: PayLinkOf
    history_link: LinkOf


_connected: list[Connected] = []


def connect(settings: Settings, *, describe_order: DescribeOrder, pay_link: PayLinkOf, history_link: LinkOf) -> None:
    """Tell the order service and customers from now on. SettingError for an address that cannot be used."""
    if settings.order_service_url is not None:
        try:
            target = targets.parse_target(settings.order_service_url)
            targets.check_literal(target, allow_private=settings.order_service_private)
        except targets.TargetRefused as refused:
            raise SettingError(f"COUNTERFOIL_ORDER_SERVICE_URL {refused}") from None
    mail_server = read_mail_server(settings.smtp_url, settings.mail_from)
    _connected[:] = [Connected(settings, mail_server, describe_order, pay_link, history_link)]


def connected() -> Connected | None:
    """What this process was connected with; None if it is none that tells."""
    return _connected[0] if _connected else None
