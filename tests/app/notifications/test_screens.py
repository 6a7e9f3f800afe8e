"""What the desk shows of messages and notices."""

from __future__ import annotations

import json
import re

import pytest

from app.languages import LANGUAGES
from app.notifications.letters import MailKind
from tests.app.notifications.test_callbacks import rows
from tests.app.notifications.test_mail import somebody
from tests.app.screens.visitor import Visitor
from tests.clients import OrderService
from tests.mailbox import Mailbox
from tests.stack import Stack, until


@pytest.fixture(scope="module")
def visitor(telling: Stack) -> Visitor:
    """An administrator."""
    return Visitor(telling)


def test_a_message_that_nobody_takes_is_told_seen_and_sent_again(
    telling: Stack, service: OrderService, box: Mailbox, visitor: Visitor
) -> None:
    who = somebody()
    address = who["customer"]["email"]
    box.refuse[address] = "550 no such mailbox"
    order = service.place(**who)
    service.pay(order, capture=True)
    question = "SELECT id FROM messages WHERE order_id = :id AND status = 'failed'"
    message_id = until(lambda: rows(telling, question, id=order["id"]), what="the e-mail to be given up")[0][0]
    (notice_id,) = rows(telling, "SELECT id FROM notices WHERE subject_id = :id", id=message_id)[0]
    assert f'id="notice-{notice_id}" class="row-new"' in visitor.get("/notices?show=unread").text
    assert "bell-count" in visitor.get("/notices/bell").text
    shown = visitor.get(f"/notifications/{message_id}").text
    assert "no such mailbox" in shown
    assert address in visitor.get(f"/notifications?status=failed&q={address}").text
    del box.refuse[address]
    visitor.send(f"/notifications/{message_id}", f"/notifications/mails/{message_id}/resend")
    box.wait_for(address)
    visitor.send("/notices", f"/notices/{notice_id}/read")
    assert f'id="notice-{notice_id}"' not in visitor.get("/notices?show=unread").text
    visitor.send("/notices", "/notices/read")
    assert "bell-count" not in visitor.get("/notices/bell").text


@pytest.mark.parametrize("kind", MailKind)
def test_each_e_mail_is_previewed_in_each_language(visitor: Visitor, kind: MailKind) -> None:
    headings = set()
    for code in LANGUAGES:
        framed = visitor.get(f"/notifications/previews/mail?kind={kind}&language={code}")
        assert "sandbox" in framed.headers["Content-Security-Policy"]
        assert framed.headers["X-Frame-Options"] == "SAMEORIGIN"
        found = re.search(r"<h1>(.*?)</h1>", framed.text)
        assert found is not None
        headings.add(found[1])
    assert len(headings) == len(LANGUAGES)


def test_a_new_secret_is_shown_once_and_both_sign(telling: Stack, visitor: Visitor) -> None:
    path = telling.data_dir / "secrets" / "order_service_secret"
    before = json.loads(path.read_text())["current"]
    answer = visitor.send("/notifications/order-service", "/notifications/order-service/secret")
    kept = json.loads(path.read_text())
    assert kept["previous"] == before != kept["current"]
    assert kept["current"] in answer.text
    assert kept["current"] not in visitor.get("/notifications/order-service").text
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["customers", "notifications"])
def test_a_filter_of_these_lists_is_kept_as_a_view(visitor: Visitor, name: str) -> None:
    kept = visitor.send(f"/{name}?created=7d", f"/lists/{name}/views", name="This week", query="created=7d")
    assert kept.url == f"{visitor.url}/{name}?created=7d"
    assert "This week" in kept.text
