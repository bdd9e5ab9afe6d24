"""What one writes to let mitmproxy keep secrets: an allowlist, rules, and placeholders exchanged.

POLICY_FILE has JSON: {"rules": [...], "secrets": [{"value", "placeholder", "hosts"}]}.
"""
import json
import os
import re
from urllib.parse import urlsplit

from mitmproxy import http

POLICY = json.load(open(os.environ["POLICY_FILE"]))


def place(rule):
    parts = urlsplit(rule["origin"].replace("*.", ""))
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def is_host(rule, host):
    name = place(rule)[1]
    return host.endswith("." + name) if "*." in rule["origin"] else host == name


def pattern(path):
    text = re.escape(path).replace(r"\*\*", "\0").replace(r"\*", "[^/]+").replace("\0", ".*")
    return re.compile(text + "$")


def fits(fields, allowed):
    """Every field is named, and has a value that it may have."""
    if not isinstance(fields, dict) or set(fields) != set(allowed):
        return False
    return all(isinstance(value, str) and (allowed[name] is None or value in allowed[name])
               for name, value in fields.items())


def parsed(request):
    try:
        return json.loads(request.get_text() or "")
    except ValueError:
        return None


def allows(rule, request):
    scheme, _, port = place(rule)
    if request.scheme != scheme or request.port != port or not is_host(rule, request.host):
        return False
    method = "GET" if request.method == "HEAD" else request.method
    if "methods" in rule and method not in rule["methods"]:
        return False
    if "path" in rule and not pattern(rule["path"]).match(request.path.split("?")[0]):
        return False
    if "query" in rule and not fits(dict(request.query), rule["query"]):
        return False
    if "body" not in rule:
        return True
    return fits(parsed(request), {name[1:]: values for name, values in rule["body"].items()})


def refuse(flow, reason):
    flow.response = http.Response.make(403, reason)


class Secrets:
    def http_connect(self, flow):
        if not any(place(rule)[2] == flow.request.port and is_host(rule, flow.request.host) for rule in POLICY["rules"]):
            refuse(flow, "host not allowed")

    def request(self, flow):
        request = flow.request
        if request.pretty_host != request.host or not any(allows(rule, request) for rule in POLICY["rules"]):
            refuse(flow, "not allowed")
            return
        for secret in POLICY["secrets"]:
            if request.host in secret["hosts"] and request.scheme == "https":
                for name, value in request.headers.items(multi=True):
                    if secret["placeholder"] in value:
                        request.headers[name] = value.replace(secret["placeholder"], secret["value"])
                if request.raw_content:
                    request.content = request.content.replace(secret["placeholder"].encode(), secret["value"].encode())


addons = [Secrets()]
