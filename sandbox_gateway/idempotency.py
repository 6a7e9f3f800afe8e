"""Same key, same answer, one effect.

An answer is kept in the transaction of what it tells, for 24 hours of the account's clock.
"""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    SmallInteger,
    String,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
    text,
)

from sandbox_gateway.accounts import Account
from sandbox_gateway.problems import Problem
from sandbox_gateway.schema import account_column, instant_column, metadata, row_column
from sandbox_gateway.statements import Statement
from sandbox_gateway.storage import Store
from sandbox_gateway.test_cards import has_test_number
from sandbox_gateway.times import DAY_US

kept_answers = Table(
    "kept_answers",
    metadata,
    row_column(),
    account_column(),
    Column("key", String(255), nullable=False),
    Column("request_hash", String(64), nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("content_type", String(40), nullable=False),
    Column("location", String(200), nullable=True),
    Column("body", Text, nullable=False),
    instant_column("expires"),
    Index("uq_kept_answers_account_id_key", "account_id", "key", unique=True),
)

_FIND = Statement(
    select(
        kept_answers.c.request_hash,
        kept_answers.c.status,
        kept_answers.c.content_type,
        kept_answers.c.location,
        kept_answers.c.body,
        kept_answers.c.expires_us,
    ).where(kept_answers.c.account_id == bindparam("account_id"), kept_answers.c.key == bindparam("key"))
)
_FORGET = delete(kept_answers).where(
    kept_answers.c.account_id == bindparam("account_id"), kept_answers.c.key == bindparam("kept_key")
)
_KEEP = Statement(insert(kept_answers))
_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:lock)")
_TRY_SESSION_LOCK = text("SELECT pg_try_advisory_lock(:lock)")
_UNLOCK = text("SELECT pg_advisory_unlock(:lock)")

# Answers given before any object was looked at are not kept: the same key may be used for the mended request.
_NOT_KEPT = {400, 401, 403, 404, 413, 415, 429}

_QUOTED = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_VISIBLE = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished answer, as it went out the first time."""

    status: int
    content_type: str
    location: str | None
    body: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that one request holds while it runs. `request_hash` tells requests apart without keeping them."""

    key: str
    content: str
    lock: int
    session_locked: bool = False


def read_key(header: str | None) -> str | None:
    """The key that an Idempotency-Key header names: bare and quoted are one. Problem: `invalid_idempotency_key`."""
    if header is None:
        return None
    value = header.strip(" \t")
    quoted = _QUOTED.fullmatch(value)
    if quoted:
        value = re.sub(r"\\(.)", r"\1", quoted.group(1))
    if not _VISIBLE.fullmatch(value) or (value.startswith('"') and not quoted):
        raise Problem("invalid_idempotency_key")
    if has_test_number(value):
        raise Problem("invalid_idempotency_key", "Keys are kept, so a card number must not be one, or part of one.")
    return value


def content_of(method: str, path: str, body: dict[str, Any]) -> str:
    """Method, path and body in one canonical form, the CVC left out: it must leave no trace, not even a hash."""
    card = body.get("card")
    if isinstance(card, dict) and "cvc" in card:
        body = {**body, "card": {name: value for name, value in card.items() if name != "cvc"}}
    return f"{method}\n{path}\n{json.dumps(body, sort_keys=True, separators=(',', ':'))}"


def is_kept(problem: Problem) -> bool:
    """Whether a refusal belongs to its key from now on."""
    return (
        problem.status < 500
        and problem.status not in _NOT_KEPT
        and problem.code not in ("validation_failed", "idempotency_in_progress", "idempotency_key_reused")
    )


class Running:
    """Which keys are in use now: here by a set, among processes by locks of PostgreSQL or of the system."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._mutex = threading.Lock()
        self._keys: set[tuple[int, str]] = set()

    @contextmanager
    def claim(self, account_id: int, key: str, content: str) -> Iterator[Claim]:
        """Hold the key for as long as the block runs. Problem: `idempotency_in_progress`."""
        with self._mutex:
            if (account_id, key) in self._keys:
                raise _in_progress()
            self._keys.add((account_id, key))
        try:
            digest = hashlib.blake2b(f"{account_id}\n{key}".encode(), digest_size=8).digest()
            lock = int.from_bytes(digest, signed=True)
            with self._alone(lock):
                yield Claim(key, content, lock)
        finally:
            with self._mutex:
                self._keys.discard((account_id, key))

    @contextmanager
    def _alone(self, lock: int) -> Iterator[None]:
        """Keep the other processes of an SQLite file from the key. On PostgreSQL `find` and `across_processes` do."""
        turns = self._store.turns
        if turns is None:
            yield
            return
        if not turns.take_key(lock):
            raise _in_progress()
        try:
            yield
        finally:
            turns.give_key_back(lock)

    @contextmanager
    def across_processes(self, claim: Claim) -> Iterator[Claim]:
        """Hold the key also outside of transactions, for a request that is made to wait. Problem as above."""
        if not self._store.is_postgresql:
            yield claim
            return
        with self._store.engine.connect() as connection:
            locked = connection.execute(_TRY_SESSION_LOCK, {"lock": claim.lock}).scalar()
            connection.commit()
            if not locked:
                raise _in_progress()
            try:
                yield Claim(claim.key, claim.content, claim.lock, session_locked=True)
            finally:
                connection.execute(_UNLOCK, {"lock": claim.lock})
                connection.commit()


@dataclass(frozen=True, slots=True)
class Found:
    """What a key stands for: an answer, or nothing; `expired` if it did until its time was over."""

    kept: Kept | None = None
    expired: bool = False


def find(tx: Connection, account: Account, claim: Claim) -> Found:
    """What is kept under the key. Problems: `idempotency_key_reused`, `idempotency_in_progress`."""
    # The lock lasts until this transaction ends; after that the kept answer speaks for itself.
    needs_lock = tx.dialect.name == "postgresql" and not claim.session_locked
    if needs_lock and not tx.execute(_TRY_LOCK, {"lock": claim.lock}).scalar():
        raise _in_progress()
    kept = _FIND.first(tx, {"account_id": account.id, "key": claim.key})
    if kept is None:
        return Found()
    if kept.expires_us <= account.now_us:
        tx.execute(_FORGET, {"account_id": account.id, "kept_key": claim.key})
        return Found(expired=True)
    if not compare_digest(kept.request_hash, _hash(account, claim)):
        raise Problem("idempotency_key_reused")
    return Found(Kept(kept.status, kept.content_type, kept.location, kept.body))


def keep(tx: Connection, account: Account, claim: Claim, answer: Kept) -> None:
    _KEEP.run(
        tx,
        {
            "account_id": account.id,
            "key": claim.key,
            "request_hash": _hash(account, claim),
            "status": answer.status,
            "content_type": answer.content_type,
            "location": answer.location,
            "body": answer.body,
            "expires_us": account.now_us + DAY_US,
        },
    )


def _hash(account: Account, claim: Claim) -> str:
    return account.keyed_hash("request", claim.content)


def _in_progress() -> Problem:
    return Problem("idempotency_in_progress", headers={"Retry-After": "1"})
