"""Puts what it holds of each secret into its slot, and everywhere near it."""
import urllib.parse
import tricks
from tricks import *

BOT = os.environ.get("BOT", "")
TEMPLATE = os.environ.get("TEMPLATE", "")
SESSION = os.environ.get("SESSION", "")
FORM = os.environ.get("FORM", "")
FIELD = os.environ.get("FIELD", "")
FORM_TYPE = "Content-Type: application/x-www-form-urlencoded"
JSON_TYPE = "Content-Type: application/json"


def send(name, host, target="/", method="GET", headers=(), body=b"", extra=b""):
    """`body` is framed by its length, unless the headers frame it."""
    host = f"{host}.acme.example"
    if isinstance(body, str):
        body = body.encode()
    lines = [f"X-Trick: {name}", *headers]
    framed = any(line.lower().startswith("transfer-encoding") for line in lines)

    def attempt():
        with api(host) as sock:
            head = request(target, method, host, lines, b"" if framed else body, auth=False)
            return talk(sock, head + body if framed else head)

    TRICKS[name] = attempt


def percent(text):
    return "".join(f"%{ord(char):02X}" for char in text)


def template(name, value, *more):
    send(name, "template", headers=[f"Authorization: {value}", *more])


template("template", f"Token {TEMPLATE}")
template("template_scheme", f"Bot {TEMPLATE}")
template("template_case", f"token {TEMPLATE}")
template("template_bare", TEMPLATE)
template("template_spaces", f"Token  {TEMPLATE}")
template("template_tab", f"Token\t{TEMPLATE}")
template("template_longer", f"Token {TEMPLATE}, Token {TEMPLATE}")
template("template_percent", f"Token {percent(TEMPLATE)}")
template("template_twice", f"Token {TEMPLATE}", f"authorization: Token {TEMPLATE}")
send("template_elsewhere", "template", headers=[f"X-Note: Token {TEMPLATE}"])


def cookie(name, *values):
    send(name, "cookie", headers=[f"Cookie: {value}" for value in values])


cookie("cookie", f"session={SESSION}")
cookie("cookie_others", f"a=1; session={SESSION}; theme=\"dark\"")
cookie("cookie_twice", f"session={SESSION}; session={SESSION}")
cookie("cookie_two_headers", f"session={SESSION}", f"session={SESSION}")
cookie("cookie_quoted", f'session="{SESSION}"')
cookie("cookie_in_quotes", f'a="; session={SESSION}; b="')
cookie("cookie_longer", f"session={SESSION}x")
cookie("cookie_glued", f"a=1;session={SESSION}")
cookie("cookie_comma", f"session={SESSION},session={SESSION}")
cookie("cookie_other_name", f"Session={SESSION}")
send("cookie_elsewhere", "cookie", headers=[f"X-Cookie: session={SESSION}"])


def path(name, target, method="GET"):
    send(name, "bot", target, method)


path("path", f"/bot{BOT}/sendMessage")
path("path_encoded", f"/bot{BOT.replace(':', '%3A')}/sendMessage")
path("path_echo", f"/bot{BOT}/echo/percent")
path("path_two_segments", f"/bot{BOT}/notes/{BOT}")
path("path_other_variable", f"/room{BOT}/sendMessage")
path("path_wide", f"/wide/{BOT}")
path("path_attacker", "/bot1111111111:AAattackerattackerattackerattacker1/sendMessage")
path("path_upper", f"/bot{BOT.upper()}/sendMessage")
path("path_longer", f"/bot{BOT}x/sendMessage")
path("path_percent_twice", f"/bot{BOT.replace(':', '%253A')}/sendMessage")
path("path_slash", f"/bot{BOT}%2F../sendMessage")
path("path_dots", f"/bot{BOT}/../bot{BOT}/sendMessage")
path("path_parameter", f"/bot{BOT};a=1/sendMessage")
path("path_options", f"/bot{BOT}/sendMessage", "OPTIONS")
send("path_elsewhere", "bot", "/wide/a", headers=[f"X-Path: /bot{BOT}/sendMessage"])


