"""What admins do to people, what ends sessions, and what is kept of both."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.clock import wall_now
from app.operators.models import OperatorSession
from tests.app.people.hands import PASSWORD, Hand, Person, hire, secure
from tests.app.people.rows import by_hand
from tests.app.screens.visitor import Read, Visitor
from tests.stack import Stack


def act_on(admin: Visitor, person: Person, what: str, **written: str) -> tuple[int, str]:
    """What an act on somebody's account is answered with."""
    page = f"/settings/operators/{person.id}"
    token = admin.read(page).fields["csrf_token"]
    answer = admin.post(f"{page}/{what}", {"csrf_token": token, "reason": "Moved teams"} | written)
    return answer.status_code, Read(answer.text).text


def test_another_role_ends_the_sessions_of_the_old_one(stack: Stack, admin: Visitor) -> None:
    person = hire(stack, admin, "viewer")
    hand = Hand(stack)
    hand.sign_in(person.email)
    assert hand.get("/audit").status_code == 403
    assert act_on(admin, person, "role", role="finance")[0] == 200
    assert not hand.is_in()
    hand.sign_in(person.email)
    assert hand.get("/audit").status_code == 200


def test_who_is_suspended_is_out_until_reinstated(stack: Stack, admin: Visitor) -> None:
    person = hire(stack, admin)
    hand = Hand(stack)
    hand.sign_in(person.email)
    assert act_on(admin, person, "suspension")[0] == 200
    assert not hand.is_in()
    refused = hand.sign_in(person.email)
    assert refused.status_code == 422
    assert "The address or the password is wrong." in Read(refused.text).text
    assert act_on(admin, person, "reinstatement")[0] == 200
    assert hand.sign_in(person.email).status_code == 200


def test_a_lost_phone_is_forgotten_with_its_recovery_codes(stack: Stack, admin: Visitor) -> None:
    person = hire(stack, admin)
    hand = Hand(stack)
    hand.sign_in(person.email)
    secure(hand)
    assert act_on(admin, person, "second-factor/reset")[0] == 200
    assert not hand.is_in()
    assert hand.sign_in(person.email).url.endswith("/")
    assert hand.is_in()


def test_a_new_password_link_takes_the_place_of_the_one_before(stack: Stack, admin: Visitor) -> None:
    person = hire(stack, admin)
    first, second = (act_on(admin, person, "password-link")[1].partition("/sign-in/password/")[2] for _ in range(2))
    paths = [f"/sign-in/password/{told.split()[0]}" for told in (first, second)]
    assert [Hand(stack).get(path).status_code for path in paths] == [410, 200]


@pytest.mark.parametrize("what", ["role", "suspension", "reinstatement", "second-factor/reset", "password-link"])
def test_nobody_changes_what_they_may_do_themselves(stack: Stack, admin: Visitor, what: str) -> None:
    person = hire(stack, admin, "admin")
    hand = Hand(stack)
    hand.sign_in(person.email)
    token = Read(hand.get("/account").text).fields["csrf_token"]
    answer = hand.session.post(
        f"{stack.dashboard_url}/settings/operators/{person.id}/{what}",
        data={"csrf_token": token, "reason": "Because", "role": "finance"},
        timeout=30,
    )
    assert answer.status_code == 403
    assert hand.get("/settings/operators").status_code == 200


def test_an_act_without_its_reason_is_not_done(stack: Stack, admin: Visitor) -> None:
    person = hire(stack, admin)
    for what in ("role", "suspension"):
        status, said = act_on(admin, person, what, reason="  ", role="admin")
        assert status == 422
        assert "Write why" in said
    assert "Operator" in admin.read(f"/settings/operators/{person.id}").text
    assert Hand(stack).sign_in(person.email).status_code == 200


@pytest.mark.parametrize(
    ("column", "age", "is_in"),
    [
        ("seen_at", timedelta(minutes=29), True),
        ("seen_at", timedelta(minutes=31), False),
        ("created_at", timedelta(hours=11, minutes=59), True),
        ("created_at", timedelta(hours=12, minutes=1), False),
    ],
)
def test_a_session_ends_when_idle_and_in_any_case_after_twelve_hours(
    stack: Stack, admin: Visitor, column: str, age: timedelta, is_in: bool
) -> None:
    person = hire(stack, admin)
    hand = Hand(stack)
    hand.sign_in(person.email)
    put(stack, person, column, age)
    assert hand.is_in() is is_in


def test_a_page_that_asks_by_itself_does_not_keep_a_session_alive(stack: Stack, admin: Visitor) -> None:
    person = hire(stack, admin)
    hand = Hand(stack)
    hand.sign_in(person.email)
    put(stack, person, "seen_at", timedelta(minutes=20))
    before = seen(stack, person)
    assert hand.session.get(f"{stack.dashboard_url}/todo", headers={"X-Poll": "1"}, timeout=30).status_code == 200
    assert seen(stack, person) == before
    assert hand.is_in()
    assert seen(stack, person) != before


def put(stack: Stack, person: Person, column: str, age: timedelta) -> None:
    """Have the person's one session as old as that."""
    with by_hand(stack) as connection:
        mine = update(OperatorSession).where(OperatorSession.operator_id == person.id)
        assert connection.execute(mine.values({column: wall_now() - age})).rowcount == 1


def seen(stack: Stack, person: Person) -> datetime:
    """When the session was last used."""
    with by_hand(stack) as connection:
        found = select(OperatorSession.seen_at).where(OperatorSession.operator_id == person.id)
        return connection.execute(found).scalar_one()


def test_failed_sign_ins_are_a_strangers_acts_from_where_they_came(stack: Stack, admin: Visitor) -> None:
    person = hire(stack, admin)
    stranger = Hand(stack, "127.0.5.9")
    stranger.session.headers["X-Forwarded-For"] = "203.0.113.7"
    for email in (person.email, "not.anybody@example.com"):
        stranger.sign_in(email, "not this one at all")
    for subject, said in ((person.id, person.name), ("nobody", "an address that nobody has")):
        rows = admin.get(f"/audit?subject={subject}&status=sign_in.failed&format=csv").text
        assert f"A wrong password was tried for {said}" in rows
        assert "Somebody at the sign-in" in rows
        assert "127.0.5.9" in rows
        assert "203.0.113.7" not in rows
        assert "not this one" not in rows
        assert "not.anybody" not in rows


def test_every_act_is_in_the_audit_log_with_who_and_why(stack: Stack, admin: Visitor) -> None:
    person = hire(stack, admin, "viewer", "Zoë Änne +1")
    act_on(admin, person, "role", role="finance", reason='=HYPERLINK("http://x")')
    act_on(admin, person, "suspension", reason="Left\r\n2026-01-01 admin Signed in")
    page = admin.read(f"/audit?subject={person.id}")
    told = [row[0] for row in page.row_texts() if row]
    assert [next(line for line in told if line.startswith(act)) for act in ("Invited", "Zoë", "Suspended")]
    export = admin.get(f"/audit?subject={person.id}&format=csv").text
    assert "'=HYPERLINK" in export
    assert ",=HYPERLINK" not in export
    assert PASSWORD not in export
    assert "Local admin" in export
    acts = [line for line in export.splitlines() if line.startswith("aud_")]
    assert len(acts) >= 4  # invited, password set, role, suspended; a reason of two lines begins no other
    assert not [line for line in acts if "2026-01-01 admin" in line.split(",")[0]]
