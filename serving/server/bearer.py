"""The check of the token in a call, for both APIs."""

import hmac


def holds(authorization: str, token: str) -> bool:
    """Whether an `Authorization` header holds `Bearer` and this token (RFC 6750); compared in constant time."""
    scheme, _, given = authorization.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())
