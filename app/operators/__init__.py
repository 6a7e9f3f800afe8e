"""Staff, their roles, and how they and other systems sign in."""

from app.operators.sign_in import create_sign_in_link
from app.operators.tokens import create_api_token, list_api_tokens, revoke_api_token

__all__ = ["create_api_token", "create_sign_in_link", "list_api_tokens", "revoke_api_token"]
