"""A grpcio server for the interoperability run.

It carries bytes, not messages: what it does is said by the path of the call and by JSON in its request. It ends when
its stdin does.
"""

import base64
import binascii
import json
import os
import sys
import threading
import time
from concurrent import futures

import grpc

CODES = {code.value[0]: code for code in grpc.StatusCode}
lock = threading.Lock()
counts = {"active": 0, "cancelled": 0}
delay = {"ms": 0}


def add(name, difference):
    with lock:
        counts[name] += difference


def until(context, ms):
    """Waits, and returns whether the call is still there then."""
    ended = threading.Event()
    if not context.add_callback(ended.set):
        add("cancelled", 1)
        return False
    add("active", 1)
    gone = ended.wait(ms / 1000)
    add("active", -1)
    add("cancelled", 1 if gone else 0)
    return not gone


def read(request):
    try:
        return json.loads(request)
    except ValueError:
        return {}


def fail(order, context):
    if "details" in order:
        context.set_trailing_metadata([("grpc-status-details-bin", base64.b64decode(order["details"]))])
    context.abort(CODES[order["code"]], order.get("message", ""))


def echo(request, context):
    return request


def answer_status(request, context):
    fail(read(request), context)


def sleep(request, context):
    until(context, read(request)["ms"])
    return request


def stubborn(request, context):
    """Works on although its call is over."""
    time.sleep(read(request)["ms"] / 1000)
    return request


def show_metadata(request, context):
    seen = {}
    for key, value in context.invocation_metadata():
        seen.setdefault(key, []).append(value)
    return json.dumps(seen).encode()


def counters(request, context):
    return json.dumps(counts).encode()


def set_delay(request, context):
    delay["ms"] = read(request)["ms"]
    return request


def get_user(request, context):
    until(context, delay["ms"])
    return binascii.unhexlify(os.environ["INTEROP_USER"])


def stream(request, context):
    """Sends so many messages of a size, with pauses, and then a status."""
    order = read(request)
    for n in range(order.get("count", 0)):
        yield b"%08d" % n + bytes(max(order.get("bytes", 0) - 8, 0))
        if order.get("ms", 0) > 0 and not until(context, order["ms"]):
            return
    if order.get("code", 0) != 0:
        fail(order, context)


def unary(handle):
    return grpc.unary_unary_rpc_method_handler(handle)


def main():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=256))
    backend = {
        "Echo": unary(echo),
        "Fail": unary(answer_status),
        "Sleep": unary(sleep),
        "Stubborn": unary(stubborn),
        "Metadata": unary(show_metadata),
        "Counters": unary(counters),
        "SetDelay": unary(set_delay),
        "Stream": grpc.unary_stream_rpc_method_handler(stream),
    }
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler("interop.v1.Backend", backend),
            grpc.method_handlers_generic_handler("user.v1.UserService", {"GetUser": unary(get_user)}),
        )
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(json.dumps({"version": f"grpcio {grpc.__version__}", "address": f"127.0.0.1:{port}"}), flush=True)
    sys.stdin.read()
    os._exit(0)


main()
