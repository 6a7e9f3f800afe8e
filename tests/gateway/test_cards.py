"""The catalogue: every card's story as it shows in a payment, and which numbers are taken at all."""

from __future__ import annotations

import pytest

from sandbox_gateway.declines import DECLINES, advice_of
from sandbox_gateway.test_cards import BY_NUMBER, CARDS
from tests.gateway.client import CARD, Account, Json

_DECLINING = {
    "generic_decline": ("05", "soft"),
    "insufficient_funds": ("51", "soft"),
    "lost_card": ("41", "hard"),
    "stolen_card": ("43", "hard"),
    "expired_card": ("54", "hard"),
    "incorrect_cvc": ("N7", "soft"),
    "incorrect_number": ("14", "soft"),
    "incorrect_pin": ("55", "soft"),
    "try_again_later": ("19", "soft"),
    "invalid_transaction": ("12", "hard"),
    "no_such_issuer": ("15", "hard"),
    "closed_account": ("78", "hard"),
    "stop_payment": ("R0", "hard"),
    "revocation": ("R1", "hard"),
    "revocation_of_all": ("R3", "hard"),
    "processing_error": ("96", "soft"),
    "do_not_honor": ("05", "soft"),
    "card_velocity_exceeded": ("65", "soft"),
    "issuer_unavailable": ("91", "soft"),
    "suspected_fraud": ("59", "soft"),
    "restricted_card": ("62", "hard"),
    "transaction_not_allowed": ("57", "hard"),
    "pickup_card": ("04", "hard"),
    "withdrawal_limit_exceeded": ("61", "soft"),
}
_PUBLISHED = {
    "visa_success": "4242424242424242",
    "visa_debit_success": "4000056655665556",
    "mastercard_success": "5555555555554444",
    "mastercard_2series_success": "2223003122003222",
    "amex_success": "378282246310005",
    "discover_success": "6011111111111117",
    "diners_success": "36227206271667",
    "jcb_success": "3566002020360505",
    "unionpay_success": "6200000000000005",
    "visa_generic_decline": "4000000000000002",
    "visa_insufficient_funds": "4000000000009995",
    "visa_lost_card": "4000000000009987",
    "visa_stolen_card": "4000000000009979",
    "visa_expired_card": "4000000000000069",
    "visa_incorrect_cvc": "4000000000000127",
    "visa_processing_error": "4000000000000119",
    "visa_challenge": "4000002760003184",
    "visa_challenge_declined": "4000008400001629",
}


def _with_number(account: Account, number: str, cvc: str = "123", address: Json | None = None) -> Json:
    body = {"card": CARD | {"number": number, "cvc": cvc}, "amount": 1999, "currency": "USD"}
    return account.call("POST", "/v1/tokens", body if address is None else body | {"billing_address": address})


def test_the_catalogue_lists_the_published_numbers_and_every_decline(account: Account) -> None:
    cards = {card["name"]: card for card in account.call("GET", "/_sandbox/cards")["data"]}
    assert {name: cards[name]["number"] for name in _PUBLISHED} == _PUBLISHED
    assert {f"visa_{code}" for code in _DECLINING} <= set(cards)
    assert len({card["number"] for card in cards.values()}) == len(cards)
    assert all(card["story"] for card in cards.values())


_ADDRESS = {"line1": "1 Main Street", "city": "Springfield", "postal_code": "12345", "country": "US"}
_REFUND_STEPS = {
    "succeeds": ["succeeded", "succeeded", "succeeded"],
    "pending": ["pending", "succeeded", "succeeded"],
    "fails": ["pending", "failed", "failed"],
    "fails_later": ["succeeded", "succeeded", "failed"],
}


