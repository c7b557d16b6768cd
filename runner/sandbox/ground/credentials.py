"""The credentials that the sandbox accepts. They are fixed, open, and worth nothing anywhere else."""

from collections.abc import Mapping
from types import MappingProxyType

CREDENTIALS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "revoice": {"client_id": "sandbox-client", "client_secret": "sandbox-client-secret"},
        "dubformer": {"token": "sandbox-dubformer-key"},
        "blurb": {"token": "sandbox-blurb-token"},
        "respeecher": {"api_key": "sandbox-respeecher-key"},
        "rev": {"client_key": "sandbox-rev-client", "user_key": "sandbox-rev-user"},
    }
)
"""Provider → credential → text, under the names that a manifest's `auth` uses."""
