"""Accounts: every well-formed secret test key opens its own on first use. Their keys, settings and clocks."""

import hashlib
import hmac
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    Select,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from sandbox_gateway import times
from sandbox_gateway.ids import Chance, make_id, text_of
from sandbox_gateway.jobs import earliest_due
from sandbox_gateway.problems import Problem
from sandbox_gateway.schema import BIG_ID, instant_column, json_column, metadata, optional_instant_column
from sandbox_gateway.settings import Settings, parse_settings
from sandbox_gateway.statements import Statement
from sandbox_gateway.storage import Store

LIVE, FROZEN = "live", "frozen"

accounts = Table(
    "accounts",
    metadata,
    Column("id", BIG_ID, primary_key=True, autoincrement=True),
    # A keyed hash: who reads the database learns no key that works.
    Column("key_hash", LargeBinary(32), nullable=False),
    Column("publishable_key", String(32), nullable=False),
    json_column("settings"),
    Column("clock_mode", String(8), nullable=False),
    Column("clock_offset_us", BigInteger, nullable=False),
    optional_instant_column("clock_frozen"),
    # How many fault rules are there: nearly always none, and then no request asks further.
    Column("faults", Integer, nullable=False),
    # How often the seeded generator was asked.
    Column("drawn", BigInteger, nullable=False),
    # By the wall clock.
    instant_column("opened"),
    UniqueConstraint("key_hash"),
    UniqueConstraint("publishable_key"),
)

_SECRET = re.compile(r"sk_test_[A-Za-z0-9]{8,64}", re.ASCII)
_PUBLISHABLE = re.compile(r"pk_test_[0-9a-f]{24}", re.ASCII)
_MOST_REMEMBERED = 50_000

_BY_HASH = select(accounts.c.id).where(accounts.c.key_hash == bindparam("key_hash"))
_BY_PUBLISHABLE = select(accounts.c.id).where(accounts.c.publishable_key == bindparam("publishable_key"))
_LOAD: Select[Any] = select(
    accounts.c.id,
    accounts.c.key_hash,
    accounts.c.publishable_key,
    accounts.c.settings,
    accounts.c.clock_mode,
    accounts.c.clock_offset_us,
    accounts.c.clock_frozen_us,
    accounts.c.faults,
    accounts.c.drawn,
    accounts.c.opened_us,
    earliest_due(accounts.c.id).label("next_due_us"),
).where(accounts.c.id == bindparam("account_id"))
_READ, _LOCK = Statement(_LOAD), Statement(_LOAD.with_for_update(of=accounts))
_SAVE_DRAWN = Statement(
    update(accounts).where(accounts.c.id == bindparam("account_id")).values(drawn=bindparam("now_drawn"))
)


