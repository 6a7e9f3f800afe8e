"""Links of the OpenAPI document: which operations follow from an answer, and with what of it.

They follow from the routes: an answer that is an object, or names one, leads to every operation whose path takes it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox_gateway.routes import Route

Schema = dict[str, Any]

_ARGUMENT = re.compile(r"<(\w+)>")
# Path arguments whose names do not tell the kind of object.
_KINDS = {"endpoint_id": "webhook_endpoint", "delivery_id": "webhook_delivery", "name": "snapshot"}
_NAMED_BY = {"snapshot": "name"}
# Members that name another object.
_MEMBERS = ("token", "payment", "settlement", "payout", "event", "endpoint", "dispute")
_PAYMENT_OF_TOKEN = {
    "token": "$response.body#/id",
    "amount": "$response.body#/amount",
    "currency": "$response.body#/currency",
}


def links_of(
    route: Route,
    routes: Sequence[Route],
    schema: Schema,
    components: Mapping[str, Schema],
    name: Callable[[Route], str],
) -> dict[str, Schema]:
    """The links of a route's answer, by the names of the operations that they lead to."""
    links: dict[str, Schema] = {}
    for kind, pointer in _places(schema, components):
        for other in routes:
            argument = _ARGUMENT.search(other.path)
            is_own = pointer.rpartition("/")[2] in ("id", "name")
            if other is route or argument is None or not (is_own or other.reads_only):
                continue
            if _kind_of(other, argument[1]) == kind:
                links.setdefault(
                    name(other),
                    {
                        "operationId": name(other),
                        "description": other.summary,
                        "parameters": {argument[1]: f"$response.body#{pointer}"},
                    },
                )
        if (kind, pointer) == ("token", "/id") and route.method == "POST":
            links["createPayment"] = {
                "operationId": "createPayment",
                "description": "Pay with this token",
                "requestBody": _PAYMENT_OF_TOKEN,
            }
    return links


def _kind_of(route: Route, argument: str) -> str:
    if argument == "object_id":
        return route.path.split("/")[2].removesuffix("s")
    return _KINDS.get(argument, argument.removesuffix("_id"))


def _places(schema: Schema, components: Mapping[str, Schema]) -> list[tuple[str, str]]:
    """Kinds of objects that an answer of this schema names, and the JSON pointers to their ids."""
    properties = _resolved(schema, components).get("properties", {})
    if "data" in properties and "items" in properties["data"]:
        item = properties["data"]["items"]
        return [(kind, f"/data/0{pointer}") for kind, pointer in _places(item, components)]
    places = []
    kind = properties.get("object", {}).get("const")
    if kind is not None:
        places.append((kind, f"/{_NAMED_BY.get(kind, 'id')}"))
    elif "timestamp" in properties:
        places.append(("event", "/id"))
    return places + [
        ({"endpoint": "webhook_endpoint"}.get(member, member), f"/{member}")
        for member in _MEMBERS
        if properties.get(member, {}).get("type") == "string"
    ]


def _resolved(schema: Schema, components: Mapping[str, Schema]) -> Schema:
    reference = schema.get("$ref")
    return schema if reference is None else components[reference.rpartition("/")[2]]
