"""Goes around rules for paths, methods, queries and bodies, and for what a path may name.

What the rules allow is in ../policy.ts. Everything forbidden has the word "smuggled", or "big" for
the model that is not allowed, so that it is found in the logs whatever became of the rest.
"""
from attack import *

PARAMS, REPOS, NPM, FETCH = (f"{name}.acme.example" for name in ("params", "repos", "npm", "fetch"))

PATHS = """/open/../smuggled/X /open/%2e%2e/smuggled/X /open/.%2e/smuggled/X /open/..;/smuggled/X
/open/..%2fsmuggled/X /open/%2e%2e%2fsmuggled/X /open/..%5csmuggled/X /open/..\\smuggled/X
/open/%252e%252e/smuggled/X /open/..%252fsmuggled/X /open/..%00/smuggled/X
/open/%c0%ae%c0%ae/smuggled/X //smuggled/X /open//../smuggled/X /open/./../smuggled/X
/%6fpen/../smuggled/X /OPEN/smuggled/X /open;/../smuggled/X /smuggled/X;/open/ /smuggled/X?/open/a
/smuggled/X#/open/a /open/a#/../smuggled/X /openx/smuggled/X /open%2f..%2fsmuggled/X
/open/..;x=1/smuggled/X /open/../smuggled%00/X /open/..%09/smuggled/X""".split()
for index, path in enumerate(PATHS):
    ATTACKS[f"path_{index}"] = lambda mark, path=path: ask(mark, path.replace("X", mark), host=RULES)

for name, method in {"method_delete": "DELETE", "method_patch": "PATCH", "method_lower": "get", "method_odd": "SMUGGLE"}.items():
    ATTACKS[name] = lambda mark, method=method: ask(mark, "/open/smuggled", host=RULES, method=method)


@attack
def ok_rules(mark):
    return ask(mark, "/open/a/b", host=RULES)


@attack
def ok_encoded_slash(mark):
    return ask(mark, "/@acme%2Fcore", host=NPM)


ENCODED = ["/@acme%2F..%2Fsmuggled", "/@acme%2F..%2F..%2Fsmuggled", "/@evil%2Fsmuggled", "/%40acme%2f%2e%2e%2fsmuggled",
           "/@acme%2Fcore%2Fsmuggled", "/@acme%252Fsmuggled"]
for index, path in enumerate(ENCODED):
    ATTACKS[f"encoded_slash_{index}"] = lambda mark, path=path: ask(mark, path, host=NPM)

OVERRIDES = """X-HTTP-Method-Override:SMUGGLED X-HTTP-Method:SMUGGLED X-Method-Override:SMUGGLED
X-Original-URL:/smuggled/o X-Rewrite-URL:/smuggled/o X-Original-URI:/smuggled/o
X-Forwarded-Host:smuggled.example X-Forwarded-Prefix:/smuggled X-Host:smuggled.example
Forwarded:host=smuggled.example""".split()
for index, line in enumerate(OVERRIDES):
    ATTACKS[f"override_{index}"] = lambda mark, line=line: ask(
        mark, "/open/o", host=RULES, method="POST", headers=[line.replace(":", ": ", 1)])


@attack
def override_query(mark):
    return ask(mark, "/open/o?_method=SMUGGLED", host=RULES, method="POST")


QUERIES = ["model=small&model=big", "model=big&model=small", "model=small;model=big", "model=small&model[]=big",
           "model[]=small&model=big", "model=small&mod%65l=big", "model=small&Model=big", "model=small%26model=big",
           "model=small&+model=big", "model=small&model%00=big", "model=big", "model=small&=&model=big#"]
for index, query in enumerate(QUERIES):
    ATTACKS[f"query_{index}"] = lambda mark, query=query: ask(mark, f"/q?{query}", host=PARAMS)


@attack
def ok_query(mark):
    return ask(mark, "/q?model=small", host=PARAMS)


