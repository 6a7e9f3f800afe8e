"""Webhooks as an integrator sees them: signed, repeated, given up on, replayed, switched off."""

from __future__ import annotations

import base64
import time
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import requests
from standardwebhooks import Webhook, WebhookVerificationError

from tests.gateway.client import Json
from tests.gateway.hooked import Hooked
from tests.gateway.receiver import Received, Receiver, Reply, receiving
from tests.stack import free_port, until

GAPS = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]


def verify(secret: str, request: Received) -> Json:
    """The event, if a library that is not ours believes it."""
    believed: Json = Webhook(secret).verify(request.body, request.headers)
    return believed


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("clock", ["live", "frozen", "a week ahead"])
def test_a_foreign_library_verifies_a_delivery(account: Hooked, receiver: Receiver, clock: str) -> None:
    endpoint = account.endpoint(receiver)
    if clock == "frozen":
        account.stop_clock()
    if clock == "a week ahead":
        account.clock(advance="P7D")
    payment = account.pay()
    account.drain()

    [request] = receiver.requests
    event = verify(endpoint["secret"], request)
    assert event["id"] == request.id
    assert event["type"] == "payment.authorized"
    assert event["data"] == payment
    assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 60
    ahead = moment(event["timestamp"]).timestamp() - time.time()
    assert abs(ahead - (7 * 86_400 if clock == "a week ahead" else 0)) < 60


def test_an_event_tells_the_object_whole_as_it_was_then(account: Hooked, receiver: Receiver) -> None:
    account.endpoint(receiver)
    payment = account.pay(capture=True)
    refund = account.call("POST", f"/v1/payments/{payment['id']}/refunds", {"amount": 500})
    account.drain()

    by_type = {request.event["type"]: request.event["data"] for request in receiver.requests}
    assert [request.event["type"] for request in receiver.requests] == [
        "payment.authorized",
        "payment.captured",
        "refund.created",
        "refund.succeeded",
    ]
    assert by_type["payment.authorized"]["version"] == 1
    assert by_type["payment.captured"] == payment
    assert by_type["refund.succeeded"] == refund
    assert by_type["refund.created"]["status"] == "pending"


def test_nothing_is_sent_for_what_was_refused(account: Hooked, receiver: Receiver) -> None:
    account.endpoint(receiver)
    payment = account.pay(capture=True)
    account.drain()
    before = account.events()

    assert account.problem("POST", f"/v1/payments/{payment['id']}/void")["code"] == "invalid_transition"

    account.drain()
    assert account.events() == before
    assert len(receiver.requests) == len(before)


def test_an_endpoint_is_told_only_of_the_types_it_takes(account: Hooked, receiver: Receiver) -> None:
    account.endpoint(receiver, events=["payment.captured", "refund.created"])
    account.pay(capture=True)
    account.drain()

    assert [request.event["type"] for request in receiver.requests] == ["payment.captured"]


def test_every_endpoint_gets_the_same_event_signed_with_its_own_secret(account: Hooked, receiver: Receiver) -> None:
    first, second = account.endpoint(receiver), account.endpoint(receiver)
    account.pay()
    account.drain()

    one, other = receiver.requests
    assert first["secret"] != second["secret"]
    assert one.id == other.id
    assert one.body == other.body
    for secret in (first["secret"], second["secret"]):
        assert sum(is_signed_with(secret, request) for request in receiver.requests) == 1


def is_signed_with(secret: str, request: Received) -> bool:
    try:
        verify(secret, request)
    except WebhookVerificationError:
        return False
    return True


def test_the_secret_is_32_random_bytes_and_shown_once(account: Hooked, receiver: Receiver) -> None:
    endpoint = account.endpoint(receiver)

    assert len(base64.b64decode(endpoint["secret"].removeprefix("whsec_"), validate=True)) == 32
    del endpoint["secret"]
    assert account.call("GET", f"/v1/webhook_endpoints/{endpoint['id']}") == endpoint
    assert account.call("GET", "/v1/webhook_endpoints")["data"] == [endpoint]
    assert "whsec_" not in account.ask("PATCH", f"/v1/webhook_endpoints/{endpoint['id']}", {"enabled": True}).text


