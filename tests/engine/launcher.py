"""The local AWS: ministack, and what container-backed workers need beyond it.

    python launcher.py --bind 172.17.0.1,127.0.0.1 --port 4570 --state DIR

Stops on SIGTERM. State is written during that stop, which takes some seconds: wait for the
process, a kill in between loses what happened since the start.
"""

import argparse
import asyncio
import importlib.metadata
import os
import sys

MINISTACK_VERSION = "1.5.33"
ACCOUNT = "000000000000"
REGION = "us-east-1"

# Every function inherits the environment of the engine, so nothing but these may get in:
# a developer's own cloud keys would otherwise sit in the environment of every function.
INHERITED = ("DOCKER_HOST", "LANG", "PATH", "SFN_WAIT_SCALE", "LOG_LEVEL", "TMPDIR", "TZ")

# A script of a worker may stay silent for as long as it runs; docker-py would give up on it.
DOCKER_TIMEOUT_S = "900"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bind", default="127.0.0.1",
                        help="addresses, separated by commas; the first is what functions call")
    parser.add_argument("--port", default=4570, type=int)
    parser.add_argument("--state", help="directory that outlives a restart; without it, nothing does")
    return parser.parse_args()


def refuse_other_versions():
    """The patches replace private functions: they fit one version only."""
    found = importlib.metadata.version("ministack")
    if found != MINISTACK_VERSION:
        sys.exit(f"launcher.py fits ministack {MINISTACK_VERSION}, but found {found}: "
                 "install what requirements.txt names")


def settings(addresses, port, state):
    """The engine's environment. ministack reads it while it is imported."""
    environment = {
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        # What functions get as their endpoint. Without it they would call the real AWS.
        "AWS_ENDPOINT_URL": f"http://{addresses[0]}:{port}",
        "AWS_SECRET_ACCESS_KEY": "test",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_DOCKER_TIMEOUT": DOCKER_TIMEOUT_S,
        "MINISTACK_REGION": REGION,
        "SFTP_ENABLED": "0",
    }
    if state:
        environment |= {
            "HOME": state,
            "PERSIST_STATE": "1",
            "S3_DATA_DIR": os.path.join(state, "s3"),
            "S3_PERSIST": "1",
            "STATE_DIR": state,
        }
    return environment


def replace_environment(wanted):
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    os.environ.clear()
    os.environ.update(inherited | wanted)


def serve(addresses, port):
    """Serves until SIGTERM. ministack's own `main` can listen on one address only."""
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config
    from ministack.app import app

    config = Config()
    config.bind = [f"{address}:{port}" for address in addresses]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    asyncio.run(hypercorn_serve(app, config))


def main():
    arguments = parse_arguments()
    refuse_other_versions()
    addresses = arguments.bind.split(",")
    state = os.path.abspath(arguments.state) if arguments.state else None
    if state:
        os.makedirs(state, mode=0o700, exist_ok=True)
    replace_environment(settings(addresses, arguments.port, state))

    import patches
    patches.apply()
    serve(addresses, arguments.port)


if __name__ == "__main__":
    main()
