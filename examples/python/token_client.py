"""Gets access tokens of the signed-in user from the token service. Needs Python 3.9 and no package."""

import json
import random
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.client import HTTPException
from typing import Callable, Optional, Sequence

#: Requests of one refresh, the one after signing in again included.
MAX_REQUESTS = 4
#: A refresh starts no wait that ends later than this after its start.
MAX_REFRESH_SECONDS = 30
REQUEST_TIMEOUT_SECONDS = 15
#: After a failed refresh no request is sent for this long, or for the time in Retry-After if that is longer.
MIN_PAUSE_SECONDS = 10
MAX_PAUSE_SECONDS = 300
#: A failed refresh returns the current token if it is valid for longer than this.
USABLE_SECONDS = 60


@dataclass(frozen=True)
class IssuedToken:
    """An access token of Communication Services. Do not log it."""

    token: str = field(repr=False)
    #: Seconds since 1970.
    expires_on: int
    communication_user_id: str
    #: The URL of the Communication Services resource, which chat clients need.
    endpoint: str


class TokenError(Exception):
    """Why there is no token. The text is the problem's `detail`."""

    def __init__(
        self,
        detail: str,
        code: str,
        status: int = 0,
        request_id: Optional[str] = None,
        retry_after: float = 0,
    ) -> None:
        super().__init__(detail)
        #: A code of the service, or `offline` or `unexpected_response`.
        self.code = code
        #: 0 when there was no response.
        self.status = status
        #: Identifies the request in the log of the service.
        self.request_id = request_id
        #: Whether the same request can succeed later.
        self.retryable = code == "offline" or status in (429, 502, 503, 504)
        self.retry_after = retry_after


class TokenClient:
    """Create one for each signed-in user.

    `api` is the URL of the service with `/api`. `get_bearer_token` returns the access token of the signed-in user for
    the token service; with True, the last one was rejected.
    """

    def __init__(
        self,
        api: str,
        get_bearer_token: Callable[[bool], str],
        scopes: Sequence[str] = ("chat", "voip"),
    ) -> None:
        self._url = f"{api}/users/me/token"
        self._get_bearer_token = get_bearer_token
        self._body = json.dumps({"scopes": list(scopes)}).encode()
        self._http = urllib.request.build_opener(_NoRedirects)
        self._lock = threading.Lock()
        self._running: Optional["Future[IssuedToken]"] = None
        self._current: Optional[IssuedToken] = None
        self._failure: Optional[TokenError] = None
        self._paused_until = 0.0

    def refresh(self) -> IssuedToken:
        """Gets a new token; blocks.

        Concurrent calls share one refresh. When the refresh fails and the current token is still valid for a minute,
        returns the current one. Raises TokenError, or what `get_bearer_token` raises.
        """
        try:
            return self._shared_refresh()
        except Exception:
            kept = self._current
            if kept is not None and kept.expires_on - time.time() > USABLE_SECONDS:
                return kept
            raise

    def resume(self) -> None:
        """Ends the pause after a failure.

        Call it when the user has signed in again or the device is online again.
        """
        self._failure = None

    def _shared_refresh(self) -> IssuedToken:
        with self._lock:
            shared = self._running
            if shared is None:
                own: "Future[IssuedToken]" = Future()
                self._running = own
        if shared is not None:
            return shared.result()
        try:
            own.set_result(self._refresh_once())
        except BaseException as error:
            own.set_exception(error)
        finally:
            with self._lock:
                self._running = None
        return own.result()

    def _refresh_once(self) -> IssuedToken:
        last = self._failure
        if last is not None and time.monotonic() < self._paused_until:
            raise last
        try:
            self._current = self._request_until_done()
        except TokenError as error:
            pause = max(MIN_PAUSE_SECONDS, min(error.retry_after, MAX_PAUSE_SECONDS))
            self._paused_until = time.monotonic() + pause
            self._failure = error
            raise
        self._failure = None
        return self._current

    def _request_until_done(self) -> IssuedToken:
        ends_at = time.monotonic() + MAX_REFRESH_SECONDS
        bearer_token = self._get_bearer_token(False)
        signed_in_again = False
        requests = 1
        while True:
            try:
                return self._request(bearer_token)
            except TokenError as error:
                if requests == MAX_REQUESTS:
                    raise
                if error.status == 401 and not signed_in_again:
                    signed_in_again = True
                    bearer_token = self._get_bearer_token(True)
                else:
                    wait = max(2 ** (requests - 1), error.retry_after) * random.uniform(1, 1.5)
                    if not error.retryable or time.monotonic() + wait > ends_at:
                        raise
                    time.sleep(wait)
            requests += 1

    def _request(self, bearer_token: str) -> IssuedToken:
        request = urllib.request.Request(
            self._url,
            data=self._body,
            headers={"Authorization": f"Bearer {bearer_token}", "Content-Type": "application/json"},
        )
        try:
            with self._http.open(request, timeout=REQUEST_TIMEOUT_SECONDS) as response:
                return _read(response.status, response.read(), "")
        except urllib.error.HTTPError as error:
            with error:
                return _read(error.code, error.read(), error.headers.get("Retry-After", ""))
        except (OSError, HTTPException):
            raise TokenError(
                "The token service cannot be reached. Check the connection and try again.", "offline"
            ) from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would send the bearer token to another address."""

    def redirect_request(self, *_: object) -> None:
        return None


def _read(status: int, content: bytes, retry_after: str) -> IssuedToken:
    try:
        body = dict(json.loads(content))
    except (ValueError, TypeError):
        body = {}
    if status == 200 and "token" in body:
        expires_on = datetime.strptime(body["expiresOn"], "%Y-%m-%dT%H:%M:%SZ")
        return IssuedToken(
            body["token"],
            int(expires_on.replace(tzinfo=timezone.utc).timestamp()),
            body["user"]["communicationUserId"],
            body["endpoint"],
        )
    raise TokenError(
        body.get("detail", f"The response ({status}) is not of the token service. Check the URL."),
        body.get("code", "unexpected_response"),
        status,
        body.get("requestId"),
        int(retry_after) if retry_after.isdigit() else 0,
    )