def test_the_same_key_gives_the_same_secret_and_one_endpoint(account: Hooked, receiver: Receiver) -> None:
    body = {"url": receiver.url}
    first = account.ask("POST", "/v1/webhook_endpoints", body, key="k1")
    again = account.ask("POST", "/v1/webhook_endpoints", body, key="k1")

    assert first.content == again.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(account.call("GET", "/v1/webhook_endpoints")["data"]) == 1


def test_after_a_rotation_old_and_new_secret_verify_for_a_day(account: Hooked, receiver: Receiver) -> None:
    account.stop_clock()
    endpoint = account.endpoint(receiver)
    rotated = account.call("POST", f"/v1/webhook_endpoints/{endpoint['id']}/rotate_secret")
    assert rotated["secret"] != endpoint["secret"]
    for wait in ("PT0S", "PT23H59M59S", "PT1S"):
        account.clock(advance=wait)
        account.pay()
        account.drain()

    at_once, just_before, after = receiver.requests
    for request in (at_once, just_before):
        assert verify(endpoint["secret"], request) == verify(rotated["secret"], request)
    assert is_signed_with(rotated["secret"], after)
    assert not is_signed_with(endpoint["secret"], after)


def test_a_failing_delivery_is_tried_ten_times_then_given_up(account: Hooked, receiver: Receiver) -> None:
    receiver.rule = lambda _request: Reply(500, body=b"not today")
    account.stop_clock()
    endpoint = account.endpoint(receiver)
    account.pay()
    for tries in range(1, 11):
        assert account.drain()["scheduled"] == (1 if tries < 10 else 0)
        assert len(receiver.requests) == tries
        if tries < 10:
            account.clock(to_next=True)

    log = account.deliveries()
    assert [delivery["attempt"] for delivery in log] == list(range(1, 11))
    assert [delivery["status"] for delivery in log] == ["failed"] * 9 + ["exhausted"]
    gaps = [(moment(b["sent_at"]) - moment(a["sent_at"])).total_seconds() for a, b in pairwise(log)]
    for gap, wanted in zip(gaps, GAPS, strict=True):
        assert wanted * 0.9 <= gap <= wanted * 1.1
    for delivery, following in pairwise(log):
        assert delivery["next_attempt_at"] == following["due_at"]
        assert delivery["response"]["status"] == 500
        assert delivery["response"]["body"] == "not today"
    assert log[-1]["next_attempt_at"] is None

    assert len({request.id for request in receiver.requests}) == 1
    assert len({request.body for request in receiver.requests}) == 1
    assert all(is_signed_with(endpoint["secret"], request) for request in receiver.requests)


def test_a_retry_waits_for_the_accounts_clock_alone(account: Hooked, receiver: Receiver) -> None:
    receiver.rule = lambda _request: Reply(503)
    account.stop_clock()
    account.endpoint(receiver)
    account.pay()
    account.drain()
    [due] = account.call("GET", "/_sandbox/clock")["next"][:1]
    assert due["kind"] == "webhook_delivery.retry"

    account.clock(advance="PT4S")
    assert account.drain()["scheduled"] == 1
    assert len(receiver.requests) == 1
    account.clock(advance="PT2S")
    account.drain()
    assert len(receiver.requests) == 2


