#!/usr/bin/env python3
"""What the worker's test talks to: a model that answers PONG, and bundles by URL."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

address, model_port, bundle_port, bundles = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])


def chunk(choices, **more):
    return {"id": "t", "object": "chat.completion.chunk", "created": 0, "model": "t", "choices": choices, **more}


STREAM = [
    chunk([{"index": 0, "delta": {"role": "assistant", "content": "PONG"}, "finish_reason": None}]),
    chunk([{"index": 0, "delta": {}, "finish_reason": "stop"}]),
    chunk([], usage={"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}),
]


class Quiet(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, body, kind):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Model(Quiet):
    def do_GET(self):
        self.answer(200, b'{"data":[]}', "application/json")

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        events = [f"data: {json.dumps(event)}\n\n" for event in STREAM] + ["data: [DONE]\n\n"]
        self.answer(200, "".join(events).encode(), "text/event-stream")


class Bundles(Quiet):
    def do_GET(self):
        file = bundles / Path(self.path.split("?")[0]).name
        if file.is_file():
            self.answer(200, file.read_bytes(), "application/json")
        else:
            self.answer(403, b"", "text/plain")


for port, handler in ((model_port, Model), (bundle_port, Bundles)):
    Thread(target=ThreadingHTTPServer((address, port), handler).serve_forever).start()
