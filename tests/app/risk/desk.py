"""The risk desk as a test's hands: rules, lists and verdicts, each sent by the form that people use."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

import requests

from tests.app.screens.visitor import Read, Visitor
from tests.stack import until


@dataclass
class RiskDesk:
    """Whoever manages risk. Rules are written to fire on what only one test sends."""

    visitor: Visitor

    def rule(self, condition: str, action: str, *, mode: str = "active", name: str | None = None) -> str:
        """A new rule; its address."""
        name = name or f"Rule {secrets.token_hex(4)}"
        answer = self.save("/risk/rules", name=name, condition=condition, action=action, mode=mode)
        assert answer.status_code == 200, answer.text
        href = Read(answer.text).href(name)
        assert href is not None, answer.text
        return href

    def save(self, to: str, **written: str) -> requests.Response:
        """Send the form of a rule."""
        form_at = "/risk/rules/new" if to == "/risk/rules" else to
        return self.visitor.send(form_at, to, **({"reason": "for a test"} | written))

    def tries(self, condition: str) -> dict[str, str]:
        """What a condition would have done in the last 30 days, by the page's own words."""
        return _figures(self._check(condition, "1"))

    def tries_simulated(self, condition: str) -> tuple[dict[str, str], str]:
        """What it would have done in simulated months, once the worker is through with them; and what is said of it."""
        begun = re.search(r'hx-get="(/risk/trials/\w+)"', self._check(condition, "simulated"))
        assert begun is not None
        part = until(
            lambda: text if "hx-get" not in (text := self.visitor.get(begun.group(1)).text) else None,
            what="the simulated months to be gone through",
            within=120,
        )
        return _figures(part), Read(part).text

    def _check(self, condition: str, tries: str) -> str:
        answer = self.visitor.send("/risk/rules/new", "/risk/rules/check", condition=condition, **{"try": tries})
        assert answer.status_code == 200, answer.text
        return answer.text

    def review_of(self, payment_id: str) -> str:
        """The address of a payment's review."""
        answer = self.visitor.get(f"/reviews/payments/{payment_id}")
        assert answer.status_code == 200, answer.text
        return answer.url

    def decides(self, payment_id: str, verdict: str) -> requests.Response:
        """Decide the review of a payment."""
        review = self.review_of(payment_id)
        return self.visitor.send(review, review, verdict=verdict, reason="as the test says")


def _figures(page: str) -> dict[str, str]:
    found = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", page, re.DOTALL)
    return {term: " ".join(re.sub(r"<[^>]+>", " ", said).split()) for term, said in found}
