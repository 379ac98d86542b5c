"""Which network addresses a source may lead to."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from schema.sources import Network

Address = IPv4Address | IPv6Address

# Clouds' metadata services that are not link-local; seen 2026-11-23 in the clouds' documentation.
_METADATA = frozenset(
    ip_address(text)
    for text in (
        "100.100.100.200",  # Alibaba Cloud
        "168.63.129.16",  # Azure's wire server
        "192.0.0.192",  # Oracle Cloud, classic
        "fd00:ec2::254",  # AWS
        "fd20:ce::254",  # Google Cloud
        "fd00:c1::a9fe:a9fe",  # Oracle Cloud
    )
)
_PRIVATE = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers, and by private meshes
        "::1/128",
        "fc00::/7",
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


def refusal(text: str, network: Network) -> str | None:
    """Say why an address may not be connected to; None when it may.

    text         as the resolver gives it; IPv6 may carry IPv4 inside, and then that one is judged as well
    """
    if "%" in text:
        return "a link-local address"
    address = ip_address(text)
    carried = _carried(address) if isinstance(address, IPv6Address) else None
    if carried is not None:
        return _judged(carried, network)
    return _judged(address, network)


def _carried(address: IPv6Address) -> Address | None:
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None


def _judged(address: Address, network: Network) -> str | None:
    if address in _METADATA:
        return "a cloud's metadata service"
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast or address.is_unspecified:
        return "an address that is no host's"
    if any(address in private for private in _PRIVATE):
        return (
            None
            if network == "private"
            else "a private address; say `network: private` on the source if it is meant"
        )
    if address.is_reserved or not address.is_global:
        return "an address that is no host's"
    return None
