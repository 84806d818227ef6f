#!/usr/bin/env python3
"""Starts a worker by the local engine, as the control plane does, and waits for its sign of life.

usage: test-engine.py IMAGE BRIDGE_ADDRESS PORT AGENT_IMAGE
Prints whether it is its own, whether it has the image, and its containers; then how long it took. Needs
the packages of tests/engine/requirements.txt.
"""

import json
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import boto3

LAUNCHER = Path(__file__).resolve().parents[3] / "tests/engine/launcher.py"
WAIT_S = 60
image, bridge, port, agent = sys.argv[1:]
url = f"http://{bridge}:{port}"
NAME = "worker-test"
TABLE = {"TableName": NAME, "BillingMode": "PAY_PER_REQUEST",
         "AttributeDefinitions": [{"AttributeName": k, "AttributeType": "S"} for k in ("pk", "sk")],
         "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]}
USER_DATA = f"""#!/bin/bash
cat >/etc/1mins-worker.env <<'END'
export AWS_DEFAULT_REGION=us-east-1
IMDS_TARGET={bridge}:{port}
HEARTBEAT_TABLE={NAME}
DYNAMODB_URL={url}
AGENT_IMAGE={agent}
END
exec /opt/worker/boot.sh
"""


def client(service):
    return boto3.client(service, endpoint_url=url, region_name="us-east-1",
                        aws_access_key_id="test", aws_secret_access_key="test")


def eventually(probe):
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        found = probe()
        if found:
            return found
        time.sleep(0.2)
    raise SystemExit(f"{probe.__name__}: not within {WAIT_S} s")


def engine_answers():
    try:
        return urllib.request.urlopen(f"{url}/_ministack/health", timeout=2).status == 200
    except OSError:
        return False


def make_role():
    iam = client("iam")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    may = {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": f"arn:aws:dynamodb:us-east-1:000000000000:table/{NAME}"}
    policy = [json.dumps({"Version": "2012-10-17", "Statement": [statement]}) for statement in (trust, may)]
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=policy[0])
    iam.put_role_policy(RoleName=NAME, PolicyName="heartbeat", PolicyDocument=policy[1])
    iam.create_instance_profile(InstanceProfileName=NAME)
    iam.add_role_to_instance_profile(InstanceProfileName=NAME, RoleName=NAME)


def watch_a_worker():
    table, machines = client("dynamodb"), client("ec2")
    table.create_table(**TABLE)
    make_role()
    ami = machines.register_image(Name=NAME, ImageLocation=image)["ImageId"]
    began = time.monotonic()
    machine = machines.run_instances(
        ImageId=ami, MinCount=1, MaxCount=1, IamInstanceProfile={"Name": NAME}, UserData=USER_DATA,
    )["Instances"][0]["InstanceId"]
    key = {"pk": {"S": f"HEARTBEAT#arn:aws:ec2:us-east-1:000000000000:instance/{machine}"}, "sk": {"S": "HEARTBEAT"}}

    def heartbeat_with_docker():
        item = table.get_item(TableName=NAME, Key=key).get("Item")
        return item and item["docker"]["BOOL"] and item

    try:
        item = eventually(heartbeat_with_docker)
    finally:
        machines.terminate_instances(InstanceIds=[machine])
    print(f"{item['machine_id']['S'] == machine} {item['image']['BOOL']} {item['containers']['S']}")
    print(f"{time.monotonic() - began:.1f} s")


with tempfile.TemporaryDirectory() as state:
    engine = subprocess.Popen([sys.executable, "-B", str(LAUNCHER), "--bind", bridge, "--port", port, "--state", state],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually(engine_answers)
        watch_a_worker()
    finally:
        engine.send_signal(signal.SIGTERM)
        engine.wait(90)
