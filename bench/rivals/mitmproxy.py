"""A script of mitmproxy that does what Powerbox does, as one writes it: a rule, and a placeholder
that is exchanged for the value in one header. The answer is searched for the value and changed back.
"""
import os
import re

from mitmproxy import http

HOST = os.environ["BENCH_HOST"]
VALUE = os.environ["BENCH_VALUE"]
PLACEHOLDER = os.environ["BENCH_PLACEHOLDER"]
PATH = re.compile(r"/[^/]+$")


def request(flow: http.HTTPFlow) -> None:
    request = flow.request
    if request.pretty_host != HOST or request.method != "GET" or not PATH.match(request.path):
        flow.response = http.Response.make(403, "no rule allows it")
        return
    given = request.headers.get("authorization")
    if given == "Bearer " + PLACEHOLDER:
        request.headers["authorization"] = "Bearer " + VALUE


def response(flow: http.HTTPFlow) -> None:
    body = flow.response.raw_content
    if body is not None and VALUE.encode() in body:
        flow.response.raw_content = body.replace(VALUE.encode(), PLACEHOLDER.encode())