def post(mark, path, body, kind="application/json", host=PARAMS, headers=()):
    body = body if isinstance(body, bytes) else body.encode()
    return ask(mark, path, host=host, method="POST", body=body, headers=[f"Content-Type: {kind}", *headers])


GOOD = '{"model":"small"}'
JSON = {
    "json_plain": '{"model":"big"}',
    "json_doubled": '{"model":"big","model":"small"}',
    "json_doubled_last": '{"model":"small","model":"big"}',
    "json_escaped_key": '{"model":"small","mod\\u0065l":"big"}',
    "json_other_case": '{"model":"small","Model":"big"}',
    "json_order_mark": b'\xef\xbb\xbf{"model":"small","model":"big"}',
    "json_trailing": GOOD + '{"model":"big"}',
    "json_trailing_comma": '{"model":"small","model":"big",}',
    "json_comment": '{"model":"small"/*,*/,"model":"big"}',
    "json_single_quotes": "{'model':'big'}",
    "json_utf_16": '{"model":"big"}'.encode("utf-16"),
    "json_utf_16_le": '{"model":"big"}'.encode("utf-16-le"),
    "json_utf_7": b"+AHsAIg-model+ACI:ACI-big+ACIAfQ-",
    "json_nul": '{"model":"small","model\0":"big"}',
    "json_nested": '{"model":"small","deep":' + "[" * 5000 + "]" * 5000 + ',"model":"big"}',
    "json_fallbacks": '{"model":"small","fallbacks":[{"model":"big"}]}',
}
for name, body in JSON.items():
    ATTACKS[name] = lambda mark, body=body: post(mark, "/json", body)

KINDS = {
    "kind_form": ("application/x-www-form-urlencoded", "model=big"),
    "kind_text": ("text/plain", '{"model":"big"}'),
    "kind_none": ("", '{"model":"big"}'),
    "kind_charset": ("application/json; charset=utf-16", '{"model":"big"}'.encode("utf-16-le")),
    "kind_charset_utf_7": ("application/json; charset=utf-7", b'{"model":"small","+AG0-odel":"big"}'),
    "kind_twice": ("application/json\r\nContent-Type: text/plain", '{"model":"small","model":"big"}'),
    "kind_multipart": ("multipart/form-data; boundary=a",
                       '--a\r\nContent-Disposition: form-data; name="model"\r\n\r\nbig\r\n--a--\r\n'),
}
for name, (kind, body) in KINDS.items():
    ATTACKS[name] = lambda mark, kind=kind, body=body: post(mark, "/json", body, kind)


@attack
def kind_gzip(mark):
    import gzip
    return post(mark, "/json", gzip.compress(b'{"model":"big"}'), headers=["Content-Encoding: gzip"])


@attack
def ok_json(mark):
    return post(mark, "/json", GOOD)


def graph(query, **more):
    return json.dumps({"query": query, **more})


GRAPHS = {
    "graph_mutation": graph("mutation { smuggled }"),
    "graph_alias": graph("{ viewer: smuggled }"),
    "graph_fragment": graph("query { viewer { login } ...x } fragment x on Query { smuggled }"),
    "graph_inline": graph("{ viewer { login } ... on Query { smuggled } }"),
    "graph_batch": f'[{graph("{ viewer { login } }")},{graph("mutation { smuggled }")}]',
    "graph_operations": graph("query a { viewer { login } } mutation b { smuggled }", operationName="b"),
    "graph_name": graph("query a { viewer { login } } query b { smuggled }", operationName="b"),
    "graph_hash": json.dumps({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "smuggled"}}}),
    "graph_directive": graph("{ viewer { login } ... @defer { smuggled } }"),
    "graph_comment": graph("#{ viewer { login } }\n{ smuggled }"),
    "graph_doubled": '{"query":"{ viewer { login } }","query":"{ smuggled }"}',
    "graph_subscription": graph("subscription { smuggled }"),
}
for name, body in GRAPHS.items():
    ATTACKS[name] = lambda mark, body=body: post(mark, "/graphql", body)