def test_a_live_accounts_retry_comes_by_itself(account: Hooked, receiver: Receiver) -> None:
    answers = iter([Reply(500), Reply(200)])
    receiver.rule = lambda _request: next(answers)
    account.endpoint(receiver)
    account.pay()
    receiver.wait_for(2)
    account.drain()

    first, second = account.deliveries()
    assert (first["status"], second["status"]) == ("failed", "delivered")
    assert receiver.requests[0].headers["webhook-signature"] != receiver.requests[1].headers["webhook-signature"]
    assert receiver.requests[0].headers["webhook-timestamp"] != receiver.requests[1].headers["webhook-timestamp"]


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(302, {"Location": "/elsewhere"}), None),
        (Reply(404), None),
        (None, "the connection ended without a whole answer"),
    ],
    ids=["redirect", "404", "no answer"],
)
def test_whatever_is_not_2xx_is_tried_again(
    account: Hooked, receiver: Receiver, reply: Reply | None, why: str | None
) -> None:
    receiver.rule = lambda _request: reply
    account.stop_clock()
    account.endpoint(receiver)
    account.pay()
    assert account.drain()["scheduled"] == 1

    failed, planned = account.deliveries()
    assert (failed["status"], planned["status"], planned["attempt"]) == ("failed", "pending", 2)
    assert failed["error"] == why
    assert {request.path for request in receiver.requests} == {"/hook"}


def test_a_receiver_that_is_not_there_is_tried_again(account: Hooked) -> None:
    account.stop_clock()
    account.call("POST", "/v1/webhook_endpoints", {"url": f"http://127.0.0.1:{free_port()}/"})
    account.pay()
    account.drain()

    failed, planned = account.deliveries()
    assert failed["error"] == "no connection: Connection refused"
    assert failed["response"] is None
    assert planned["request"] is None


@pytest.mark.parametrize(("retry_after", "seconds"), [("3600", 3600), ("1", 4.5)])
def test_the_next_try_is_not_earlier_than_the_receiver_asks(
    account: Hooked, receiver: Receiver, retry_after: str, seconds: float
) -> None:
    receiver.rule = lambda _request: Reply(429, {"Retry-After": retry_after})
    account.stop_clock()
    account.endpoint(receiver)
    account.pay()
    account.drain()

    failed = account.deliveries()[0]
    assert moment(failed["next_attempt_at"]) - moment(failed["sent_at"]) >= timedelta(seconds=seconds)


def test_410_switches_the_endpoint_off(account: Hooked, receiver: Receiver) -> None:
    receiver.rule = lambda _request: Reply(500)
    account.stop_clock()
    endpoint = account.endpoint(receiver)
    account.pay()
    account.drain()
    receiver.rule = lambda _request: Reply(410)
    account.pay()
    assert account.drain()["scheduled"] == 0

    found = account.call("GET", f"/v1/webhook_endpoints/{endpoint['id']}")
    assert (found["enabled"], found["disabled_reason"]) == (False, "gone")
    assert [delivery["status"] for delivery in account.deliveries()] == ["failed", "canceled", "failed"]
    seen = len(receiver.requests)
    account.pay()
    account.clock(advance="P3D")
    account.drain()
    assert len(receiver.requests) == seen


def test_switching_off_cancels_what_waits_and_on_again_takes_new_events(account: Hooked, receiver: Receiver) -> None:
    receiver.rule = lambda _request: Reply(500)
    account.stop_clock()
    endpoint = account.endpoint(receiver)
    path = f"/v1/webhook_endpoints/{endpoint['id']}"
    account.pay()
    account.drain()
    off = account.call("PATCH", path, {"enabled": False})
    assert off["disabled_reason"] == "by_request"
    assert [delivery["status"] for delivery in account.deliveries()] == ["failed", "canceled"]

    receiver.rule = lambda _request: Reply(204)
    account.pay()
    on = account.call("PATCH", path, {"enabled": True})
    assert on["disabled_reason"] is None
    account.pay()
    account.clock(advance="P1D")
    account.drain()
    assert len(receiver.requests) == 2


