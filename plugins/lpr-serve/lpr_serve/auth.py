"""Who may do what: bearer tokens, of which only hashes are kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence

from fastapi import HTTPException, Request

from lpr_serve.config import TokenConfig


def new_token() -> tuple[str, str]:
    """A random token, and the SHA-256 that the configuration keeps of it."""
    token = secrets.token_urlsafe(32)
    return token, digest_of(token)


def digest_of(token: str) -> str:
    """A token has 256 random bits: a plain hash cannot be turned back."""
    return hashlib.sha256(token.encode()).hexdigest()


def needs(scope: str) -> Callable[[Request], str]:
    """A dependency that lets only tokens with ``scope`` in, and gives the token's name.

    Without any token in the configuration (on the loopback alone), everybody is ``local``.
    Clients write ``Authorization: Token XXX`` or ``Bearer XXX``.
    """

    def check(request: Request) -> str:
        tokens: Sequence[TokenConfig] = request.app.state.config.tokens
        if not tokens:
            return "local"
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() not in ("token", "bearer") or not token.strip():
            raise HTTPException(401, "a token is needed", {"WWW-Authenticate": "Bearer"})
        digest = digest_of(token.strip())
        for each in tokens:
            if hmac.compare_digest(each.sha256, digest):
                if scope not in each.scopes and "write" not in each.scopes:
                    raise HTTPException(403, f"the token {each.name} may not {scope}")
                return each.name
        raise HTTPException(403, "the token is not known")

    return check
