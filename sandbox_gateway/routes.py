"""How a room declares its addresses: `Route` in, `Answer` out. `web.py` serves them, `openapi.py` describes them.

Adding one:

    class ThingCreate(Body):  # strict, unknown members refused; fields.py has the kinds of members
        name: Annotated[str, text_field(40, least=1)]

    class Thing(TypedDict):  # the answer: checked by mypy, described in the OpenAPI document
        id: str
        name: str

    def create_thing(tx: Connection, account: Account, body: ThingCreate) -> Answer:
        made: Thing = {"id": account.new_id("th"), "name": body.name}
        tx.execute(_INSERT, {"account_id": account.id, **made})
        return Answer(made, location=f"/v1/things/{made['id']}")

    ROUTES = [
        Route("POST", "/v1/things", create_thing, "Make one", tag="Things", body=ThingCreate, answer=Thing, status=201)
    ]

then name the room's ROUTES in `web.ROOMS`. Handlers get `tx, account`, then by keyword each `<name>` of the path, and
`body` and `query` where there are models. GET handlers run in a read-only view, others in the account's write
transaction, which also keeps the answer under the idempotency key. They may run on another thread, and more than once,
so they touch nothing of Flask. Raise Problem to refuse: it undoes everything. With `outside=True` a handler gets
`(gateway, account_id, base_url)` in place of `tx, account`, and makes its own transactions.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection

from sandbox_gateway.accounts import Account, Accounts
from sandbox_gateway.config import Config
from sandbox_gateway.request_log.recorder import Recorder
from sandbox_gateway.storage import Store

Read = Callable[[Callable[[Connection], Any]], Any]
Stream = Callable[[Read], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back. `body` is JSON's objects and arrays, or None for an answer without a body."""

    body: Mapping[str, Any] | None
    location: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    # Of a CSV file in place of a body: gives its text piece by piece, reading with the function that it is handed.
    stream: Stream | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What fault rules can match beside the operation: the payment's reference and its test card's name."""

    reference: str | None = None
    card: str | None = None


@dataclass(frozen=True, slots=True)
class Gateway:
    """What the program is made of, for those who make their own transactions."""

    config: Config
    store: Store
    accounts: Accounts
    recorder: Recorder


@dataclass(frozen=True, slots=True)
class Route:
    """One method at one path.

    `status` is that of success. `operation` is the name that fault rules and crash points know it by (None: no fault
    strikes here). `problems` are the codes that this route can answer beside those that every route can.
    """

    method: str
    path: str
    handler: Callable[..., Answer]
    summary: str
    tag: str
    answer: Any = None
    status: int = 200
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    operation: str | None = None
    subject: Callable[..., Subject] | None = None
    publishable: bool = False
    outside: bool = False
    problems: tuple[str, ...] = ()
    description: str = ""
    # Answers in place of the handler who asks for text/csv; only for GET.
    csv: Callable[..., Answer] | None = None
    # Puts secrets into the answer's text as the very last step, replays included, so that no stored answer holds them.
    reveal: Callable[[Account, str], str] | None = None

    @property
    def reads_only(self) -> bool:
        return self.method == "GET"

    @property
    def is_published(self) -> bool:
        """Whether idempotency keys, faults and rate limits apply: not to what steers the simulation."""
        return self.path.startswith("/v1/") or self.operation is not None

    @property
    def takes_key(self) -> bool:
        return self.is_published and self.method == "POST"

    def run(self, tx: Connection, account: Account, arguments: Mapping[str, Any]) -> Answer:
        return self.handler(tx, account, **arguments)