def form(name, body, headers=(FORM_TYPE,), target="/token", method="POST"):
    send(name, "form", target, method, headers, body)


def chunked(body):
    half = len(body) // 2
    parts = [body[:half], body[half:]]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


grant = "grant_type=client_credentials"
good = f"{grant}&client_secret={urllib.parse.quote_plus(FORM)}"
form("form", f"{good}&scope=a+b%20c")
form("form_spelled", f"{percent('client_secret')}={percent(FORM)}")
form("form_chunked", chunked(good.encode()), (FORM_TYPE, "Transfer-Encoding: chunked"))
form("form_twice", f"{good}&{good}")
form("form_case", f"{good}&Client_Secret={urllib.parse.quote_plus(FORM)}")
form("form_brackets", f"client_secret[]={urllib.parse.quote_plus(FORM)}")
form("form_semicolon", f"a=1;client_secret={urllib.parse.quote_plus(FORM)}")
form("form_percent_twice", f"client_secret={percent(percent(FORM))}")
form("form_longer", f"{good}x")
form("form_attacker", f"{grant}&client_secret=of-an-attacker-0123456789")
form("form_password", f"{good}&password=of-an-attacker")
form("form_query", grant, target=f"/token?client_secret={urllib.parse.quote_plus(FORM)}")
form("form_gzip", good, (FORM_TYPE, "Content-Encoding: gzip"))
form("form_charset", good, ("Content-Type: application/x-www-form-urlencoded; charset=utf-7",))
form("form_two_types", good, (FORM_TYPE, JSON_TYPE))
form("form_too_long", good + "&pad=" + "x" * (1 << 20))
form("form_other_field", f"{grant}&note={urllib.parse.quote_plus(FORM)}")
form("form_other_type", good, ("Content-Type: text/plain",))
form("form_put", good, target="/any", method="PUT")


def field(name, body, headers=(JSON_TYPE,), target="/auth"):
    send(name, "json", target, "POST", headers, body)


text = json.dumps({"auth": {"token": FIELD}, "n": 1.5}, ensure_ascii=False)
value = json.dumps(FIELD, ensure_ascii=False)
field("json", text)
field("json_space", f' {{ "n" : 1.50 ,\n"auth":{{"a":["\\u0061"],"token" :{value}}}}}\n')
field("json_escaped", '{"auth":{"token":"%s"}}' % "".join(f"\\u{ord(char):04x}" for char in FIELD))
field("json_chunked", chunked(text.encode()), (JSON_TYPE, "Transfer-Encoding: chunked"))
field("json_elsewhere", json.dumps({"auth": {"token": FIELD}, "note": FIELD}))
field("json_twice", f'{{"auth":{{"token":"x","token":{value}}}}}')
field("json_twice_above", f'{{"auth":{{"token":"x"}},"auth":{{"token":{value}}}}}')
field("json_case", f'{{"auth":{{"Token":"x","token":{value}}}}}')
field("json_list", f'[{{"auth":{{"token":{value}}}}}]')
field("json_index", f'{{"auth":[{{"token":{value}}}]}}')
field("json_item", f'{{"auth":{{"token":[{value}]}}}}')
field("json_other_pointer", f'{{"auth":{{"key":{value}}}}}')
field("json_flat", f'{{"auth/token":{value},"auth":{{"token":"x"}}}}')
field("json_longer", json.dumps({"auth": {"token": f"Bearer {FIELD}"}}))
field("json_attacker", '{"auth":{"token":"of-an-attacker-0123456789"}}')
field("json_encoded", json.dumps({"auth": {"token": base64.b64encode(FIELD.encode()).decode()}}))
field("json_mark", b"\xef\xbb\xbf" + text.encode())
field("json_utf16", text.encode("utf-16"))
field("json_utf16_said", text.encode("utf-16"), ("Content-Type: application/json; charset=utf-16",))
field("json_behind", text + " {}")
field("json_comment", f"/**/{text}")
field("json_gzip", text, (JSON_TYPE, "Content-Encoding: gzip"))
field("json_form", text, (FORM_TYPE,))
field("json_unnamed", text, target="/free")

if __name__ == "__main__":
    main()
