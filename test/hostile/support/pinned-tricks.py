"""Clients that trust one authority alone, as those do that pin a certificate."""
import tricks
from tricks import *


def pinned(host):
    context = ssl.create_default_context(cadata=os.environ["PINNED_CA"])
    with context.wrap_socket(dial(host, 443), server_hostname=host) as sock:
        return talk(sock, request("/pinned", host=host))


@trick
def pinned_secret():
    return pinned(API)


@trick
def pinned_open():
    return pinned(OTHER)


@trick
def trusting():
    return ask("/trusting")


main()
