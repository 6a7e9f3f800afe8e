"""One request, from its checked parts to its answer: faults, limit, due jobs, idempotency, handler, commit."""

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from sqlalchemy import Connection

from sandbox_gateway import crash, idempotency, jobs, ratelimits
from sandbox_gateway.accounts import Account
from sandbox_gateway.faults.effects import Spoiling
from sandbox_gateway.faults.plan import Plan, make_plan
from sandbox_gateway.idempotency import Claim, Kept
from sandbox_gateway.problems import Problem
from sandbox_gateway.request_log import recorder, verdicts
from sandbox_gateway.request_log.draft import Draft
from sandbox_gateway.routes import Answer, Gateway, Route, Stream, Subject
from sandbox_gateway.webhooks import chaos

T = TypeVar("T")

JSON = "application/json"
CSV = "text/csv; charset=utf-8; header=present"
PROBLEM_JSON = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was understood. `arguments` are the handler's; `key` and `content` are the idempotency key's."""

    route: Route
    account_id: int
    base_url: str
    request_id: str
    arguments: Mapping[str, Any]
    draft: Draft
    key: str | None = None
    content: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out, as bytes will be made of it."""

    status: int
    body: str | None
    content_type: str = JSON
    location: str | None = None
    replayed: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    spoiling: Spoiling | None = None
    stream: Stream | None = None


class _DueFirst(Exception):
    pass


class _PlanFirst(Exception):
    pass


