"""Requests over HTTP/2 that two readers could understand differently, against a rule for GET and
POST /open/**. What must not arrive is asked for as /smuggled/NAME or carries it.
"""
from h2frames import *

OPEN = "/open/"


def asked(name, fields, body=None):
    TRICKS[name] = lambda: once(fields, body)


def with_header(name, field, value, body=None, method="GET"):
    asked(name, head(f"/open/{name}", method, more=[(field, value)]), body)


def changed(name, at, field, value):
    """The four pseudo-headers with one of them (or one more) as it should not be."""
    fields = head(f"/open/{name}")
    if value is None:
        del fields[at]
    else:
        fields[at:at] = [(field, value)]
    asked(name, fields)


def instead(name, at, value):
    fields = head(f"/open/{name}")
    fields[at] = (fields[at][0], value)
    asked(name, fields)


END = "\r\n\r\n"
INNER = f"GET /smuggled/NAME HTTP/1.1\r\nHost: {API}{END}"

# 34: bytes that mean something else once they are lines of HTTP/1.1.
with_header("crlf_in_value", "x-a", "b\r\n" + "\r\n" + INNER.replace("NAME", "crlf_in_value"))
with_header("lf_in_value", "x-a", "b\nx-c: d")
with_header("cr_in_value", "x-a", "b\rx-c: d")
with_header("nul_in_value", "x-a", "b\x00c")
with_header("bell_in_value", "x-a", "b\x07c")
with_header("space_before_value", "x-a", " b")
with_header("space_after_value", "x-a", "b ")
with_header("crlf_in_name", "x-a: b\r\nx-c", "d")
with_header("colon_in_name", "x-a: b", "c")
with_header("space_in_name", "x a", "b")
with_header("upper_name", "X-Upper", "b")
with_header("nul_in_name", "x\x00a", "b")
with_header("high_name", "x\xe9", "b")
with_header("empty_name", "", "b")
with_header("chunked", "transfer-encoding", "chunked", b"5\r\nhello\r\n0\r\n\r\n", "POST")
with_header("chunked_get", "transfer-encoding", "chunked")
with_header("connection", "connection", "authorization")
with_header("connection_close", "connection", "close")
with_header("keep_alive", "keep-alive", "timeout=5")
with_header("proxy_connection", "proxy-connection", "keep-alive")
with_header("upgrade_h2c", "upgrade", "h2c")
with_header("upgrade_websocket", "upgrade", "websocket")
with_header("te_chunked", "te", "chunked, trailers")
with_header("expect_odd", "expect", "the-unexpected")
with_header("length_plus", "content-length", "+5", b"hello", "POST")
with_header("length_list", "content-length", "5, 5", b"hello", "POST")
with_header("length_without_body", "content-length", "5", None, "POST")
with_header("host_odd", "host", "api.acme.example, evil.example")
asked("two_lengths", head("/open/two_lengths", "POST", more=[("content-length", "5"), ("content-length", "50")]), b"hello")
asked("two_hosts", head("/open/two_hosts", more=[("host", API), ("host", API)]))
changed("two_methods", 1, ":method", "POST")
changed("two_paths", 3, ":path", "/smuggled/two_paths")
changed("two_authorities", 4, ":authority", OTHER)
changed("two_schemes", 2, ":scheme", "http")
changed("pseudo_after", 6, ":path", "/smuggled/pseudo_after")
changed("pseudo_unknown", 4, ":odd", "a")
changed("pseudo_status", 4, ":status", "200")
changed("pseudo_empty", 4, ":", "a")
changed("no_method", 0, "", None)
changed("no_scheme", 1, "", None)
changed("no_path", 2, "", None)
changed("no_authority", 3, "", None)
instead("method_lower", 0, "get")
instead("method_space", 0, "GET /smuggled/method_space HTTP/1.1\r\nx:")
instead("method_empty", 0, "")
instead("scheme_odd", 1, "ftp")
instead("scheme_empty", 1, "")
instead("path_space", 2, "/open/path_space HTTP/1.1")
instead("path_crlf", 2, f"/open/path_crlf HTTP/1.1\r\nHost: {API}{END}{INNER.replace('NAME', 'path_crlf')}")
instead("path_fragment", 2, "/open/path_fragment#/../smuggled")
instead("path_absolute", 2, "https://evil.example/smuggled/path_absolute")
instead("path_star", 2, "*")
instead("path_empty", 2, "")
instead("path_relative", 2, "open/path_relative")
instead("path_high", 2, "/open/path_high\xe9")
instead("authority_user", 3, f"{API}@evil.example")
instead("authority_list", 3, f"{API},evil.example")
instead("authority_space", 3, f"{API} ")
instead("authority_crlf", 3, f"{API}\r\nx-a: b")
instead("authority_port", 3, f"{API}:0")
instead("authority_empty", 3, "")
asked("connect", [(":method", "CONNECT"), (":authority", "evil.example:443")])
asked("connect_other", head("/open/connect_other", "CONNECT", more=[])[:4])
asked("connect_protocol", [(":protocol", "connect-udp"), *head("/open/connect_protocol", "CONNECT")])
asked("protocol_get", [(":protocol", "websocket"), *head("/open/protocol_get")])
asked("websocket_ended", [(":protocol", "websocket"), *head("/open/websocket_ended", "CONNECT")])
asked("many_headers", head("/open/many_headers", more=[(f"x-{n}", "a") for n in range(600)]))