@attack
def graph_get(mark):
    return ask(mark, "/graphql?query=mutation%7Bsmuggled%7D", host=PARAMS)


@attack
def graph_both(mark):
    return post(mark, "/graphql?query=mutation%7Bsmuggled%7D", graph("{ viewer { login } }"))


@attack
def graph_raw(mark):
    return post(mark, "/graphql", "mutation { smuggled }", "application/graphql")


@attack
def ok_graph(mark):
    return post(mark, "/graphql", graph("{ viewer { login } }"))


MODELS = ["/models/big/invoke", "/models/small/../big/invoke", "/models/small%2F..%2Fbig/invoke",
          "/models/small%2fbig/invoke", "/models/small;big/invoke", "/models/small%00big/invoke",
          "/models/small/invoke/../../big/invoke", "/models//big/invoke"]
for index, path in enumerate(MODELS):
    ATTACKS[f"model_{index}"] = lambda mark, path=path: post(mark, path, "{}")
for name, body in {
    "model_fallbacks": '{"model":"small","fallbacks":["big"]}',
    "model_lines": '{"model":"small"}\n{"model":"big"}\n',
    "model_list": '[{"model":"small"},{"model":"big"}]',
    "model_list_value": '{"model":["small","big"]}',
}.items():
    ATTACKS[name] = lambda mark, body=body: post(mark, "/json", body)


@attack
def ok_model(mark):
    return post(mark, "/models/small/invoke", "{}")


FOREIGN = ["/repos/evil/smuggled", "/repos/acme/../evil/smuggled", "/repos/acme%2F..%2Fevil/smuggled",
           "/repos/acme%2f..%2f..%2frepos%2fevil/smuggled", "/repos/%65vil/smuggled", "/repos//evil/smuggled",
           "/repos/ACME/../evil/smuggled", "/repos/acme;/../evil/smuggled", "/gists/smuggled", "/user/repos?name=smuggled"]
for index, path in enumerate(FOREIGN):
    ATTACKS[f"foreign_{index}"] = lambda mark, path=path: ask(mark, path, host=REPOS, method="POST", auth=TOKEN)


@attack
def foreign_destination(mark):
    """The path is allowed; a header names the place that the service acts on."""
    return ask(mark, "/repos/acme/a", host=REPOS, method="POST", auth=TOKEN,
               headers=["X-Amz-Copy-Source: /evil/smuggled"])


@attack
def ok_repos(mark):
    return ask(mark, "/repos/acme/a", host=REPOS, method="POST", auth=TOKEN, body=b"a")


FETCHES = {
    "fetch_field": '{"text":"hi","image_url":"https://evil.example/smuggled"}',
    "fetch_nested": '{"text":"hi","tools":[{"type":"web_fetch","url":"https://evil.example/smuggled"}]}',
    "fetch_connector": '{"text":"hi","mcp_servers":[{"url":"https://evil.example/smuggled"}]}',
    "fetch_doubled": '{"text":"hi","text":{"url":"https://evil.example/smuggled"}}',
    "fetch_object": '{"text":{"image_url":"https://evil.example/smuggled"}}',
}
for name, body in FETCHES.items():
    ATTACKS[name] = lambda mark, body=body: post(mark, "/v1/messages", body, host=FETCH)


@attack
def fetch_header(mark):
    return post(mark, "/v1/messages", '{"text":"hi"}', host=FETCH,
                headers=["X-Import-From: https://evil.example/smuggled", "X-Goog-Copy-Source: evil/smuggled",
                         "X-Ms-Copy-Source: https://evil.example/smuggled"])


@attack
def ok_fetch(mark):
    return post(mark, "/v1/messages", '{"text":"hi"}', host=FETCH)
