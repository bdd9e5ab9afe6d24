"""Makes an honest service repeat what it was sent, in every way that it can."""
from tricks import *

PAGES = """header header-name body cookie location status-line error-page early trailer trailer-name
offsets bytes events gzip x-gzip deflate br stacked two-codings unknown-coding lying
transfer-coding bomb encodings""".split()

for page in PAGES:
    TRICKS[page.replace("-", "_")] = lambda page=page: ask(f"/{page}")


@trick
def accept_encoding():
    return ask("/gzip", headers=["Accept-Encoding: gzip, br", "TE: gzip, trailers", "A-IM: gzip"])


@trick
def basic():
    """The value in HTTP Basic, echoed whole and as base64 with a user name of our choice."""
    seen = b""
    for user in ("", "u", "us", "use"):
        pair = base64.b64encode(f"{user}:{TOKEN}".encode()).decode()
        with api() as sock:
            seen += talk(sock, request("/echo", auth=False, headers=[f"Authorization: Basic {pair}"]))
    return seen


@trick
def echo():
    return ask("/echo")


def in_parts(header):
    length = len(b"you sent ") + len(TOKEN)
    text = b""
    for at in range(0, length, 7):
        answer = ask("/range", headers=[f"{header}: bytes={at}-{min(at + 6, length - 1)}"])
        text += answer.partition(b"\r\n\r\n")[2]
    return text


@trick
def range_oracle():
    return in_parts("Range")


@trick
def request_range_oracle():
    return in_parts("Request-Range")


@trick
def stored():
    ask("/store", method="POST", body=f"keep {TOKEN}".encode())
    return ask("/store")


@trick
def other_headers():
    names = ["User-Agent", "Referer", "X-Anything", "Accept-Language", "If-None-Match"]
    return ask("/echo", auth=False, headers=[f"{name}: {TOKEN}" for name in names])


@trick
def other_places():
    seen = ask(f"/echo?q={TOKEN}&{TOKEN}=1", auth=False)
    seen += ask(f"/echo/{TOKEN}", auth=False)
    seen += ask("/echo", method="POST", auth=False, body=f"t={TOKEN}".encode())
    return seen


@trick
def trace():
    return ask("/echo", method="TRACE")


@trick
def options():
    return ask("/echo", method="OPTIONS")


def upgrade(page, extra=()):
    with api() as sock:
        headers = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
        headers += ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", *extra]
        return talk(sock, request(page, headers=headers, close=False))


@trick
def switch():
    return upgrade("/switch")


@trick
def switch_unproven():
    return upgrade("/switch-unproven")


@trick
def web_socket():
    head, _, frames = upgrade("/socket").partition(b"\r\n\r\n")
    text = b""
    while len(frames) >= 2:
        length = frames[1] & 127
        at = 2
        if length == 126:
            length, at = struct.unpack(">H", frames[2:4])[0], 4
        if frames[0] & 15 < 8:
            text += frames[at:at + length]
        frames = frames[at + length:]
    return head + b"\r\n\r\n" + text


@trick
def web_socket_compressed():
    raw = upgrade("/socket-compressed", ["Sec-WebSocket-Extensions: permessage-deflate"])
    head, _, frame = raw.partition(b"\r\n\r\n")
    import zlib
    try:
        return head + b"\r\n\r\n" + zlib.decompress(frame[2:], bufsize=4096)
    except zlib.error:
        return raw + b" " + zlib.decompressobj().decompress(frame[2:]) if frame[:1] == b"\xc1" else raw


@trick
def web_socket_declined():
    return upgrade("/socket-declined")


main()