@dataclass(frozen=True, slots=True)
class Account:
    """One account as it stands in one transaction: within it, time stands still at `now_us`."""

    id: int
    publishable_key: str
    settings: Settings
    now_us: int
    clock_mode: str
    clock_offset_us: int
    next_due_us: int | None
    faults: int
    opened_us: int
    chance: Chance
    drawn_before: int
    base_url: str
    key: bytes = field(repr=False)
    seeded_key: bytes = field(repr=False)

    @property
    def has_due_jobs(self) -> bool:
        return self.next_due_us is not None and self.next_due_us <= self.now_us

    def at(self, moment_us: int) -> "Account":
        """The same account at another moment: what falls due is done at its own time, however late we come to it."""
        return replace(self, now_us=moment_us)

    def new_id(self, prefix: str) -> str:
        return make_id(prefix, self.now_us, self.chance)

    def new_secret(self) -> str:
        """52 letters and digits for a link that nobody can guess, not even who knows the seed."""
        return text_of(bytes.fromhex(self.keyed_hash("secret", self.chance.draw(32).hex())))

    def keyed_hash(self, purpose: str, content: str) -> str:
        """Hex of an HMAC that nobody can repeat without the gateway's pepper; differs by account and purpose."""
        return hmac.new(self.key, f"{purpose}\n{content}".encode(), hashlib.sha256).hexdigest()

    def seeded_hash(self, purpose: str, content: str) -> str:
        """The same, but equal in accounts of one seed: for what answers show and nobody gets in with."""
        return hmac.new(self.seeded_key, f"{purpose}\n{content}".encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Credential:
    """Who calls: the account, and whether with its secret key."""

    account_id: int
    kind: Literal["secret", "publishable"]


class Accounts:
    """Finds, opens and loads accounts. Remembers which key is whose, which never changes."""

    def __init__(self, store: Store, pepper: bytes) -> None:
        self._store = store
        self._pepper = pepper
        self._known: dict[bytes, Credential] = {}
        self._mutex = threading.Lock()

    def authenticate(self, authorization: str | None) -> Credential:
        """Who the `Authorization` header names. Problems: `unauthorized`, `live_key_refused`."""
        scheme, _, key = (authorization or "").partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not key:
            raise _unauthorized("There is no Authorization: Bearer header with a key.")
        if key.startswith(("sk_live_", "pk_live_", "rk_live_")):
            raise Problem("live_key_refused", headers=_CHALLENGE)
        if _SECRET.fullmatch(key):
            return self._credential(key, self._open)
        if _PUBLISHABLE.fullmatch(key):
            return self._credential(key, self._find)
        raise _unauthorized(
            "The key has the wrong form. Secret test keys look like sk_test_ and 8 to 64 letters and digits."
        )

    def _credential(self, key: str, look_up: Callable[[str, bytes], Credential]) -> Credential:
        digest = self._digest(b"key", key.encode())
        known = self._known.get(digest)
        if known is None:
            known = look_up(key, digest)
            with self._mutex:
                if len(self._known) >= _MOST_REMEMBERED:
                    self._known.clear()
                self._known[digest] = known
        return known

    def _open(self, key: str, digest: bytes) -> Credential:
        def find(tx: Connection) -> int | None:
            return tx.execute(_BY_HASH, {"key_hash": digest}).scalar()

        def insert(tx: Connection) -> None:
            dialect = postgresql if self._store.is_postgresql else sqlite
            tx.execute(
                dialect.insert(accounts).on_conflict_do_nothing(),
                {
                    "key_hash": digest,
                    "publishable_key": publishable_key_of(key),
                    "settings": "{}",
                    "clock_mode": LIVE,
                    "clock_offset_us": 0,
                    "clock_frozen_us": None,
                    "faults": 0,
                    "drawn": 0,
                    "opened_us": times.wall_us(),
                },
            )

        account_id = self._store.read(find)
        if account_id is None:
            self._store.write(insert)
            account_id = self._store.read(find)
        assert account_id is not None
        return Credential(account_id, "secret")

    def _find(self, key: str, _digest: bytes) -> Credential:
        account_id = self._store.read(lambda tx: tx.execute(_BY_PUBLISHABLE, {"publishable_key": key}).scalar())
        if account_id is None:
            raise _unauthorized(
                "No account has this publishable key yet: an account opens when its secret key is used."
            )
        return Credential(account_id, "publishable")

    def load(self, tx: Connection, account_id: int, base_url: str = "") -> Account:
        """The account for reading. `base_url`: where the caller reached the gateway, for links in the answer."""
        return self._account(_READ.first(tx, {"account_id": account_id}), base_url)

    def lock(self, tx: Connection, account_id: int, base_url: str = "") -> Account:
        """The account for writing. Until the transaction ends no other one writes in this account."""
        return self._account(_LOCK.first(tx, {"account_id": account_id}), base_url)

    def finish(self, tx: Connection, account: Account) -> None:
        """Keep how often the seeded generator was asked. The last step of every write."""
        if account.chance.drawn != account.drawn_before:
            _SAVE_DRAWN.run(tx, {"account_id": account.id, "now_drawn": account.chance.drawn})

    def _account(self, row: Any, base_url: str) -> Account:
        settings = parse_settings(row.settings)
        frozen_us: int | None = row.clock_frozen_us
        key = self._digest(b"account", row.key_hash)
        return Account(
            id=row.id,
            publishable_key=row.publishable_key,
            settings=settings,
            now_us=times.wall_us() + row.clock_offset_us if frozen_us is None else frozen_us,
            clock_mode=row.clock_mode,
            clock_offset_us=row.clock_offset_us,
            next_due_us=row.next_due_us,
            faults=row.faults,
            opened_us=row.opened_us,
            chance=Chance(settings.seed, row.drawn),
            drawn_before=row.drawn,
            base_url=base_url,
            key=key,
            seeded_key=key if settings.seed is None else self._digest(b"seed", settings.seed.encode()),
        )

    def _digest(self, purpose: bytes, content: bytes) -> bytes:
        return hmac.new(self._pepper, purpose + b"\n" + content, hashlib.sha256).digest()


def publishable_key_of(secret_key: str) -> str:
    """The key that a browser may know; it tells nothing about the secret one."""
    return "pk_test_" + hashlib.sha256(secret_key.encode()).hexdigest()[:24]


_CHALLENGE = {"WWW-Authenticate": "Bearer"}


def _unauthorized(detail: str) -> Problem:
    return Problem("unauthorized", detail, headers=_CHALLENGE)