def test_a_deleted_endpoint_gets_nothing_more(account: Hooked, receiver: Receiver) -> None:
    receiver.rule = lambda _request: Reply(500)
    account.stop_clock()
    endpoint = account.endpoint(receiver)
    account.pay()
    account.drain()
    assert account.ask("DELETE", f"/v1/webhook_endpoints/{endpoint['id']}").status_code == 204
    account.pay()
    account.clock(advance="P1D")
    account.drain()

    assert len(receiver.requests) == 1
    assert account.problem("GET", f"/v1/webhook_endpoints/{endpoint['id']}")["code"] == "not_found"
    assert [delivery["status"] for delivery in account.deliveries()] == ["failed", "canceled"]


def test_a_new_url_is_used_from_the_next_try_on(account: Hooked, receiver: Receiver) -> None:
    account.stop_clock()
    endpoint = account.call("POST", "/v1/webhook_endpoints", {"url": f"http://127.0.0.1:{free_port()}/"})
    account.pay()
    account.drain()
    changed = account.call("PATCH", f"/v1/webhook_endpoints/{endpoint['id']}", {"url": receiver.url})
    assert changed["url"] == receiver.url
    account.clock(advance="PT6S")
    account.drain()

    assert len(receiver.requests) == 1


def test_an_event_is_resent_under_its_id_signed_anew(account: Hooked, receiver: Receiver) -> None:
    endpoint = account.endpoint(receiver)
    account.pay()
    account.drain()
    [event] = account.events()
    answer = account.ask("POST", f"/v1/events/{event['id']}/resend")
    assert answer.status_code == 202
    account.drain()

    first, second = receiver.requests
    assert (first.id, first.body) == (second.id, second.body)
    assert is_signed_with(endpoint["secret"], second)
    [delivery_id] = answer.json()["deliveries"]
    assert account.call("GET", f"/v1/webhook_deliveries/{delivery_id}")["status"] == "delivered"
    assert account.events() == [event]


def test_a_resend_to_one_endpoint_leaves_the_others_alone(account: Hooked, receiver: Receiver) -> None:
    account.pay()
    [event] = account.events()
    account.endpoint(receiver)
    with receiving() as other:
        chosen = account.endpoint(other, events=["refund.created"])
        account.call("POST", f"/v1/events/{event['id']}/resend", {"endpoint": chosen["id"]})
        account.drain()
        assert [request.id for request in other.requests] == [event["id"]]
    assert receiver.requests == []


def test_a_test_event_goes_to_the_one_endpoint_whatever_it_takes(account: Hooked, receiver: Receiver) -> None:
    endpoint = account.endpoint(receiver, events=["refund.created"])
    account.endpoint(receiver)
    answer = account.ask("POST", f"/v1/webhook_endpoints/{endpoint['id']}/test")
    assert answer.status_code == 202
    account.drain()

    [request] = receiver.requests
    event = verify(endpoint["secret"], request)
    assert event["type"] == "endpoint.test"
    assert event["data"]["id"] == endpoint["id"]
    assert event["id"] == answer.json()["event"]
    assert "secret" not in event["data"]


def test_what_is_switched_off_is_neither_tested_nor_resent_to(account: Hooked, receiver: Receiver) -> None:
    endpoint = account.endpoint(receiver, enabled=False)
    account.pay()
    [event] = account.events()

    assert account.problem("POST", f"/v1/webhook_endpoints/{endpoint['id']}/test")["code"] == "endpoint_disabled"
    body = {"endpoint": endpoint["id"]}
    assert account.problem("POST", f"/v1/events/{event['id']}/resend", body)["code"] == "endpoint_disabled"
    assert account.events() == [event]
    assert account.deliveries() == []


