"""Signatures: the published vectors, and what a library that is not ours makes of them."""

from __future__ import annotations

import base64
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from sandbox_gateway.webhooks import signing

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.mark.parametrize(
    ("secret", "message_id", "timestamp", "body", "expected"),
    [
        (
            SECRET,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            b'{"test": 2432232314}',
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
        (
            "whsec_plJ3nmyCDGBKInavdOK15jsl",
            "msg_loFOjxBNrRLzqYUf",
            1731705121,
            b'{"event_type":"ping","data":{"success":true}}',
            "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
        ),
    ],
)
def test_the_published_vectors_come_out(
    secret: str, message_id: str, timestamp: int, body: bytes, expected: str
) -> None:
    assert signing.signature(secret, message_id, timestamp, body) == expected


def test_every_secret_in_force_signs() -> None:
    other = "whsec_" + base64.b64encode(bytes(range(32))).decode()
    now = int(time.time())
    headers = signing.headers([SECRET, other], "evt_1", now, b'{"a":1}')

    assert headers["webhook-signature"].count("v1,") == 2
    for secret in (SECRET, other):
        assert Webhook(secret).verify(b'{"a":1}', headers) == {"a": 1}


@pytest.mark.parametrize(
    ("name", "value"),
    [("webhook-id", "evt_2"), ("webhook-timestamp", None), ("body", None)],
    ids=["id", "time", "body"],
)
def test_whatever_is_changed_after_signing_is_refused(name: str, value: str | None) -> None:
    now = int(time.time())
    body = b'{"amount":1999}'
    headers = signing.headers([SECRET], "evt_1", now, body)
    if name == "body":
        body = b'{"amount":1998}'
    else:
        headers[name] = value or str(now + 1)

    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body, headers)
