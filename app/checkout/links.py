"""Pay links: made, found by their address, revoked. What is signed is the link's id; the row says whether it works."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from itsdangerous import BadSignature, Signer
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.checkout.mailing import Wish, write_mail
from app.checkout.models import LinkState, PayLink
from app.clock import wall_now
from app.config import Settings
from app.db import reading, transaction
from app.errors import InvalidInput, NotFound, RuleBroken
from app.ids import new_id
from app.orders.models import Order
from app.orders.queries import find_order
from app.payments.models import lock_order
from app.policy import current_policy
from app.timeline import Actor, Kind, add
from app.timeline.actors import WORKER

MOST_DAYS = 90
_STILL_WORTH_MAILING = timedelta(days=1)


class _Addresses:
    """How an id becomes an address and the other way round."""

    def __init__(self, settings: Settings) -> None:
        self.public_url = settings.public_url
        self.signer = Signer(settings.secret_key, salt="pay-link", digest_method=hashlib.sha256)


_addresses: list[_Addresses] = []


def connect(settings: Settings) -> None:
    """Sign links with this installation's key, and let them lead to its public address."""
    _addresses[:] = [_Addresses(settings)]


def public_url() -> str:
    """Where customers reach this dashboard; `connect` comes first."""
    assert _addresses, "app.checkout.links.connect(settings) has not been called"
    return _addresses[0].public_url


def token_of(link: PayLink) -> str:
    """The last part of the link's address."""
    assert _addresses, "app.checkout.links.connect(settings) has not been called"
    return _addresses[0].signer.sign(link.id).decode()


def url_of(link: PayLink) -> str:
    """The whole address, for whoever may know it."""
    return f"{public_url()}/pay/{token_of(link)}"


def find_link(token: str) -> PayLink:
    """The link of an address, whether it works or not. NotFound for one that we did not sign."""
    try:
        link_id = _addresses[0].signer.unsign(token).decode()
    except (BadSignature, ValueError):
        raise NotFound("There is no such pay link.") from None
    with reading() as session:
        link = session.get(PayLink, link_id)
    if link is None:
        raise NotFound("There is no such pay link.")
    return link


def links_of(session: Session, order_id: str) -> Sequence[PayLink]:
    """An order's links, the newest first."""
    newest_first = (PayLink.created_at.desc(), PayLink.id.desc())
    return session.scalars(select(PayLink).where(PayLink.order_id == order_id).order_by(*newest_first)).all()


def url_of_link(session: Session, link_id: str) -> str | None:
    """The whole address of a certain link; None once it works no more."""
    link = session.get(PayLink, link_id)
    return url_of(link) if link is not None and link.works else None


def standing_link(session: Session, order_id: str) -> PayLink | None:
    """The newest link that still works for a day or more."""
    enough = wall_now() + _STILL_WORTH_MAILING
    return next((link for link in links_of(session, order_id) if link.works and link.expires_at > enough), None)


def pay_link_for(session: Session, order: Order, actor: Actor = WORKER) -> str:
    """The address of the order's standing link; of a new one where there is none.

    Written in the caller's transaction, so that a message and the link in it stand or fall together.
    """
    return url_of(_standing_or_new(session, order, actor))


def _standing_or_new(session: Session, order: Order, actor: Actor) -> PayLink:
    standing = standing_link(session, order.id)
    return standing or _write(session, order, current_policy(session).pay_link_days, actor, None)


def mail_pay_link(order_id: str, wish: Wish, actor: Actor, request_key: str | None = None) -> PayLink:
    """Mail the order's standing link, or a new one, which is what the answer is. The same request mails once.

    Raises NotFound, InvalidInput, RuleBroken where the order cannot be paid now, and TooOften.
    """
    wish.check()
    with transaction() as session:
        order = lock_order(session, order_id)
        if order is None:
            raise NotFound(f"There is no order {order_id}.")
        order.check_payable()
        link = _standing_or_new(session, order, actor)
        once = hashlib.sha256((request_key or new_id("req")).encode()).hexdigest()[:32]
        write_mail(session, order, link, wish, actor, f"{link.id}:{once}")
        return link


def make_pay_link(
    order_id: str, actor: Actor, *, days: int | None = None, mail: Wish | None = None, request_key: str | None = None
) -> PayLink:
    """A new link that works for `days`, or as long as the policy says, and a letter with it. Older ones keep working.

    Raises NotFound, InvalidInput, RuleBroken where the order cannot be paid now, and TooOften for the letter.
    """
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise InvalidInput("/days", "out_of_range", f"A link works for 1 to {MOST_DAYS} days.")
    if mail is not None:
        mail.check("/mail")
    try:
        with transaction() as session:
            return _of_request(session, request_key) or _make(session, order_id, days, mail, actor, request_key)
    except IntegrityError:  # the same request, a moment earlier
        with reading() as session:
            standing = _of_request(session, request_key)
        if standing is None:
            raise
        return standing


def _of_request(session: Session, request_key: str | None) -> PayLink | None:
    if request_key is None:
        return None
    return session.scalars(select(PayLink).where(PayLink.request_key == request_key)).one_or_none()


def _make(
    session: Session, order_id: str, days: int | None, mail: Wish | None, actor: Actor, request_key: str | None
) -> PayLink:
    if mail is not None:
        lock_order(session, order_id)  # its letters are counted
    order = find_order(session, order_id)
    order.check_payable()
    link = _write(session, order, days or current_policy(session).pay_link_days, actor, request_key)
    if mail is not None:
        write_mail(session, order, link, mail, actor, link.id)
    return link


def _write(session: Session, order: Order, days: int, actor: Actor, request_key: str | None) -> PayLink:
    now = wall_now()
    link = PayLink(
        id=new_id("pln"),
        order_id=order.id,
        request_key=request_key,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(link)
    session.flush()
    words = f"Pay link made; it works until {link.expires_at:%Y-%m-%d %H:%M} UTC"
    add(session, Kind.PAY_LINK, link.id, words, actor, order_id=order.id, to_status=LinkState.OPEN)
    return link


def revoke_pay_link(link_id: str, actor: Actor) -> PayLink:
    """The link works no more; revoking it again changes nothing. NotFound; RuleBroken where it has expired."""
    with transaction() as session:
        link = session.get(PayLink, link_id, with_for_update=True)
        if link is None:
            raise NotFound(f"There is no pay link {link_id}.")
        if link.state is LinkState.EXPIRED:
            raise RuleBroken("link_expired", "The link has expired: it opens nothing any more.")
        if link.revoked_at is None:
            link.revoked_at = wall_now()
            words = "Pay link revoked: it opens nothing any more"
            add(
                session,
                Kind.PAY_LINK,
                link.id,
                words,
                actor,
                order_id=link.order_id,
                from_status=LinkState.OPEN,
                to_status=LinkState.REVOKED,
            )
        return link