def test_the_log_shows_request_and_answer(account: Hooked, receiver: Receiver) -> None:
    receiver.rule = lambda _request: Reply(200, {"X-Seen": "yes"}, b"thanks")
    endpoint = account.endpoint(receiver)
    account.pay()
    account.drain()

    [delivery] = account.deliveries()
    [request] = receiver.requests
    assert delivery["endpoint"] == endpoint["id"]
    assert delivery["event"] == request.id
    assert delivery["request"]["url"] == receiver.url
    assert delivery["request"]["body"].encode() == request.body
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        assert delivery["request"]["headers"][name] == request.headers[name]
    assert delivery["response"]["status"] == 200
    assert delivery["response"]["headers"]["X-Seen"] == "yes"
    assert delivery["response"]["body"] == "thanks"
    assert delivery["duration_ms"] >= 0
    assert endpoint["secret"] not in account.ask("GET", "/v1/webhook_deliveries").text


def test_the_log_can_be_filtered_and_paged(account: Hooked, receiver: Receiver) -> None:
    one = account.endpoint(receiver)
    account.endpoint(receiver, events=["payment.voided"])
    payment = account.pay()
    account.call("POST", f"/v1/payments/{payment['id']}/void")
    account.drain()
    authorized, voided = account.events()

    assert len(account.deliveries()) == 3
    assert len(account.deliveries(endpoint=one["id"])) == 2
    assert len(account.deliveries(event=voided["id"])) == 2
    assert len(account.deliveries(event=authorized["id"], status="delivered")) == 1
    assert account.deliveries(status="exhausted") == []
    page = account.call("GET", "/v1/webhook_deliveries?limit=2")
    rest = account.call("GET", f"/v1/webhook_deliveries?limit=2&cursor={page['next_cursor']}")
    assert (page["has_more"], rest["has_more"]) == (True, False)
    assert [one["id"] for one in page["data"] + rest["data"]] == [one["id"] for one in account.deliveries()[::-1]]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/url"),
        ({"url": 5}, "/url"),
        ({"url": None}, "/url"),
        ({"url": "shop.example"}, "/url"),
        ({"url": "ftp://shop.example/"}, "/url"),
        ({"url": "http://169.254.169.254/latest"}, "/url"),
        ({"url": "http://[::ffff:169.254.169.254]/"}, "/url"),
        ({"url": "http://2852039166/"}, "/url"),
        ({"url": "http://u:p@127.0.0.1/"}, "/url"),
        ({"url": "http://127.0.0.1/" + "a" * 2100}, "/url"),
        ({"url": "http://127.0.0.1/", "events": []}, "/events"),
        ({"url": "http://127.0.0.1/", "events": "*"}, "/events"),
        ({"url": "http://127.0.0.1/", "events": ["payment.*"]}, "/events/0"),
        ({"url": "http://127.0.0.1/", "events": ["payment.captured", 1]}, "/events/1"),
        ({"url": "http://127.0.0.1/", "events": ["payment.captured"] * 30}, "/events"),
        ({"url": "http://127.0.0.1/", "enabled": "yes"}, "/enabled"),
        ({"url": "http://127.0.0.1/", "secret": "whsec_AAAA"}, "/secret"),
    ],
)
def test_a_wrong_endpoint_is_refused_by_the_name_of_what_is_wrong(account: Hooked, body: Json, pointer: str) -> None:
    problem = account.problem("POST", "/v1/webhook_endpoints", body)

    assert (problem["status"], problem["code"], problem["param"]) == (422, "validation_failed", pointer)
    assert account.call("GET", "/v1/webhook_endpoints")["data"] == []


@pytest.mark.parametrize(
    "body", [{"url": None}, {"events": None}, {"enabled": None}, {"url": "http://169.254.169.254/"}, {"id": "we_1"}]
)
def test_a_wrong_change_leaves_the_endpoint_alone(account: Hooked, receiver: Receiver, body: Json) -> None:
    endpoint = account.endpoint(receiver)
    del endpoint["secret"]
    path = f"/v1/webhook_endpoints/{endpoint['id']}"

    assert account.problem("PATCH", path, body)["param"] == f"/{next(iter(body))}"
    assert account.call("GET", path) == endpoint
    assert account.call("PATCH", path, {}) == endpoint