# 10: three names for one host.
instead("mismatch_authority", 3, OTHER)
instead("mismatch_port", 3, f"{API}:8443")
with_header("mismatch_host", "host", OTHER)
with_header("mismatch_host_port", "host", f"{API}:8443")
instead("mismatch_scheme", 1, "http")


@trick
def mismatch_sni():
    """The connection is to one host, its greeting names another."""
    return once(head("/open/mismatch_sni", authority=OTHER), sni=OTHER)


@trick
def mismatch_all():
    """SNI, :authority and Host are each their own."""
    return once(head("/open/mismatch_all", authority=OTHER, more=[("host", PLAIN)]))


@trick
def coalesced():
    """A second host on the connection of the first, after a request that is allowed."""
    session = Session().ask(1, head("/open/coalesced")).until(1)
    session.ask(3, head("/open/coalesced_other", authority=OTHER)).until(3)
    return session.ask(5, head("/open/coalesced_again")).until(5).over()


# 24-26: paths that lead out of their rule.
PATHS = ["/open/../smuggled", "/open/%2e%2e/smuggled", "/open/..;/smuggled", "/open/..%2fsmuggled"]
PATHS += ["/open/%252e%252e/smuggled", "//smuggled", "/%73muggled", "/smuggled", "/open\\..\\smuggled"]
PATHS += ["/open/%2e%2e%2fsmuggled", "/open/%00/smuggled", "/open/%c0%ae%c0%ae/smuggled", "/OPEN/smuggled"]
for index, path in enumerate(PATHS):
    asked(f"path_{index}", head(f"{path}/path_{index}"))


# 33, 34: bodies.
def body_of(name, length, *parts, end=True):
    def attempt():
        session = Session()
        fields = head(f"/open/{name}", "POST", more=[("content-length", length)])
        session.send(frame(HEADERS, END_HEADERS, 1, block(fields)))
        for index, part in enumerate(parts):
            last = END_STREAM if end and index == len(parts) - 1 else 0
            session.send(frame(DATA, last, 1, part))
        session.until(1)
        return session.ask(3, head(f"/open/{name}_then")).until(3).over()

    TRICKS[name] = attempt


body_of("longer_body", "5", b"hello" + INNER.replace("NAME", "longer_body").encode())
body_of("shorter_body", "500", b"hello")
body_of("body_of_none", "0", b"hello")


@trick
def trailers_pseudo():
    session = Session().send(frame(HEADERS, END_HEADERS, 1, block(head("/open/trailers_pseudo", "POST"))))
    session.send(frame(DATA, 0, 1, b"hello"))
    return session.ask(1, [(":path", "/smuggled/trailers_pseudo")]).until(1).over()


