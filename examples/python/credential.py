# Not run by `npm run test:clients`: it needs the package azure-communication-chat.
from azure.communication.chat import CommunicationTokenCredential
from azure.core.credentials import AccessToken

from token_client import IssuedToken, TokenClient


def create_credential(client: TokenClient, issued: IssuedToken) -> CommunicationTokenCredential:
    """The credential for ChatClient. Use it in a `with` block, which starts and stops its refresh ahead of expiry."""

    def refresh() -> AccessToken:
        fresh = client.refresh()
        return AccessToken(fresh.token, fresh.expires_on)

    return CommunicationTokenCredential(issued.token, token_refresher=refresh, proactive_refresh=True)
