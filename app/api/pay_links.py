"""Pay links over the API: make one, list an order's, take one back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.api.answers import PayLinkListOut, PayLinkMailOut, PayLinkOut
from app.api.asked import NewPayLinkIn, RevokeIn
from app.api.operations import Answered, Call, operation
from app.api.orders import known_order
from app.checkout.links import links_of, make_pay_link, revoke_pay_link, url_of
from app.checkout.mailing import Wish, mails_of
from app.checkout.models import PayLink
from app.db import reading
from app.errors import NotFound
from app.notifications.models import Message
from app.operators.roles import Permission

_ID = re.compile(r"^pln_[0-9a-z]{26}$")


def _out(link: PayLink, mails: Sequence[Message]) -> PayLinkOut:
    return PayLinkOut(
        id=link.id,
        order=link.order_id,
        url=url_of(link) if link.works else None,
        status=link.state,
        created_at=link.created_at,
        expires_at=link.expires_at,
        revoked_at=link.revoked_at,
        mails=[PayLinkMailOut(id=one.id, to=one.recipient, language=one.language, status=one.status) for one in mails],
    )


def _known(link: PayLink) -> PayLinkOut:
    with reading() as session:
        return _out(link, mails_of(session, link.order_id).get(link.id, ()))


@operation(
    "POST",
    "/orders/{order_id}/pay_links",
    "Make a pay link",
    permission=Permission.TAKE_PAYMENTS,
    status=201,
    body=NewPayLinkIn,
    answer=PayLinkOut,
    problems=("not_found", "invalid_transition"),
    links={"post_pay_link_revoke": {"link_id": "$response.body#/id"}},
)
def post_pay_link(call: Call, order_id: str, body: NewPayLinkIn) -> Answered:
    """An address at which the customer pays the order by themselves, mailed to them if you want it so.

    Older links of the order keep working.
    """
    with reading() as session:
        known_order(session, order_id)
    mail = Wish(body.mail.to, body.mail.language) if body.mail else None
    link = make_pay_link(order_id, call.actor, days=body.days, mail=mail, request_key=call.request_key)
    return Answered(_known(link), f"/api/orders/{order_id}")


@operation(
    "GET",
    "/orders/{order_id}/pay_links",
    "List an order's pay links",
    permission=Permission.TAKE_PAYMENTS,
    answer=PayLinkListOut,
    problems=("not_found",),
)
def get_pay_links(call: Call, order_id: str) -> Answered:
    """All of them, newest first; url is null once a link works no more."""
    with reading() as session:
        order = known_order(session, order_id)
        mails = mails_of(session, order.id)
        return Answered(
            PayLinkListOut(data=[_out(link, mails.get(link.id, ())) for link in links_of(session, order.id)])
        )


@operation(
    "POST",
    "/pay_links/{link_id}/revoke",
    "Revoke a pay link",
    permission=Permission.TAKE_PAYMENTS,
    body=RevokeIn,
    answer=PayLinkOut,
    problems=("not_found", "link_expired"),
)
def post_pay_link_revoke(call: Call, link_id: str, body: RevokeIn) -> Answered:
    """It opens nothing any more. A payment that has begun goes on; revoking again changes nothing."""
    if not _ID.fullmatch(link_id):
        raise NotFound("There is no such pay link: ids look like pln_ and 26 letters and digits.")
    return Answered(_known(revoke_pay_link(link_id, call.actor)))