@trick
def after_refused():
    session = Session().ask(1, head("/smuggled/after_refused")).ask(3, head("/open/x y"))
    session.ask(5, head("/open/after_refused")).until(5).until(3).until(1)
    return session.over()


@trick
def own_hop():
    """39: nothing of a hop is passed on, a filled slot cannot be taken away."""
    more = [("te", "trailers"), ("proxy-authorization", "Basic eDp5"), ("trailer", "x-a"), ("http2-settings", "AAAA")]
    more += [("cookie", "a=1"), ("cookie", "b=2"), ("x-original-url", "/smuggled/own_hop"), ("expect", "100-continue")]
    return once(head("/open/own_hop", "POST", more=more), b"hello")


@trick
def trace():
    return once(head("/open/trace", "TRACE"))


# 35: beginnings.
@trick
def text_for_frames():
    session = Session(greet=False).send(request("/smuggled/text_for_frames"))
    session.step()
    session.step()
    session.step()
    return session.over()


@trick
def no_settings():
    session = Session(greet=False).send(PREFACE)
    return session.ask(1, head("/smuggled/no_settings")).until(1).over()


@trick
def preface_in_tunnel():
    with through_proxy(API, 443) as sock:
        return talk(sock, PREFACE + frame(SETTINGS, 0, 0) + frame(HEADERS, 5, 1, block(head("/smuggled/tunnel"))))


@trick
def frames_over_http1():
    with secure(dial(API, 443), API, ["http/1.1"]) as sock:
        return talk(sock, PREFACE + frame(SETTINGS, 0, 0) + frame(HEADERS, 5, 1, block(head("/smuggled/http1"))))


@trick
def in_tunnel():
    return once(head("/open/in_tunnel"), dialled=through_proxy(API, 443))


# Frames that no server may take (RFC 9113 sections 4 to 6); each ends its connection.
def wrong(name, *frames):
    def attempt():
        session = Session()
        for one in frames:
            session.send(one)
        session.until(1, 3)
        return session.ask(101, head(f"/smuggled/{name}")).until(101, 2).over()

    TRICKS[name] = attempt


GOOD = block(head("/smuggled/wrong"))
wrong("wrong_even", frame(HEADERS, 5, 2, GOOD))
wrong("wrong_zero", frame(HEADERS, 5, 0, GOOD))
wrong("wrong_data_zero", frame(DATA, 1, 0, b"a"))
wrong("wrong_data_idle", frame(DATA, 1, 7, b"a"))
wrong("wrong_reset_idle", frame(RST, 0, 7, b"\0\0\0\0"))
wrong("wrong_window_idle", frame(WINDOW, 0, 7, b"\0\0\0\1"))
wrong("wrong_window_none", frame(WINDOW, 0, 0, b"\0\0\0\0"))
wrong("wrong_window_large", frame(WINDOW, 0, 0, b"\x7f\xff\xff\xff"))
wrong("wrong_push", frame(PUSH, 4, 1, b"\0\0\0\2" + GOOD))
wrong("wrong_ping", frame(PING, 0, 0, b"a"))
wrong("wrong_settings", frame(SETTINGS, 0, 0, b"abc"))
wrong("wrong_settings_window", frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 1 << 31)))
wrong("wrong_continuation", frame(CONTINUATION, 4, 1, GOOD))
wrong("wrong_interrupted", frame(HEADERS, 1, 1, GOOD), frame(PING, 0, 0, b"a" * 8))
wrong("wrong_other_continuation", frame(HEADERS, 1, 1, GOOD), frame(CONTINUATION, 4, 3, b""))
wrong("wrong_padding", frame(HEADERS, 5 | PADDED, 1, b"\xff" + GOOD))
wrong("wrong_index", frame(HEADERS, 5, 1, b"\xff\x7f"))
wrong("wrong_huffman", frame(HEADERS, 5, 1, b"\x00\x84\xff\xff\xff\xff\x00"))
wrong("wrong_table_size", frame(HEADERS, 5, 1, number(1 << 20, 5, 0x20) + GOOD))
wrong("wrong_length", struct.pack(">I", 1 << 20)[1:] + b"\x00\x01\0\0\0\1")

if __name__ == "__main__":
    main()
