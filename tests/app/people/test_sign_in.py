"""Signing in by password: which are taken, how often may be guessed, the second factor, and that nobody is shut out."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
import requests

from tests.app.people.hands import PASSWORD, Hand, hire, invite, secure
from tests.app.screens.visitor import Read, Visitor
from tests.clients import TIMEOUT
from tests.stack import Stack

WRONG = "The address or the password is wrong."


def test_an_invitation_sets_a_password_once_and_it_signs_in(stack: Stack, admin: Visitor) -> None:
    person, link = invite(admin, "viewer")
    hand = Hand(stack)
    assert not hand.is_in()
    assert person.email in hand.get(link).text
    assert hand.send(link, link, password=PASSWORD, again="something else than that").status_code == 422
    hand.send(link, link, password=PASSWORD, again=PASSWORD)
    assert hand.get(link).status_code == 410
    assert hand.sign_in(f" {person.email.upper()} ").status_code == 200
    assert hand.is_in()
    assert "viewer" in hand.get("/account").text.lower()


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("elevenchars", "12 to 128 characters"),
        ("x" * 129, "At most 128 characters"),
        ("passwordpassword", "on every list"),
        ("PasswordPassword", "on every list"),
        ("aaaaaaaaaaaabb", "on every list"),
        ("Counterfoil2026!", "made of your name"),
    ],
)
def test_a_password_that_is_guessed_first_is_not_taken(stack: Stack, admin: Visitor, password: str, told: str) -> None:
    _, link = invite(admin)
    answer = Hand(stack).send(link, link, password=password, again=password)
    assert answer.status_code == 422
    assert told in Read(answer.text).text


@pytest.mark.parametrize(
    "password", ["blanks at the end   ", "пароль из четырёх слов", "m4Q!" * 32, "only lower case words"]
)
def test_any_characters_make_a_password(stack: Stack, admin: Visitor, password: str) -> None:
    person, link = invite(admin)
    hand = Hand(stack)
    hand.send(link, link, password=password, again=password)
    hand.sign_in(person.email, password)
    assert hand.is_in()


def test_nobody_learns_who_has_an_account(stack: Stack, admin: Visitor) -> None:
    person, invited = hire(stack, admin), invite(admin)[0]
    answers = [
        Hand(stack, "127.0.0.40").sign_in(email, "not this one at all")
        for email in (person.email, invited.email, "nobody@example.com")
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 422]
    pages = {re.sub(r'value="[^"]*"', "", answer.text) for answer in answers}
    assert len(pages) == 1
    assert WRONG in pages.pop()


def test_guesses_without_end_come_to_one_and_the_owner_still_gets_in(
    stack: Stack, admin: Visitor, pytestconfig: pytest.Config
) -> None:
    person = hire(stack, admin)
    known = Hand(stack)
    assert known.sign_in(person.email).status_code == 200
    assert known.send("/account", "/sign-out").status_code == 200
    guessers = [Hand(stack, f"127.0.1.{number}") for number in range(1, 21)]
    fields = {guesser.address: Read(guesser.get("/sign-in").text).fields for guesser in guessers}

    def guess(number: int) -> int:
        guesser = guessers[number % len(guessers)]
        written = fields[guesser.address] | {"email": person.email, "password": f"guess number {number}"}
        answer = guesser.post("/sign-in", written)
        if answer.status_code == 429:
            assert int(answer.headers["Retry-After"]) > 0
        return answer.status_code

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(guess, range(1000 if pytestconfig.getoption("--soak") else 250)))
    assert set(codes) == {422, 429}
    assert codes.count(422) <= 100
    assert guessers[0].sign_in(person.email).status_code == 429  # who guessed is not let in by the right one either
    assert known.sign_in(person.email).status_code == 200
    assert known.is_in()
    assert Visitor(stack).get("/orders").status_code == 200  # and the terminal's link works as ever


def test_one_address_guesses_at_many_accounts_in_vain(stack: Stack) -> None:
    guesser = Hand(stack, "127.0.2.1")
    wrong = Read(guesser.get("/sign-in").text).fields | {"password": "a wrong password"}
    codes = [
        guesser.post("/sign-in", wrong | {"email": f"nobody{number}@example.com"}).status_code for number in range(52)
    ]
    assert codes == [422] * 50 + [429] * 2
    assert Hand(stack, "127.0.2.2").sign_in("nobody1@example.com", "a wrong password").status_code == 422


def _with_second_factor(stack: Stack, admin: Visitor) -> tuple[str, pyotp.TOTP, list[str]]:
    person = hire(stack, admin)
    hand = Hand(stack)
    hand.sign_in(person.email)
    begun = hand.send("/account", "/account/second-factor/begin").text
    assert "<svg" in begun
    assert hand.send("/account/second-factor", "/account/second-factor", code="12345").status_code == 422
    return person.email, *secure(hand)


def test_with_a_second_factor_the_password_alone_opens_nothing(stack: Stack, admin: Visitor) -> None:
    email, totp, codes = _with_second_factor(stack, admin)
    hand = Hand(stack)
    assert hand.sign_in(email).url.endswith("/sign-in/code")
    assert not hand.is_in()
    assert hand.send("/sign-in/code", "/sign-in/code", code="123").status_code == 422
    code = totp.now()
    hand.send("/sign-in/code", "/sign-in/code", code=code)
    assert hand.is_in()
    again = Hand(stack)
    again.sign_in(email)
    assert again.send("/sign-in/code", "/sign-in/code", code=code).status_code == 422  # it was used
    assert again.send("/sign-in/code", "/sign-in/code", code=codes[3].upper()).status_code == 200
    assert again.is_in()
    third = Hand(stack)
    third.sign_in(email)
    assert third.send("/sign-in/code", "/sign-in/code", code=codes[3]).status_code == 422


def test_new_recovery_codes_take_the_password_and_the_place_of_the_old(stack: Stack, admin: Visitor) -> None:
    email, totp, old = _with_second_factor(stack, admin)
    hand = Hand(stack)
    hand.sign_in(email)
    hand.send("/sign-in/code", "/sign-in/code", code=totp.now())
    path = "/account/second-factor/recovery-codes"
    assert hand.send("/account", path, password="not this one at all").status_code == 422
    new = re.findall(
        r"<code>((?:[a-z2-9]{4}-){3}[a-z2-9]{4})</code>", hand.send("/account", path, password=PASSWORD).text
    )
    assert len(new) == 10
    again = Hand(stack)
    again.sign_in(email)
    assert again.send("/sign-in/code", "/sign-in/code", code=old[0]).status_code == 422
    again.send("/sign-in/code", "/sign-in/code", code=new[0])
    assert again.is_in()


def test_codes_cannot_be_guessed_either(stack: Stack, admin: Visitor) -> None:
    email, _, _ = _with_second_factor(stack, admin)
    guesser = Hand(stack, "127.0.3.1")
    guesser.sign_in(email)
    codes = [
        guesser.send("/sign-in/code", "/sign-in/code", code=f"abc{number:03d}").status_code for number in range(12)
    ]
    assert codes == [422] * 10 + [429] * 2


def test_the_database_keeps_no_password_code_or_secret(stack: Stack, admin: Visitor) -> None:
    email, totp, codes = _with_second_factor(stack, admin)
    from tests.app.people.rows import all_text  # noqa: PLC0415  # reads the whole database: only here

    text = all_text(stack)
    assert email in text
    for secret in (PASSWORD, totp.secret, codes[0], codes[0].replace("-", "")):
        assert secret not in text


def test_a_session_is_new_at_sign_in_and_worth_nothing_after_sign_out(stack: Stack, admin: Visitor) -> None:
    person = hire(stack, admin)
    hand = Hand(stack)
    hand.get("/sign-in")
    name = next(cookie.name for cookie in hand.session.cookies if cookie.name.startswith("counterfoil_"))
    before = hand.session.cookies[name]
    hand.sign_in(person.email)
    signed_in = hand.session.cookies[name]
    assert signed_in != before
    thief = requests.Session()
    thief.cookies.set(name, signed_in)
    orders = f"{stack.dashboard_url}/orders"
    assert thief.get(orders, timeout=TIMEOUT, allow_redirects=False).status_code == 200
    hand.send("/account", "/sign-out")
    assert thief.get(orders, timeout=TIMEOUT, allow_redirects=False).status_code == 303


def test_sessions_are_listed_and_ended_by_their_owner_alone(stack: Stack, admin: Visitor) -> None:
    person = hire(stack, admin)
    here, there = Hand(stack), Hand(stack, "127.0.4.2")
    here.sign_in(person.email)
    there.sign_in(person.email)
    page = here.get("/account").text
    assert "127.0.4.2" in page
    found = re.search(r"/account/sessions/(ses_\w+)/end", page)
    assert found is not None
    token = {"csrf_token": admin.read("/account").fields["csrf_token"]}
    assert admin.post(f"/account/sessions/{found[1]}/end", token).status_code == 404
    here.send("/account", f"/account/sessions/{found[1]}/end")
    assert here.is_in()
    assert not there.is_in()


def test_a_changed_password_ends_every_other_session(stack: Stack, admin: Visitor) -> None:
    person = hire(stack, admin)
    here, there = Hand(stack), Hand(stack)
    here.sign_in(person.email)
    there.sign_in(person.email)
    new = "another four words here"
    wrong = here.send("/account", "/account/password", current="not the one", password=new, again=new)
    assert wrong.status_code == 422
    assert "This is not your password" in wrong.text
    assert here.send("/account", "/account/password", current=PASSWORD, password=new, again=new).status_code == 200
    assert here.is_in()
    assert not there.is_in()
    assert there.sign_in(person.email).status_code == 422
    assert there.sign_in(person.email, new).status_code == 200