class Pipeline:
    """Runs requests. Accounts without fault rules and limits, nearly all, pay one transaction for a request."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._store = gateway.store
        self._accounts = gateway.accounts
        self._running = idempotency.Running(gateway.store)

    def run(self, asked: Asked) -> Reply:
        """The reply. Raises Problem and faults.Dropped."""
        if asked.key is None:
            return self._planned(asked, None)
        with self._running.claim(asked.account_id, asked.key, asked.content) as claim:
            return self._planned(asked, claim)

    def _planned(self, asked: Asked, claim: Claim | None) -> Reply:
        try:
            return self._done(asked, claim, None)
        except _PlanFirst:
            plan = self._store.write(lambda tx: self._make_plan(tx, asked))
        asked.draft.fault_id = plan.rule_id
        ratelimits.check(plan.limit)
        with ExitStack() as held:
            if plan.wait_ms and claim is not None:
                claim = held.enter_context(self._running.across_processes(claim))
            asked.draft.client_saw = plan.client_sees
            plan.wait()
            plan.strike_before()
            reply = self._struck(asked, claim, plan)
        plan.strike_after()
        return reply

    def _struck(self, asked: Asked, claim: Claim | None, plan: Plan) -> Reply:
        """The true answer, a refusal too if it is to meet the wire, and what the wire will make of it."""
        try:
            reply = self._done(asked, claim, plan)
        except Problem as problem:
            if plan.after is None:
                raise
            asked.draft.gets_problem(problem)
            reply = _refusal(asked, problem)
        if plan.awaits_webhooks and not asked.route.reads_only:
            chaos.wait_for_early(self._store, asked.account_id)
        return replace(reply, spoiling=plan.spoiling)

    def _make_plan(self, tx: Connection, asked: Asked) -> Plan:
        account = self._accounts.lock(tx, asked.account_id, asked.base_url)
        asked.draft.at_us = account.now_us
        limit = ratelimits.count(tx, account)
        plan = Plan(limit=limit)
        if account.faults and asked.route.operation is not None:
            find_subject = asked.route.subject
            subject = find_subject(tx, account, **asked.arguments) if find_subject else Subject()
            plan = make_plan(tx, account, asked.route.operation, subject, limit)
        self._accounts.finish(tx, account)
        return plan

    def _done(self, asked: Asked, claim: Claim | None, plan: Plan | None) -> Reply:
        limit_headers = plan.limit.headers() if plan is not None and plan.limit is not None else {}
        try:
            if asked.route.outside:
                reply = self._outside(asked)
            elif asked.route.reads_only:
                reply = self._due_done(asked, self._store.read, lambda tx: self._read(tx, asked, plan))
            else:
                reply = self._written(asked, claim, plan)
                if asked.route.operation is not None:
                    crash.point(f"{asked.route.operation}.after_commit")
        except Problem as problem:
            problem.headers = {**problem.headers, **limit_headers}
            if claim is None or not idempotency.is_kept(problem):
                raise
            reply = self._keep_refusal(asked, claim, problem)
        if reply.replayed:
            asked.draft.is_replayed(reply.body)
        if asked.draft.true_status is None:
            asked.draft.gets(reply.status, reply.body)
        return replace(reply, headers={**reply.headers, **limit_headers})

    def _written(self, asked: Asked, claim: Claim | None, plan: Plan | None) -> Reply:
        try:
            return self._due_done(asked, self._store.write, lambda tx: self._write(tx, asked, claim, plan))
        except BaseException:
            asked.draft.gets_nothing()
            raise

    def _outside(self, asked: Asked) -> Reply:
        # These steer the simulation; faults and limits are not theirs.
        assert not asked.route.is_published
        return _reply(
            asked.route, asked.route.handler(self._gateway, asked.account_id, asked.base_url, **asked.arguments)
        )

    def _due_done(
        self, asked: Asked, run: Callable[[Callable[[Connection], T]], T], work: Callable[[Connection], T]
    ) -> T:
        """`work`, once nothing is due any more: what the clock brings comes before what the caller asks for."""
        while True:
            try:
                return run(work)
            except _DueFirst:
                do_due(self._gateway, asked.account_id)

    def _read(self, tx: Connection, asked: Asked, plan: Plan | None) -> Reply:
        account = self._accounts.load(tx, asked.account_id, asked.base_url)
        asked.draft.at_us = account.now_us
        self._check_planned(account, asked.route, plan)
        if account.has_due_jobs:
            raise _DueFirst
        return _reply(asked.route, asked.route.run(tx, account, asked.arguments))

    def _write(self, tx: Connection, asked: Asked, claim: Claim | None, plan: Plan | None) -> Reply:
        route = asked.route
        account = self._accounts.lock(tx, asked.account_id, asked.base_url)
        asked.draft.at_us = account.now_us
        self._check_planned(account, route, plan)
        if account.has_due_jobs:
            raise _DueFirst
        if claim is not None:
            found = idempotency.find(tx, account, claim)
            if found.kept is not None:
                return _revealed(route, account, _replay(found.kept))
            asked.draft.verdict = "expired" if found.expired else "first"
        elif route.takes_key and account.settings.require_idempotency_keys:
            raise Problem("idempotency_key_missing")
        answer = route.run(tx, account, asked.arguments)
        reply = _reply(route, answer)
        if claim is not None:
            idempotency.keep(tx, account, claim, _kept(reply))
        asked.draft.gets(reply.status, reply.body)
        if answer.body is not None:
            asked.draft.is_about(answer.body)
            if route.operation == "payment" and verdicts.is_second(tx, account, answer.body):
                asked.draft.verdict = "money_moved_twice"
        asked.draft.row = recorder.write_with(tx, account, asked.draft)
        self._accounts.finish(tx, account)
        if route.operation is not None:
            crash.point(f"{route.operation}.before_commit")
        return _revealed(route, account, reply)

    def _check_planned(self, account: Account, route: Route, plan: Plan | None) -> None:
        if plan is None and route.is_published and (account.faults or account.settings.rate_limit is not None):
            raise _PlanFirst

    def _keep_refusal(self, asked: Asked, claim: Claim, problem: Problem) -> Reply:
        """Keep an error answer. It had no effect, so a transaction of its own is soon enough."""
        refusal = _refusal(asked, problem)

        def keep(tx: Connection) -> Reply:
            account = self._accounts.lock(tx, asked.account_id)
            # Another process may have come between with the same key; then that is the answer.
            found = idempotency.find(tx, account, claim)
            if found.kept is not None:
                return _replay(found.kept)
            idempotency.keep(tx, account, claim, _kept(refusal))
            asked.draft.verdict = "expired" if found.expired else "first"
            asked.draft.gets_problem(problem)
            return refusal

        return self._store.write(keep)


def do_due(gateway: Gateway, account_id: int) -> None:
    """Do everything that is due on the account's clock, some hundred jobs to a transaction."""

    def some(tx: Connection) -> int | None:
        account = gateway.accounts.lock(tx, account_id)
        last_us = jobs.run_due(tx, account)
        gateway.accounts.finish(tx, account)
        return last_us

    while gateway.store.write(some) is not None:
        pass


def _reply(route: Route, answer: Answer) -> Reply:
    if answer.stream is not None:
        return Reply(route.status, None, CSV, headers=answer.headers, stream=answer.stream)
    body = None if answer.body is None else json.dumps(answer.body, ensure_ascii=False, separators=(",", ":"))
    return Reply(route.status, body, location=answer.location, headers=answer.headers)


def _refusal(asked: Asked, problem: Problem) -> Reply:
    return Reply(problem.status, problem.body(asked.request_id), PROBLEM_JSON, headers=problem.headers)


def _revealed(route: Route, account: Account, reply: Reply) -> Reply:
    if route.reveal is None or reply.body is None:
        return reply
    return replace(reply, body=route.reveal(account, reply.body))


def _kept(reply: Reply) -> Kept:
    return Kept(reply.status, reply.content_type, reply.location, reply.body or "")


def _replay(kept: Kept) -> Reply:
    return Reply(kept.status, kept.body, kept.content_type, kept.location, replayed=True)
