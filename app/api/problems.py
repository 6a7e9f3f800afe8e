"""Every code that the API answers with: its status and what its page says; and the exception that carries one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.errors import CounterfoilError


@dataclass(frozen=True)
class ProblemKind:
    """One code's HTTP status, and what it means and what would be right."""

    status: int
    explanation: str


PROBLEMS: dict[str, ProblemKind] = {
    "malformed_json": ProblemKind(
        400,
        "The body must be one JSON text in UTF-8: no duplicate members, no NaN or Infinity, no lone surrogates, at"
        " most 64 levels deep.",
    ),
    "bad_request": ProblemKind(400, "The request could not be read to its end. Send it again."),
    "invalid_idempotency_key": ProblemKind(
        400, "Idempotency-Key holds 1 to 255 visible ASCII characters, bare or in double quotes."
    ),
    "unauthorized": ProblemKind(
        401,
        "Send Authorization: Bearer and a token that works. Make one with `counterfoil api-token create NAME`; it is"
        " shown once.",
    ),
    "forbidden": ProblemKind(
        403, "The token's role may not do this. Reading takes any role, money takes an operator's token."
    ),
    "not_found": ProblemKind(404, "There is nothing at this address."),
    "method_not_allowed": ProblemKind(405, "The Allow header names the methods that this address takes."),
    "invalid_transition": ProblemKind(
        409,
        "The order's status does not allow this. Nothing was changed. current_status says where the order stands,"
        " allowed_actions what may be done now.",
    ),
    "operation_in_progress": ProblemKind(
        409,
        "An earlier operation on this order has no answer yet, and only one may be open at a time. Nothing was changed."
        " Look at the order again in a moment.",
    ),
    "mismatch": ProblemKind(
        409,
        "The gateway's word on the payment differs from the order, so it is held: nothing is captured or refunded until"
        " a person has resolved that in the dashboard.",
    ),
    "approval_pending": ProblemKind(
        409,
        "A refund of this payment waits for a second person already. Nothing was changed. Have it decided or withdrawn"
        " in the dashboard, then ask again.",
    ),
    "capture_failed": ProblemKind(
        409,
        "The bank did not pay out what it had authorized: no money moved. The hold is as it was. Capture again, or void"
        " it and have the order paid anew.",
    ),
    "refund_blocked_by_dispute": ProblemKind(
        409,
        "A chargeback has taken the money back already, so that refunding it would pay it twice. What it does not hold"
        " can be refunded; the rest once it is decided in your favor.",
    ),
    "idempotency_in_progress": ProblemKind(
        409,
        "The first request under this idempotency key is still running. Repeat the request under the same key after as"
        " many seconds as Retry-After says.",
    ),
    "customer_merged": ProblemKind(
        409, "The customer was merged into another one, whose id the detail says. Nothing was changed."
    ),
    "customer_erased": ProblemKind(409, "The customer was erased: nobody is known behind the id. Nothing was changed."),
    "customer_has_open_money": ProblemKind(
        409,
        "Money of the customer's still moves: held on a card, being refunded, disputed, or waiting for somebody's word."
        " Nothing was erased. The detail names an order; settle it, then ask again.",
    ),
    "link_expired": ProblemKind(409, "The pay link has expired, so there is nothing left to revoke."),
    "token_used": ProblemKind(409, "The card token has paid for something already. Make a new one for each payment."),
    "body_too_large": ProblemKind(413, "A body may have at most 256 KiB."),
    "unsupported_media_type": ProblemKind(
        415, "Send the body as Content-Type: application/json, in UTF-8, not compressed."
    ),
    "validation_failed": ProblemKind(
        422,
        "errors lists each member or query parameter that is wrong by its JSON pointer, and what would be right; param"
        " is the first of them. Nothing was changed.",
    ),
    "idempotency_key_reused": ProblemKind(
        422,
        "Another method, path or body was sent under this idempotency key within the last 24 hours. Use a new key for"
        " a new request.",
    ),
    "invalid_cursor": ProblemKind(
        422, "The cursor is not one of this list. Take it from next_cursor of the page before, unchanged."
    ),
    "amount_too_large": ProblemKind(
        422, "More was asked for than is held, or than is left to refund. The detail says how much is left."
    ),
    "refused_by_gateway": ProblemKind(
        422, "The gateway refused the request for the reason in the detail; gateway_code is its own code for it."
    ),
    "rate_limited": ProblemKind(
        429,
        "Too many requests: of this token in this minute (RateLimit says how many are left of how many), or of this"
        " kind today. The detail says which. Nothing was done; wait as many seconds as Retry-After says.",
    ),
    "internal_error": ProblemKind(500, "It is our fault. The request id finds the failure in the log."),
    "gateway_refused": ProblemKind(
        502, "The gateway refused our request as a whole, its key for example. Somebody must look at the settings."
    ),
    "gateway_outage": ProblemKind(
        503,
        "The gateway has not answered to calls of this kind lately, and the policy is to refuse new work meanwhile."
        " Nothing was begun. Repeat the request later.",
    ),
    "database_unavailable": ProblemKind(
        503,
        "Our database does not answer, or has no room. What had been begun is settled by itself once it does. Repeat"
        " the request under its Idempotency-Key after Retry-After; without a key, look at the order first.",
    ),
    "gateway_unavailable": ProblemKind(
        503, "The gateway does not answer, so nothing was begun. Repeat the request after Retry-After."
    ),
    "error": ProblemKind(400, "HTTP itself says what is wrong: see the status and the detail."),
}


class ApiProblem(CounterfoilError):
    """A refusal that only this door knows; `extra` become members of the answer, `headers` its headers."""

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        *,
        status: int | None = None,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        self.code = code
        self.status = status or PROBLEMS[code].status
        self.detail = detail or PROBLEMS[code].explanation
        self.headers = headers
        self.extra = extra
        super().__init__(f"{code}: {self.detail}")


def page_name(code: str) -> str:
    """The last part of the path of a code's page."""
    return code.replace("_", "-")