def test_private_targets_are_refused_by_setting_at_saving_and_at_sending(account: Hooked, receiver: Receiver) -> None:
    account.stop_clock()
    account.endpoint(receiver)
    account.call("PATCH", "/_sandbox/settings", {"allow_private_webhook_targets": False})
    account.pay()
    account.drain()

    assert receiver.requests == []
    assert "not a public address" in account.deliveries()[0]["error"]
    problem = account.problem("POST", "/v1/webhook_endpoints", {"url": receiver.url})
    assert problem["param"] == "/url"


def test_another_accounts_webhooks_are_out_of_reach(account: Hooked, receiver: Receiver) -> None:
    endpoint = account.endpoint(receiver)
    account.pay()
    account.drain()
    [event], [delivery] = account.events(), account.deliveries()
    stranger = Hooked(account.gateway)

    for method, path in [
        ("GET", f"/v1/webhook_endpoints/{endpoint['id']}"),
        ("PATCH", f"/v1/webhook_endpoints/{endpoint['id']}"),
        ("DELETE", f"/v1/webhook_endpoints/{endpoint['id']}"),
        ("POST", f"/v1/webhook_endpoints/{endpoint['id']}/rotate_secret"),
        ("POST", f"/v1/webhook_endpoints/{endpoint['id']}/test"),
        ("GET", f"/v1/events/{event['id']}"),
        ("POST", f"/v1/events/{event['id']}/resend"),
        ("GET", f"/v1/webhook_deliveries/{delivery['id']}"),
    ]:
        assert stranger.problem(method, path)["code"] == "not_found", path
    stranger.pay()
    stranger.drain()
    assert len(receiver.requests) == 1


def test_a_reset_takes_events_and_deliveries_and_leaves_endpoints(account: Hooked, receiver: Receiver) -> None:
    receiver.rule = lambda _request: Reply(500)
    endpoint = account.endpoint(receiver)
    account.stop_clock()
    account.pay()
    account.drain()
    assert account.ask("POST", "/_sandbox/reset").status_code == 204

    assert account.events() == []
    assert account.deliveries() == []
    assert [one["id"] for one in account.call("GET", "/v1/webhook_endpoints")["data"]] == [endpoint["id"]]
    receiver.rule = lambda _request: Reply(204)
    account.pay()
    account.drain()
    assert is_signed_with(endpoint["secret"], receiver.requests[-1])


def test_draining_says_so_when_the_time_is_over(account: Hooked, receiver: Receiver) -> None:
    def hold(_request: Received) -> Reply:
        until(lambda: receiver.rule is not hold, what="the end of the test")
        return Reply()

    receiver.rule = hold
    account.endpoint(receiver)
    account.pay()
    receiver.wait_for(1)
    state = account.call("POST", "/_sandbox/drain", {"timeout": 0})
    assert state == {"drained": False, "due": 0, "sending": 1, "scheduled": 0}
    receiver.rule = lambda _request: Reply()
    assert account.drain() == {"drained": True, "due": 0, "sending": 0, "scheduled": 0}


@pytest.mark.parametrize("timeout", [-1, 61, 1.5, "5", True, None])
def test_a_wrong_waiting_time_is_refused(account: Hooked, timeout: object) -> None:
    assert account.problem("POST", "/_sandbox/drain", {"timeout": timeout})["param"] == "/timeout"


def test_a_publishable_key_sees_no_webhooks(account: Hooked) -> None:
    key = account.call("GET", "/v1/account")["publishable_key"]
    for path in ("/v1/webhook_endpoints", "/v1/events", "/v1/webhook_deliveries"):
        answer = requests.get(account.gateway.url + path, headers={"Authorization": f"Bearer {key}"}, timeout=10)
        assert (answer.status_code, answer.json()["code"]) == (403, "publishable_key")
