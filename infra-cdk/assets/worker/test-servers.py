#!/usr/bin/env python3
"""What the worker's test talks to: a model that answers PONG, bundles by URL, and a cloud in miniature,
that is, a metadata service and a table which writes down what it is sent."""

import hashlib
import hmac
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

address, scratch, model_key, own_key = sys.argv[1], Path(sys.argv[5]), *sys.argv[6:8]
model_port, bundle_port, cloud_port = map(int, sys.argv[2:5])

ROLE = "1mins-worker"
KEYS = {"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "metadata-secret-0123456789abcdef",
        "Token": "metadata-token-0123456789abcdef"}
SECRETS = {KEYS["AccessKeyId"]: KEYS["SecretAccessKey"], "AKIDEXAMPLE": "secret-of-the-agent"}
SESSION = "metadata-session"
METADATA = {
    "/latest/dynamic/instance-identity/document": json.dumps(
        {"accountId": "123456789012", "instanceId": "i-0123456789abcdef0", "region": "us-east-1"}),
    "/latest/meta-data/iam/security-credentials/": ROLE,
    f"/latest/meta-data/iam/security-credentials/{ROLE}": json.dumps(KEYS),
}


def chunk(choices, **more):
    return {"id": "t", "object": "chat.completion.chunk", "created": 0, "model": "t", "choices": choices, **more}


def stream(word):
    return [
        chunk([{"index": 0, "delta": {"role": "assistant", "content": word}, "finish_reason": None}]),
        chunk([{"index": 0, "delta": {}, "finish_reason": "stop"}]),
        chunk([], usage={"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}),
    ]


# Under whose key the model is asked shows in what it says.
ANSWERS = {f"Bearer {model_key}": "PONG", f"Bearer {own_key}": "OWN"}


class Quiet(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def body(self):
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def answer(self, status, body=b"", kind="text/plain"):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Model(Quiet):
    def do_GET(self):
        self.answer(200, b'{"data":[]}', "application/json")

    def do_POST(self):
        self.body()
        word = ANSWERS.get(self.headers["authorization"])
        if word is None:
            self.answer(401)
            return
        events = [f"data: {json.dumps(event)}\n\n" for event in stream(word)] + ["data: [DONE]\n\n"]
        self.answer(200, "".join(events).encode(), "text/event-stream")


class Bundles(Quiet):
    def do_GET(self):
        file = scratch / Path(self.path.split("?")[0]).name
        if file.is_file():
            self.answer(200, file.read_bytes(), "application/json")
        else:
            self.answer(403)

    def do_PUT(self):
        body = self.body()
        name = Path(self.path.split("?")[0]).name
        if name.startswith("refused"):
            self.answer(403)
        else:
            (scratch / name).write_bytes(body)
            self.answer(200)


class Cloud(Quiet):
    def do_PUT(self):
        known = self.path == "/latest/api/token" and "x-aws-ec2-metadata-token-ttl-seconds" in self.headers
        self.answer(200, SESSION.encode()) if known else self.answer(400)

    def do_GET(self):
        if self.path == "/":
            self.answer(200)
        elif self.headers["x-aws-ec2-metadata-token"] != SESSION:
            self.answer(401)
        elif self.path in METADATA:
            self.answer(200, METADATA[self.path].encode())
        else:
            self.answer(404)

    def do_POST(self):
        body = self.body()
        beat = {"method": self.command, "target": self.headers["x-amz-target"], "type": self.headers["content-type"],
                "token": self.headers["x-amz-security-token"], "signed": self.is_signed(body), "body": json.loads(body)}
        with open(scratch / "heartbeats", "a") as beats:
            beats.write(json.dumps(beat) + "\n")
        self.answer(200, b"{}", "application/x-amz-json-1.0")

    def is_signed(self, body):
        """Signature version 4, computed once more, over at least what AWS wants to be signed."""
        scheme, *rest = self.headers["authorization"].replace(",", " ").split()
        fields = dict(part.split("=", 1) for part in rest)
        names = fields["SignedHeaders"].split(";")
        if scheme != "AWS4-HMAC-SHA256" or not {"host", "x-amz-date", "x-amz-security-token", "x-amz-target"} <= set(names):
            return False
        key_id, *scope = fields["Credential"].split("/")
        canonical = "\n".join([self.command, self.path, "", *(f"{n}:{self.headers[n].strip()}" for n in names), "",
                               ";".join(names), hashlib.sha256(body).hexdigest()])
        text = "\n".join(["AWS4-HMAC-SHA256", self.headers["x-amz-date"], "/".join(scope),
                          hashlib.sha256(canonical.encode()).hexdigest()])
        key = f"AWS4{SECRETS[key_id]}".encode()
        for part in scope:
            key = hmac.digest(key, part.encode(), "sha256")
        return scope[1:] == ["us-east-1", "dynamodb", "aws4_request"] and hmac.compare_digest(
            hmac.new(key, text.encode(), "sha256").hexdigest(), fields["Signature"])


for port, handler in ((model_port, Model), (bundle_port, Bundles), (cloud_port, Cloud)):
    Thread(target=ThreadingHTTPServer((address, port), handler).serve_forever).start()
