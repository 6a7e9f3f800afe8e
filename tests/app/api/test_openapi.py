"""The OpenAPI document: valid 3.1, true to what is served, and told in full."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.clients import Json, OrderService
from tests.stack import Stack

METHODS = {
    "/api/orders": {"get", "post"},
    "/api/orders/{order_id}": {"get"},
    "/api/orders/{order_id}/payments": {"post"},
    "/api/orders/{order_id}/captures": {"post"},
    "/api/orders/{order_id}/shipments": {"post"},
    "/api/orders/{order_id}/refunds": {"post"},
    "/api/orders/{order_id}/cancel": {"post"},
    "/api/orders/{order_id}/pay_links": {"get", "post"},
    "/api/pay_links/{link_id}/revoke": {"post"},
    "/api/approvals/{approval_id}": {"get"},
    "/api/customers": {"get"},
    "/api/customers/{customer_id}": {"get"},
    "/api/customers/{customer_id}/merge": {"post"},
    "/api/customers/{customer_id}/erase": {"post"},
    "/api/disputes": {"get"},
    "/api/disputes/{dispute_id}": {"get"},
    "/api/disputes/{dispute_id}/evidence": {"post"},
    "/api/disputes/{dispute_id}/submit": {"post"},
    "/api/disputes/{dispute_id}/accept": {"post"},
}


@pytest.fixture(scope="module")
def document(stack: Stack) -> Json:
    """What anybody may read, without a token."""
    answer = requests.get(f"{stack.dashboard_url}/api/openapi.json", timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    return dict(answer.json())


def contents(document: Json) -> Iterator[Json]:
    """Every media type object of every operation: schemas with their examples."""
    for path in document["paths"].values():
        for operation in path.values():
            yield from operation.get("requestBody", {}).get("content", {}).values()
            for response in operation["responses"].values():
                yield from response["content"].values()


def test_the_document_is_valid_openapi_3_1(document: Json) -> None:
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


def test_every_call_is_told_with_security_bodies_answers_and_problems(document: Json) -> None:
    assert {path: set(told) for path, told in document["paths"].items()} == METHODS
    assert document["security"] == [{"token": []}]
    for path in document["paths"].values():
        for method, operation in path.items():
            assert ("requestBody" in operation) == (method == "post")
            responses = operation["responses"]
            assert {"200", "201"} & set(responses)
            assert {"401", "403", "422", "500"} <= set(responses)
            assert ({"400", "409", "413", "415"} <= set(responses)) == (method == "post")
            for status, response in responses.items():
                kind = "application/json" if status in ("200", "201", "202") else "application/problem+json"
                assert set(response["content"]) == {kind}
                assert "Request-Id" in response["headers"]


def test_every_example_keeps_to_its_schema(document: Json) -> None:
    checked = 0
    for content in contents(document):
        schema = {"$ref": content["schema"]["$ref"], "components": document["components"]}
        for example in content["examples"].values():
            OAS31Validator(schema).validate(example["value"])
            checked += 1
    assert checked > 50


def test_answers_keep_to_their_schemas(document: Json, service: OrderService) -> None:
    def validator(name: str) -> Callable[[Json], None]:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        checker: Callable[[Json], None] = OAS31Validator(schema).validate
        return checker

    order = service.place(items=[{"name": "Mug", "quantity": 1, "unit_amount": 1999}], context={"ip": "::1"})
    for card in ("visa_generic_decline", "visa_challenge"):
        validator("PaymentOut")(service.pay(order, card))
    service.call("POST", f"/orders/{order['id']}/cancel", {})
    validator("OrderOut")(service.order(order))
    validator("OrderListOut")(service.call("GET", "/orders?limit=100").json())
    validator("ProblemOut")(service.call("POST", f"/orders/{order['id']}/captures", {}).json())
    validator("ProblemOut")(service.call("POST", "/orders", {}).json())


def test_generated_requests_are_never_answered_otherwise_than_described(
    service: OrderService, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    soaked = bool(pytestconfig.getoption("--soak"))
    done = subprocess.run(
        [
            Path(sys.executable).with_name("st"),
            "run",
            f"{service.stack.dashboard_url}/api/openapi.json",
            f"--header=Authorization: {service.authorization}",
            "--exclude-checks=positive_data_acceptance",  # rules beyond the schema: sums, references, statuses
            f"--max-examples={50 if soaked else 6}",
            "--generation-deterministic",
            "--suppress-health-check=all",
            "--warnings=off",
            "--no-color",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=1800 if soaked else 280,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
