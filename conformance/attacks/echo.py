"""Makes an honest service repeat what it was sent, in every way that it can."""
from attack import *

PAGES = """header body cookie location early trailer error-page offsets bytes events gzip deflate br
stacked lying encodings reversed set-cookie alt-svc""".split()

for page in PAGES:
    ATTACKS[f"echo_{page.replace('-', '_')}"] = lambda mark, page=page: ask(mark, f"/{page}")


@attack
def ok_api(mark):
    return ask(mark, "/hello")


def in_parts(mark, header):
    """The page in slices of seven characters."""
    length = len(b"you sent ") + len(TOKEN)
    text = b""
    for at in range(0, length, 7):
        line = f"{header}: bytes={at}-{min(at + 6, length - 1)}"
        text += ask(mark, "/range", headers=[line]).partition(b"\r\n\r\n")[2][:7]
    return text


@attack
def range_oracle(mark):
    return in_parts(mark, "Range")


@attack
def request_range_oracle(mark):
    return in_parts(mark, "Request-Range")


@attack
def stored(mark):
    ask(mark, "/store", method="POST", body=f"keep {TOKEN}".encode())
    return ask(mark, "/store")


@attack
def stored_json(mark):
    body = json.dumps({"public": True, "files": {"a.txt": {"content": TOKEN}}}).encode()
    ask(mark, "/store", method="POST", body=body, headers=["Content-Type: application/json"])
    return ask(mark, "/store")


@attack
def other_headers(mark):
    names = ["User-Agent", "Referer", "X-Anything", "Accept-Language", "If-None-Match"]
    return ask(mark, "/echo", auth="", headers=[f"{name}: {TOKEN}" for name in names])


@attack
def query_and_path(mark):
    seen = ask(mark, f"/echo?q={TOKEN}&{TOKEN}=1", auth="")
    return seen + ask(mark, f"/echo/{TOKEN}", auth="")


@attack
def trace(mark):
    return ask(mark, "/echo", method="TRACE")


@attack
def track(mark):
    return ask(mark, "/echo", method="TRACK")


@attack
def options(mark):
    return ask(mark, "/echo", method="OPTIONS")


@attack
def token_page(mark):
    """The service mints a new credential and gives it in the body."""
    return ask(mark, "/token", method="POST")


def frames_of(raw):
    head, _, frames = raw.partition(b"\r\n\r\n")
    text = b""
    while len(frames) >= 2:
        length, at = frames[1] & 127, 2
        if length == 126 and len(frames) >= 4:
            length, at = struct.unpack(">H", frames[2:4])[0], 4
        if frames[0] & 15 < 8:
            text += frames[at:at + length]
        frames = frames[at + length:]
    return head + b"\r\n\r\n" + text


SOCKET = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
          "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]


def upgrade(mark, page, extra=()):
    with tls() as sock:
        return talk(sock, request(mark, page, headers=[*SOCKET, *extra], close=False))


@attack
def ok_socket(mark):
    return upgrade(mark, "/socket")


@attack
def socket_echo(mark):
    return frames_of(upgrade(mark, "/socket"))


@attack
def socket_compressed(mark):
    raw = upgrade(mark, "/socket-compressed", ["Sec-WebSocket-Extensions: permessage-deflate"])
    head, _, frame = raw.partition(b"\r\n\r\n")
    if frame[:1] != b"\xc1":
        return raw
    import zlib
    try:
        return raw + b" " + zlib.decompressobj().decompress(frame[2:])
    except zlib.error:
        return raw


@attack
def socket_switch(mark):
    return upgrade(mark, "/switch")


@attack
def socket_declined(mark):
    return upgrade(mark, "/socket-declined")

