"""Deliveries in the eyes of npm's standardwebhooks, which shares no code with PyPI's or with ours."""

from __future__ import annotations

import base64

from tests import node
from tests.gateway.client import Json
from tests.gateway.hooked import Hooked
from tests.gateway.receiver import Received, Receiver

REFUSED = "WebhookVerificationError"


def seen(secret: str, delivery: Received, **changed: str | bytes) -> Json:
    """One question for the verifier; `changed` stands in for the body, or for a header's value."""
    body = changed.pop("body", delivery.body)
    assert isinstance(body, bytes)
    headers = {name: value for name, value in delivery.headers.items() if name.startswith("webhook-")}
    headers |= {f"webhook-{name}": str(value) for name, value in changed.items()}
    return {"secret": secret, "headers": headers, "body": base64.b64encode(body).decode()}


def test_the_other_library_believes_deliveries_and_nothing_that_was_changed(
    account: Hooked, receiver: Receiver
) -> None:
    endpoint = account.endpoint(receiver)
    account.pay(description="Größe 42, 日本, 🧾", metadata={"shop": "Ōsaka"}, capture=True)
    account.drain()
    first, second = receiver.requests
    secret = endpoint["secret"]

    flipped = [first.body[:at] + bytes([first.body[at] ^ 1]) + first.body[at + 1 :] for at in (0, 40, -2)]
    later = str(int(first.headers["webhook-timestamp"]) + 1)
    assert node.ask("verify.cjs", [seen(secret, first), seen(secret, second)]) == ["ok", "ok"]
    assert node.ask(
        "verify.cjs",
        [
            *(seen(secret, first, body=body) for body in flipped),
            seen(secret, first, id=second.id),
            seen(secret, first, timestamp=later),
            seen(secret, first, signature=second.headers["webhook-signature"]),
        ],
    ) == [REFUSED] * (len(flipped) + 3)


def test_the_other_library_believes_both_secrets_until_the_old_one_ends(account: Hooked, receiver: Receiver) -> None:
    account.stop_clock()
    old = account.endpoint(receiver)
    new = account.call("POST", f"/v1/webhook_endpoints/{old['id']}/rotate_secret")
    for wait in ("PT0S", "PT23H59M59S", "PT1S"):
        account.clock(advance=wait)
        account.pay()
        account.drain()

    asked = [seen(secret, delivery) for delivery in receiver.requests for secret in (old["secret"], new["secret"])]
    assert node.ask("verify.cjs", asked) == ["ok", "ok", "ok", "ok", REFUSED, "ok"]
