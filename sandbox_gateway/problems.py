"""Errors on the wire: RFC 9457 problem details, the list of all codes, and the exception that carries one."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """One code: its HTTP status, its title, and what its page under `/problems/` says."""

    status: int
    title: str
    explanation: str


KINDS: dict[str, Kind] = {
    "malformed_json": Kind(
        400,
        "The body is not JSON",
        "The body must be one JSON text in UTF-8: no member twice, no NaN or Infinity, no lone surrogates, "
        "at most 64 levels deep.",
    ),
    "malformed_request": Kind(400, "The request cannot be read", "The request breaks the rules of HTTP."),
    "invalid_idempotency_key": Kind(
        400,
        "The idempotency key is not well formed",
        "Idempotency-Key holds 1 to 255 visible ASCII characters, bare or in double quotes.",
    ),
    "idempotency_key_missing": Kind(
        400,
        "An idempotency key is required",
        "The account's setting require_idempotency_keys is on: send an Idempotency-Key with every POST under /v1.",
    ),
    "unauthorized": Kind(
        401,
        "A test key is required",
        "Send Authorization: Bearer, then sk_test_ and 8 to 64 letters and digits. Any such key opens its own account.",
    ),
    "live_key_refused": Kind(
        401,
        "Live keys are refused",
        "A live key was sent to a sandbox: treat that key as exposed, and use one that begins with sk_test_.",
    ),
    "publishable_key": Kind(
        403,
        "A publishable key may not do this",
        "Publishable keys may only create tokens. Use the secret key, from a server, for everything else.",
    ),
    "not_found": Kind(404, "Not found", "There is nothing at this address, or nothing that this account may see."),
    "method_not_allowed": Kind(405, "Method not allowed", "The Allow header names the methods of this address."),
    "idempotency_in_progress": Kind(
        409,
        "The first request under this key is still running",
        "Wait as long as Retry-After says, then repeat the request under the same key.",
    ),
    "invalid_transition": Kind(
        409,
        "The object's status does not allow this",
        "Nothing was changed. current_status says where the object stands, allowed_actions what may be done now.",
    ),
    "refund_blocked_by_dispute": Kind(
        409,
        "A dispute holds this money",
        "The cardholder's bank has taken it back already. amount_refundable says what can be refunded meanwhile.",
    ),
    "token_used": Kind(409, "The token was used before", "A token stands for one payment. Make a new one."),
    "endpoint_disabled": Kind(
        409, "The webhook endpoint is switched off", "Switch it on first: PATCH it with enabled true."
    ),
    "snapshot_outdated": Kind(
        409, "The snapshot is of another version", "The gateway has changed since it was taken. Take it again."
    ),
    "gone": Kind(410, "No longer here", "The decision was made, or the time for it has passed."),
    "body_too_large": Kind(413, "The body is too large", "Bodies may have at most 256 KiB."),
    "uri_too_long": Kind(414, "The address is too long", "Addresses may have at most 8190 bytes."),
    "unsupported_media_type": Kind(
        415, "The content type is not JSON", "Send Content-Type: application/json, in UTF-8, not compressed."
    ),
    "validation_failed": Kind(
        422,
        "The request is not valid",
        "errors lists each member that is wrong, as a JSON pointer, and what would be right.",
    ),
    "idempotency_key_reused": Kind(
        422,
        "The key was used for another request",
        "Under this idempotency key another method, path or body was sent before. Use a new key for a new request.",
    ),
    "invalid_cursor": Kind(422, "The cursor is not ours", "Take cursors from next_cursor of the same list, unchanged."),
    "invalid_card_number": Kind(
        422, "The card number is not valid", "Its length or its check digit is wrong. Use a number of the catalogue."
    ),
    "live_card_refused": Kind(
        422,
        "Only published test cards are taken",
        "The number may be that of a real card, so it was not kept. GET /_sandbox/cards lists the test cards.",
    ),
    "invalid_expiry": Kind(422, "The card's expiry date has passed", "Use a month that is not over yet."),
    "invalid_cvc": Kind(
        422, "The security code is not valid", "American Express has 4 digits, every other network has 3."
    ),
    "token_not_found": Kind(422, "No such token", "The token is unknown to this account."),
    "token_expired": Kind(422, "The token has expired", "Tokens live for 15 minutes of the account's clock."),
    "amount_mismatch": Kind(422, "The token is for another amount", "Token and payment must have the same amount."),
    "currency_mismatch": Kind(
        422, "The token is for another currency", "Token and payment must have the same currency."
    ),
    "amount_too_large": Kind(422, "The amount is more than is left", "Ask for at most what the answer says is left."),
    "headers_too_large": Kind(
        431, "The headers are too large", "A request may have 100 headers of at most 8190 bytes each."
    ),
    "too_many": Kind(422, "There are too many of these", "Delete some first."),
    "snapshot_too_large": Kind(
        422, "The account holds too much for a snapshot", "A snapshot may have at most 64 MiB. Reset the account first."
    ),
    "rate_limited": Kind(429, "Too many requests", "Wait as long as Retry-After says."),
    "internal_error": Kind(500, "The gateway failed", "The request id finds the failure in the gateway's log."),
    "bad_gateway": Kind(502, "Bad gateway", "A fault rule of this account asked for this answer."),
    "unavailable": Kind(503, "Not available", "Try again later."),
}


class Problem(Exception):
    """An error answer. `extra` become members of the problem, `headers` of the answer.

    `detail` says what is wrong here and what would be right; it never repeats what was sent.
    """

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        *,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.kind = KINDS[code]
        self.status = self.kind.status
        self.detail = detail or self.kind.explanation
        self.headers = headers or {}
        self.extra = extra

    def body(self, request_id: str) -> str:
        return json.dumps(
            {
                "type": type_of(self.code),
                "title": self.kind.title,
                "status": self.status,
                "detail": self.detail,
                "code": self.code,
                "request_id": request_id,
                **self.extra,
            },
            ensure_ascii=False,
        )


def type_of(code: str) -> str:
    """The problem type's URI, which is also the path of its page."""
    return "/problems/" + code.replace("_", "-")


def invalid(pointer: str, detail: str, code: str = "value_error") -> Problem:
    """`validation_failed` for one member, by its JSON pointer."""
    return Problem(
        "validation_failed",
        f"{pointer}: {detail}",
        param=pointer,
        errors=[{"pointer": pointer, "code": code, "detail": detail}],
    )


def not_found(what: str) -> Problem:
    return Problem("not_found", f"This account has no such {what}.")