@pytest.mark.parametrize("name", sorted(CARDS))
def test_every_card_does_what_it_says(account: Account, name: str) -> None:
    account.freeze()
    card = CARDS[name]
    token = _with_number(account, card.number, "1234" if card.network == "amex" else "123", _ADDRESS)
    assert token["card"] == {
        "network": card.network,
        "funding": card.funding,
        "country": card.country,
        "bin": card.number[:6],
        "last4": card.number[-4:],
        "exp_month": 12,
        "exp_year": 2090,
        "fingerprint": token["card"]["fingerprint"],
    }
    body = {"token": token["id"], "amount": 1999, "currency": "USD", "capture": True}
    paid = account.call("POST", "/v1/payments", body)
    assert paid["why"].startswith(f"card {name}: {card.words}")
    assert tuple(paid["checks"].values()) == (card.cvc_check, card.avs_line1, card.avs_postal_code)

    if card.authentication == "challenge":
        assert paid["status"] == "requires_action"
        paid = account.move("payments", paid["id"], "approve_challenge")
        assert paid["authentication"]["outcome"] == "challenge_passed"
    if card.processing != "none":
        assert paid["status"] == "processing"
        account.clock(advance="PT10M")
        paid = account.payment(paid["id"])
    if card.decline_code is not None:
        assert (paid["status"], paid["decline"]["code"], paid["amount_captured"]) == ("declined", card.decline_code, 0)
    elif card.processing == "fails":
        assert (paid["status"], paid["decline"], paid["authorization_code"]) == ("failed", None, None)
    elif card.capture_fails:
        assert (paid["status"], paid["amount_captured"], paid["capture_failure"]["amount"]) == ("authorized", 0, 1999)
    else:
        assert (paid["status"], paid["amount_captured"]) == ("captured", 1999)
        refund = account.act(paid["id"], "refund", {"amount": 9}).json()
        seen = [refund["status"]]
        for pause in ("P1D", "P2D"):
            account.clock(advance=pause)
            refund = account.call("GET", f"/v1/refunds/{refund['id']}")
            seen.append(refund["status"])
        assert seen == _REFUND_STEPS[card.refund]
        assert (refund["failure"] is None) == (seen[-1] != "failed")
    if card.decline_code is not None or card.processing == "fails":
        assert paid["why"].startswith(f"card {name}: {card.words}")


