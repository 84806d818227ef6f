"""Asks every operation of the API what its description allows and what it does not, once as a
stranger and once as a customer with a project, and fails on an answer that is not described.

    set -a; source run/env; set +a; python tests/api/check.py

What was asked and answered is kept in API_TEST_RESULTS. The same seed asks the same again, so that a
change fails for what it changed: `--seed random` asks something else.
"""

import argparse
import os
import secrets
import subprocess
import sys
from pathlib import Path

import stack

HERE = Path(__file__).parent
# Of each of the two. Together they stay below a minute and a half.
RUN_S = 35
PATIENCE_S = 120
SEED = 720498538
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
    "unsupported_method",
    "use_after_free",
)
# A loopback address for each, see `stack.lead_to_the_edge`.
SOURCES = {"stranger": "127.0.0.9", "customer": "127.0.0.10"}


def seed(text: str) -> int:
    return secrets.randbelow(2**32) if text == "random" else int(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=seed, default=SEED, help="a number, or `random`")
    parser.add_argument("--run", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser.parse_args()


def customer() -> tuple[str, str]:
    """Somebody with an account and a project: their token, and the project's id."""
    email, password = f"api-{secrets.token_hex(6)}@example.com", secrets.token_urlsafe(16)
    stack.call(202, "POST", "/api/sign-up", body={"email": email, "password": password})
    stack.call(200, "POST", "/api/confirm", body={"token": stack.token_by_mail(email)})
    signed_in = stack.call(200, "POST", "/api/sign-in", body={"email": email, "password": password})
    token = signed_in["access_token"]
    project = stack.call(
        201, "POST", "/api/projects", token, body={"name": "described", "plan": "standard"}
    )
    return token, project["id"]


def config(results: Path, project: str) -> Path:
    """What a customer's run leaves alone, and the project that it is about."""
    parts = [(HERE / file).read_text() for file in ("schemathesis.toml", "customer.toml")]
    about = (
        "[[operations]]",
        'include-path-regex = "^/api/projects/[{]id[}]"',
        f'parameters = {{ "path.id" = "{project}" }}',
    )
    written = results / "customer.toml"
    written.write_text("\n".join([*parts, *about, ""]))
    return written


def run(role: str, results: Path, seed: int, settings: Path) -> int:
    """One run in a process of its own; how it ended."""
    described = stack.APP_URL + "/api/openapi.json"
    command = [sys.executable, "-B", __file__, "--run", SOURCES[role]]
    command += ["--config-file", str(settings)]
    command += ["run", described, "--url", stack.APP_URL, "--tls-verify", stack.CA_FILE]
    command += ["--checks", ",".join(CHECKS), "--max-time", str(RUN_S), "--seed", str(seed)]
    command += ["--max-redirects", "0", "--request-timeout", str(stack.TIMEOUT_S)]
    command += ["--generation-database", "none", "--warnings", "off", "--no-color"]
    command += ["--report", "junit,har", "--report-dir", str(results / role)]
    if role == "customer":
        command += ["--header", f"Authorization: Bearer {os.environ['API_TOKEN']}"]
    return subprocess.run(command, cwd=results, timeout=RUN_S + PATIENCE_S, check=False).returncode


def as_schemathesis(source: str, options: list[str]) -> None:
    stack.lead_to_the_edge(source)
    from schemathesis.cli import schemathesis

    schemathesis(options, prog_name="schemathesis")


def main() -> int:
    asked = arguments()
    if asked.run:
        as_schemathesis(asked.run[0], asked.run[1:])
    stack.lead_to_the_edge("127.0.0.1")
    results = Path(os.environ.get("API_TEST_RESULTS", "api-results")).absolute()
    results.mkdir(parents=True, exist_ok=True)
    # Before the stranger, who may use up what an address is allowed.
    os.environ["API_TOKEN"], project = customer()
    print(f"the seed is {asked.seed}", flush=True)
    stranger = run("stranger", results, asked.seed, HERE / "schemathesis.toml")
    known = run("customer", results, asked.seed, config(results, project))
    return max(stranger, known)


if __name__ == "__main__":
    sys.exit(main())
