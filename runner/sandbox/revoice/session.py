"""ReVoice's access tokens: signed, so that nothing needs to be stored."""

import hashlib
import hmac

from runner.sandbox.ground.clock import Clock
from runner.sandbox.revoice.media import LEAST_LIFE

ACCESS_LIFE = 3600.0
"""Virtual seconds that an access token lasts (docs.revoiceit.com/docs/api/Authentication: one hour)."""


class Sessions:
    """Makes and checks tokens."""

    def __init__(self, clock: Clock, secret: str) -> None:
        self._clock = clock
        self._secret = secret.encode()

    def access_token(self) -> str:
        """A token for the next hour."""
        until = f"{self._clock.virtual() + self._clock.lasting(ACCESS_LIFE, LEAST_LIFE):.3f}"
        return f"access-{until}-{self._sign('access', until)}"

    def refresh_token(self) -> str:
        """A token that gets access tokens; its life is not documented, and has no end here."""
        made = f"{self._clock.virtual():.3f}"
        return f"refresh-{made}-{self._sign('refresh', made)}"

    def accepts(self, header: str) -> bool:
        """Whether an Authorization header holds a token that is good now; bare, or with `Bearer` before
        it."""
        token = header[7:].strip() if header[:7].lower() == "bearer " else header
        time = self._time_in(token, "access")
        return time is not None and time > self._clock.virtual()

    def refreshes(self, token: str) -> bool:
        """Whether this is a refresh token."""
        return self._time_in(token, "refresh") is not None

    def _time_in(self, token: str, kind: str) -> float | None:
        parts = token.split("-")
        if len(parts) != 3 or parts[0] != kind:
            return None
        right = hmac.compare_digest(parts[2].encode(), self._sign(kind, parts[1]).encode())
        return float(parts[1]) if right else None

    def _sign(self, kind: str, time: str) -> str:
        return hmac.new(self._secret, f"{kind}/{time}".encode(), hashlib.sha256).hexdigest()[:32]
