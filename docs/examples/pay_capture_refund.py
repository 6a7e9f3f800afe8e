"""An order is placed, declined, paid with another card, captured in two parts, and refunded in two parts."""

import os
import uuid
from typing import Any

import requests

API, TOKEN = os.environ["DESK"] + "/api", os.environ["TOKEN"]


def call(method: str, path: str, **body: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": str(uuid.uuid4())}
    answer = requests.request(method, API + path, json=body or None, headers=headers, timeout=60)
    answer.raise_for_status()
    return answer.json()


ann = {"email": "ann@example.com", "name": "Ann Example"}
order = call("POST", "/orders", reference=f"demo-{uuid.uuid4().hex[:8]}", amount=4999, currency="USD", customer=ann)
path = f"/orders/{order['id']}"
declined = call("POST", f"{path}/payments", test_card="visa_insufficient_funds")
print(declined["status"], declined["decline"]["code"])
print(call("POST", f"{path}/payments", test_card="visa_success")["status"])
print(call("POST", f"{path}/captures", amount=1999)["status"])
print(call("POST", f"{path}/captures", final=True)["status"])
print(call("POST", f"{path}/refunds", amount=1000, reason="requested_by_customer")["status"])
print(call("POST", f"{path}/refunds", note="the rest, a mug broke")["status"])
order = call("GET", path)
print(order["amount_captured"], order["amount_refunded"])