def test_numbers_are_of_the_right_length_and_check_digit_and_lead_to_one_card() -> None:
    assert len(BY_NUMBER) == len(CARDS) >= 60
    for card in CARDS.values():
        digits = [int(digit) for digit in card.number]
        doubled = [value * 2 - 9 * (value > 4) for value in digits[-2::-2]]
        assert (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0, card.name
        assert card.name.startswith(f"{card.network}_")


@pytest.mark.parametrize("code", sorted(_DECLINING))
def test_every_declining_card_says_why(account: Account, code: str) -> None:
    paid = account.pay(f"visa_{code}", capture=True)
    network_code, kind = _DECLINING[code]
    assert (paid["status"], paid["version"], paid["authorization_code"]) == ("declined", 1, None)
    assert paid["decline"] == {
        "code": code,
        "network_code": network_code,
        "kind": kind,
        "message": DECLINES[code].message,
        "advice": advice_of(DECLINES[code], "visa"),
    }
    assert (paid["decline"]["advice"]["retry"] == "never") == (kind == "hard" and code != "expired_card")
    assert (paid["amount_capturable"], paid["amount_captured"]) == (0, 0)
    assert paid["why"].startswith(f"card visa_{code}: ")
    assert [event["type"] for event in account.events()] == ["payment.declined"]


def test_lost_and_stolen_look_alike_to_the_customer() -> None:
    assert DECLINES["lost_card"].message == DECLINES["stolen_card"].message == DECLINES["pickup_card"].message


@pytest.mark.parametrize(
    ("name", "code", "retry", "after"),
    [
        ("visa_insufficient_funds", "2", "later", "P2D"),
        ("mastercard_insufficient_funds", "26", "later", "P2D"),
        ("mastercard_do_not_honor", "25", "later", "P1D"),
        ("visa_do_not_honor", "4", "later", "P1D"),
        ("mastercard_lost_card", "03", "never", None),
        ("visa_lost_card", "1", "never", None),
        ("visa_incorrect_cvc", "3", "corrected", None),
        ("amex_generic_decline", None, "later", "P1D"),
    ],
)
def test_a_decline_carries_the_advice_of_its_network(
    account: Account, name: str, code: str | None, retry: str, after: str | None
) -> None:
    advice = account.pay(name)["decline"]["advice"]
    assert (advice["code"], advice["retry"], advice["retry_after"]) == (code, retry, after)
    listed = {card["name"]: card for card in account.call("GET", "/_sandbox/cards")["data"]}
    assert listed[name]["decline_advice"] == advice


def test_amounts_and_names_trigger_nothing(account: Account) -> None:
    for amount, name in ((9995, "Declined Customer"), (1, "REFUSED"), (51, "lost")):
        paid = account.pay(amount=amount, customer={"name": name}, description="decline", reference="fail")
        assert paid["status"] == "authorized"


@pytest.mark.parametrize(
    ("card", "three_ds", "status", "outcome", "eci"),
    [
        ("visa_success", "auto", "authorized", None, None),
        ("visa_success", "force", "authorized", "frictionless", "05"),
        ("mastercard_success", "force", "authorized", "frictionless", "02"),
        ("visa_success", "skip", "authorized", None, None),
        ("visa_frictionless", "auto", "authorized", "frictionless", "05"),
        ("visa_frictionless", "skip", "authorized", None, None),
        ("visa_challenge", "auto", "requires_action", "challenge_required", None),
        ("visa_challenge", "force", "requires_action", "challenge_required", None),
        ("visa_challenge", "skip", "declined", None, None),
        ("visa_challenge_declined", "auto", "requires_action", "challenge_required", None),
        ("visa_authentication_failed", "auto", "declined", "failed", None),
        ("visa_authentication_rejected", "auto", "declined", "rejected", None),
        ("visa_authentication_attempted", "auto", "authorized", "attempted", "06"),
        ("mastercard_authentication_attempted", "auto", "authorized", "attempted", "01"),
        ("mastercard_frictionless", "auto", "authorized", "frictionless", "02"),
        ("visa_challenge_optional", "auto", "authorized", None, None),
        ("visa_challenge_optional", "force", "requires_action", "challenge_required", None),
        ("visa_challenge_optional", "skip", "authorized", None, None),
        ("visa_authentication_unavailable", "auto", "authorized", "unavailable", "07"),
        ("visa_generic_decline", "force", "declined", "frictionless", "05"),
    ],
)
def test_authentication_follows_the_card_and_the_wish(
    account: Account, card: str, three_ds: str, status: str, outcome: str | None, eci: str | None
) -> None:
    paid = account.pay(card, three_ds=three_ds)
    assert paid["status"] == status
    if outcome is None:
        assert paid["authentication"] is None
    else:
        assert paid["authentication"] == {"outcome": outcome, "eci": eci, "version": "2.2.0"}


def test_skipping_what_the_card_demands_is_declined_as_required(account: Account) -> None:
    paid = account.pay("visa_challenge", three_ds="skip")
    assert paid["decline"]["code"] == "authentication_required"
    assert "three_ds: skip" in paid["why"]


@pytest.mark.parametrize(
    ("number", "address", "checks"),
    [
        ("4242424242424242", None, ("pass", "unchecked", "unchecked")),
        ("4242424242424242", _ADDRESS, ("pass", "pass", "pass")),
        ("4242424242424242", _ADDRESS | {"line1": ""}, ("pass", "unchecked", "pass")),
        ("4000000000000010", _ADDRESS, ("pass", "fail", "fail")),
        ("4000000000000101", _ADDRESS, ("fail", "pass", "pass")),
        ("4000000000000127", None, ("fail", "unchecked", "unchecked")),
    ],
)
def test_checks_tell_what_the_issuer_thinks(
    account: Account, number: str, address: Json | None, checks: tuple[str, str, str]
) -> None:
    token = _with_number(account, number, address=address)
    paid = account.call("POST", "/v1/payments", {"token": token["id"], "amount": 1999, "currency": "USD"})
    assert tuple(paid["checks"].values()) == checks


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("4242424242424241", "invalid_card_number"),
        ("424242424242424", "invalid_card_number"),
        ("42424242424242", "invalid_card_number"),
        ("4242", "invalid_card_number"),
        ("", "invalid_card_number"),
        ("4242 4242 4242 424x", "invalid_card_number"),
        ("٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢", "invalid_card_number"),
        ("0" * 16, "live_card_refused"),
        ("0" * 39, "invalid_card_number"),
        ("4539578763621486", "live_card_refused"),
        ("5555341244441115", "live_card_refused"),
        ("374245455400126", "live_card_refused"),
    ],
)
def test_only_published_test_numbers_are_taken(account: Account, number: str, code: str) -> None:
    body = {"card": CARD | {"number": number}, "amount": 1999, "currency": "USD"}
    answer = account.ask("POST", "/v1/tokens", body)
    assert (answer.status_code, answer.json()["code"], answer.json()["param"]) == (422, code, "/card/number")
    assert not number or number not in answer.text


