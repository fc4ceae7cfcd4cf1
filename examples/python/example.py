"""Gets a token and prints whose it is. Arguments: how many calls at once (1), and how many times in a row (1)."""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Optional

from token_client import IssuedToken, TokenClient, TokenError


def get_bearer_token(renew: bool) -> str:
    """An app asks its sign-in library instead, and signs the user in again when `renew` is true."""
    return os.environ["RENEWED_BEARER_TOKEN" if renew else "BEARER_TOKEN"]


def main() -> int:
    calls, rounds = (int(argument) for argument in (sys.argv[1:] + ["1", "1"])[:2])
    client = TokenClient(os.environ["TOKEN_SERVICE_URL"], get_bearer_token)
    issued: Optional[IssuedToken] = None
    failure: Optional[TokenError] = None
    with ThreadPoolExecutor(calls) as threads:
        for _ in range(rounds):
            all_calls = [threads.submit(client.refresh) for _ in range(calls)]
            try:
                issued, failure = [call.result() for call in all_calls][0], None
            except TokenError as error:
                issued, failure = None, error
    if issued is not None:
        print(json.dumps({"communicationUserId": issued.communication_user_id, "endpoint": issued.endpoint}))
        return 0
    print(
        json.dumps(
            {
                "code": failure.code,
                "status": failure.status,
                "retryable": failure.retryable,
                "requestId": failure.request_id,
            }
        )
    )
    print(failure, file=sys.stderr)
    return 1


sys.exit(main())
