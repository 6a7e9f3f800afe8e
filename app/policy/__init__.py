"""How this shop wants its payments handled: choices that a person makes on a page, each change kept with its reason."""

from app.policy.current import Policy, current_policy

__all__ = ["Policy", "current_policy"]
