"""Where an answer of an API may send us: to public addresses, and to the hosts that the manifest stands for.

A URL that somebody else wrote is judged three times: its text; the addresses that its name resolves to, as they are
connected to (so that a name which changes its mind between two looks gains nothing); and each redirect like the first.
"""

import ipaddress
import socket
import string
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_PLAIN = string.punctuation
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class ForbiddenAddress(Exception):
    """A URL out of an API's answer points where no answer may send us."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The hosts that an API's answers may lead to although their addresses are not public."""

    hosts: frozenset[str] = frozenset()

    def allows(self, host: str) -> bool:
        """Whether the manifest stands for a host, whatever its address."""
        return plain_host(host) in self.hosts

    def check(self, url: str) -> URL:
        """Judge the text of a URL; raises ForbiddenAddress. A name is judged again once it is resolved.

        What is returned is what was judged: nobody reads the text a second time, and perhaps differently.
        """
        try:
            parts = URL(_spelled(url), encoded=True)
            host, user = parts.raw_host or "", parts.raw_user or parts.raw_password
        except ValueError:
            raise ForbiddenAddress("the link is no web address") from None
        if parts.scheme not in ("http", "https"):
            raise ForbiddenAddress(f"{parts.scheme or 'no'} scheme: only http and https are fetched")
        if not host or "\\" in url or not url.isprintable():
            raise ForbiddenAddress("the link is no web address")
        if user is not None:
            raise ForbiddenAddress("the URL holds a user or a password")
        if not self.allows(host) and not _may_be_public(host):
            raise ForbiddenAddress(near(host))
        return parts


def reach_of(base_url: str, hosts: Iterable[str]) -> Reach:
    """The reach of an API's answers: the host of its own base URL, and those of `allow_hosts`."""
    own = plain_host(urlsplit(base_url).hostname or "")
    found = {own, *(plain_host(host) for host in hosts)} - {""}
    if found & THIS_MACHINE:
        found |= THIS_MACHINE
    return Reach(frozenset(found))


def joined(reaches: Iterable[Reach]) -> Reach:
    """Whatever one of them allows."""
    return Reach(frozenset().union(*(reach.hosts for reach in reaches)))


def plain_host(host: str) -> str:
    """A host as it is compared: names in lower case and without the last dot, addresses without brackets."""
    return host.strip().strip("[]").rstrip(".").lower()


def is_public(address: str) -> bool:
    """Whether an address is one of the open network, also where it hides another one in itself.

    Not public: this machine, its neighbourhood (link-local), private networks, carriers' own (100.64/10), groups
    (multicast), reserved and unspecified ones (https://www.iana.org/assignments/iana-ipv4-special-registry).
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    hidden = _hidden(found) if isinstance(found, ipaddress.IPv6Address) else None
    if hidden is not None:
        return is_public(str(hidden))
    return found.is_global and not found.is_multicast


def near(host: str) -> str:
    """What is told of a host whose address is not public."""
    return f"{host} is an address of this machine or its neighbourhood"


class GuardedResolver(AbstractResolver):
    """Resolves names, and drops addresses outside the reach. Raises OSError when none is left."""

    def __init__(self, reach: Reach, inner: AbstractResolver | None = None) -> None:
        self._reach = reach
        self._inner = inner or aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if self._reach.allows(host):
            return found
        public = [one for one in found if is_public(one["host"])]
        if not public:
            raise Unreachable(near(host))
        return public

    async def close(self) -> None:
        await self._inner.close()


class Unreachable(OSError):
    """A name whose addresses are all outside the reach. aiohttp's own error keeps it as its cause."""


def _spelled(url: str) -> str:
    """A URL whose path and query are ASCII without spaces, as HTTP wants them; what is escaped stays as it is."""
    scheme, mark, rest = url.partition("://")
    slash = rest.find("/")
    if slash < 0:
        return url
    return f"{scheme}{mark}{rest[:slash]}{quote(rest[slash:], safe=_PLAIN)}"


def _hidden(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address leads on to: mapped, 6to4, or through a NAT64 gateway."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _may_be_public(host: str) -> bool:
    try:
        return is_public(host)
    except ValueError:  # a name, or a number in a form that only the resolver reads (127.1, 0x7f000001)
        return plain_host(host) not in THIS_MACHINE
