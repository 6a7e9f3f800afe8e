"""Idempotency keys: the same key is one act, answered with the first answer for 24 hours."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.api.models import ApiIdempotency
from app.api.problems import ApiProblem
from app.clock import wall_now
from app.db import insert_if_absent, transaction
from app.ids import new_id, new_key

KEPT_FOR = timedelta(hours=24)
_SWEPT_AT_ONCE = 10
_KEY = re.compile(r'^(?:"([\x21-\x7e]{1,255})"|((?!")[\x21-\x7e]{1,255}))$')
_NOT_KEPT = frozenset({400, 401, 403, 404, 413, 415, 429})


@dataclass(frozen=True)
class Kept:
    """An answer as it went out."""

    status: int
    content_type: str
    location: str | None
    body: str


@dataclass(frozen=True)
class Claim:
    """The right to do the request of a key now."""

    id: str
    owner: str

    @property
    def request_key(self) -> str:
        """What the verbs know this request by, across restarts."""
        return f"api:{self.id}"


def read_key(header: str | None) -> str | None:
    """The key, bare or out of its quotes; None without the header. ApiProblem `invalid_idempotency_key`."""
    if header is None:
        return None
    found = _KEY.fullmatch(header.strip())
    if found is None:
        raise ApiProblem("invalid_idempotency_key")
    return found[1] or found[2]


def fingerprint_of(secret: str, method: str, path: str, body: Any) -> str:
    """A keyed hash of the request; members in another order are the same request."""
    canonical = json.dumps([method, path, body], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hmac.new(secret.encode(), canonical.encode(), hashlib.sha256).hexdigest()


def claim(token_id: str, key: str, fingerprint: str, lease: timedelta) -> Claim | Kept:
    """The right to do it now, or the answer that stands. ApiProblem: `idempotency_key_reused`, `…_in_progress`.

    A claim whose lease ended, because its process died, is taken over under the same `request_key`.
    """
    with transaction() as session:
        now = wall_now()
        _sweep(session, now)
        fresh = Claim(new_id("idk"), new_key())
        values = {
            "id": fresh.id,
            "token_id": token_id,
            "key": key,
            "fingerprint": fingerprint,
            "owner": fresh.owner,
            "lease_until": now + lease,
            "created_at": now,
        }
        if insert_if_absent(session, ApiIdempotency.__table__, values):
            return fresh
        same = select(ApiIdempotency).where(ApiIdempotency.token_id == token_id, ApiIdempotency.key == key)
        standing = session.scalars(same.with_for_update()).one_or_none()
        if standing is None:  # given up by its request in this very moment
            raise _in_progress()
        if standing.created_at < now - KEPT_FOR and standing.lease_until < now:
            session.delete(standing)
            session.flush()
            assert insert_if_absent(session, ApiIdempotency.__table__, values), "the key is free and its row was locked"
            return fresh
        if not hmac.compare_digest(standing.fingerprint, fingerprint):
            raise ApiProblem("idempotency_key_reused")
        if standing.status is not None:
            assert standing.content_type is not None
            assert standing.body is not None
            return Kept(standing.status, standing.content_type, standing.location, standing.body)
        if standing.lease_until > now:
            raise _in_progress()
        standing.owner = fresh.owner
        standing.lease_until = now + lease
        return Claim(standing.id, fresh.owner)


def _in_progress() -> ApiProblem:
    return ApiProblem("idempotency_in_progress", headers={"Retry-After": "1"})


def _sweep(session: Session, now: datetime) -> None:
    """Take off some that nobody may ask for any more; as many as new ones come, so that the table stays small."""
    old = select(ApiIdempotency.id).where(ApiIdempotency.created_at < now - KEPT_FOR, ApiIdempotency.lease_until < now)
    some = old.limit(_SWEPT_AT_ONCE).with_for_update(skip_locked=True)
    found = session.scalars(some).all()
    if found:
        session.execute(delete(ApiIdempotency).where(ApiIdempotency.id.in_(found)))


def is_kept(status: int, code: str | None) -> bool:
    """Whether an answer stands for the key: all do that were given after something was looked at."""
    return status < 500 and status not in _NOT_KEPT and code != "validation_failed"


def keep(mine: Claim, answer: Kept) -> None:
    """Let the answer stand, unless another process has taken the claim over meanwhile."""
    with transaction() as session:
        session.execute(
            _owned(mine).values(
                status=answer.status, content_type=answer.content_type, location=answer.location, body=answer.body
            )
        )


def let_go(mine: Claim, *, may_have_begun: bool) -> None:
    """No answer stands: free the key; or, where something may have been begun, only for the same request."""
    with transaction() as session:
        if may_have_begun:
            session.execute(_owned(mine).values(lease_until=wall_now()))
        else:
            session.execute(
                delete(ApiIdempotency).where(ApiIdempotency.id == mine.id, ApiIdempotency.owner == mine.owner)
            )


def _owned(mine: Claim) -> Any:
    return update(ApiIdempotency).where(ApiIdempotency.id == mine.id, ApiIdempotency.owner == mine.owner)