def test_spaces_and_dashes_in_a_number_are_passed_over(account: Account) -> None:
    one, two = _with_number(account, "4242-4242-4242-4242"), _with_number(account, "4242 4242 4242 4242")
    assert one["card"] == two["card"]


@pytest.mark.parametrize(
    ("number", "cvc"),
    [
        ("4242424242424242", "1234"),
        ("4242424242424242", "12a"),
        ("4242424242424242", ""),
        ("378282246310005", "123"),
        ("4242424242424242", "١٢٣"),
    ],
)
def test_a_security_code_of_the_wrong_form_is_refused(account: Account, number: str, cvc: str) -> None:
    body = {"card": CARD | {"number": number, "cvc": cvc}, "amount": 1999, "currency": "USD"}
    assert account.refused(422, "invalid_cvc", "POST", "/v1/tokens", body)["param"] == "/card/cvc"


@pytest.mark.parametrize(
    ("month", "year", "good"),
    [(2, 2026, False), (3, 2026, True), (12, 2025, False), (1, 2027, True), (12, 2000, False)],
)
def test_a_card_is_good_to_the_end_of_its_month(account: Account, month: int, year: int, good: bool) -> None:
    account.freeze("2026-03-31T23:59:59Z")
    body = {"card": CARD | {"exp_month": month, "exp_year": year}, "amount": 1999, "currency": "USD"}
    if good:
        assert account.call("POST", "/v1/tokens", body)["card"]["exp_year"] == year
    else:
        account.refused(422, "invalid_expiry", "POST", "/v1/tokens", body)


def test_a_fingerprint_is_the_same_for_the_same_card_within_the_account_only(
    account: Account, other_account: Account
) -> None:
    same = {_with_number(account, "4242424242424242", cvc)["card"]["fingerprint"] for cvc in ("123", "987")}
    other_card = _with_number(account, "5555555555554444")["card"]["fingerprint"]
    elsewhere = _with_number(other_account, "4242424242424242")["card"]["fingerprint"]
    assert len(same) == 1
    assert len(same | {other_card, elsewhere}) == 3


def test_an_unknown_test_card_is_refused(account: Account) -> None:
    body = {"test_card": "visa_nonsense", "amount": 1, "currency": "USD"}
    assert account.refused(422, "validation_failed", "POST", "/_sandbox/tokens", body)["param"] == "/test_card"


@pytest.mark.parametrize(
    ("card", "capture", "status", "events"),
    [
        ("visa_processing_approved", False, "authorized", ["payment.processing", "payment.authorized"]),
        (
            "visa_processing_approved",
            True,
            "captured",
            ["payment.processing", "payment.authorized", "payment.captured"],
        ),
        ("visa_processing_declined", True, "declined", ["payment.processing", "payment.declined"]),
    ],
)
def test_a_late_acquirer_answers_after_ten_minutes(
    account: Account, card: str, capture: bool, status: str, events: list[str]
) -> None:
    account.freeze()
    paid = account.pay(card, capture=capture)
    assert (paid["status"], paid["amount_capturable"]) == ("processing", 0)
    account.clock(advance="PT9M59S")
    assert account.payment(paid["id"])["status"] == "processing"
    account.clock(advance="PT1S")
    assert account.payment(paid["id"])["status"] == status
    assert [event["type"] for event in account.events()] == events
