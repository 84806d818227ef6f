"""The metadata service as a machine sees it: its own name, and keys of its own role.

Stock tells every caller the same made-up name and gives it keys that nobody accepts. Here the caller's
address says which machine it is; machines are containers, so their addresses are their own. As on AWS
with tokens required: without one, nothing is said.
"""

import hashlib
import time

from ministack.core.responses import get_account_id, get_region, get_request_client_ip
from ministack.services import ec2, iam, imds, sts

KEYS_LAST_S = 3600
RUNNING = ("pending", "running")
CREDENTIALS = "/latest/meta-data/iam/security-credentials"


def apply():
    imds._v2_required = lambda: True
    original = imds.handle_request

    async def handle_request(method, path, headers, body, query_params):
        machine = machine_at(get_request_client_ip())
        if machine is None:
            return imds._not_found()
        asks = method.upper() == "GET" and imds._check_token(headers)
        own = asks and answer(machine, path.rstrip("/"))
        return own or await original(method, path, headers, body, query_params)

    imds.handle_request = handle_request


def machine_at(address):
    for instance in ec2._instances.all_values():
        if instance.get("PrivateIpAddress") == address and instance["State"]["Name"] in RUNNING:
            return instance
    return None


def answer(machine, path):
    """What differs from machine to machine. `None` for everything else."""
    if path == "/latest/meta-data/instance-id":
        return imds._text(machine["InstanceId"])
    if path == "/latest/meta-data/local-ipv4":
        return imds._text(machine["PrivateIpAddress"])
    if path == "/latest/dynamic/instance-identity/document":
        return imds._json_resp(identity_of(machine))
    if path == "/latest/meta-data/iam/info":
        return profile_of(machine) and imds._json_resp(profile_of(machine)) or imds._not_found()
    if path.startswith(CREDENTIALS):
        return credentials(machine, path.removeprefix(CREDENTIALS).strip("/"))
    return None


def credentials(machine, asked):
    """The name of the machine's only role, or the keys of the role that was asked for."""
    role = role_of(machine)
    if role is None or asked not in ("", role):
        return imds._not_found()
    return imds._json_resp(keys_of(machine, role)) if asked else imds._text(role)


def identity_of(machine):
    return imds._identity_document() | {
        "availabilityZone": machine["Placement"]["AvailabilityZone"],
        "imageId": machine["ImageId"],
        "instanceId": machine["InstanceId"],
        "instanceType": machine["InstanceType"],
        "privateIp": machine["PrivateIpAddress"],
        "region": get_region(),
    }


def profile_of(machine):
    profile = machine.get("IamInstanceProfile")
    return profile and {"Code": "Success", "InstanceProfileArn": profile["Arn"],
                        "InstanceProfileId": profile["Id"], "LastUpdated": now()}


def role_of(machine):
    profile = machine.get("IamInstanceProfile") or {}
    found = iam._lookup_instance_profile(arn=profile.get("Arn", "")) or {}
    return next(iter(found.get("Roles", [])), None)


def keys_of(machine, role):
    """A session of the role, named after the machine. The same keys each time, as functions get theirs:
    a restart of the engine forgets sessions, and the next question registers this one again."""
    account, machine_id = get_account_id(), machine["InstanceId"]
    digest = hashlib.sha256(f"{account}:{machine_id}:{role}".encode()).hexdigest()
    access_key = f"ASIA{digest[:16].upper()}"
    secret, token = (hashlib.sha256(f"{part}:{digest}".encode()).hexdigest() for part in ("secret", "token"))
    sts.register_session(access_key, {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{machine_id}",
        "UserId": f"{role}:{machine_id}",
        "SecretAccessKey": secret,
        "SessionToken": token,
    })
    return {"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": now(), "AccessKeyId": access_key,
            "SecretAccessKey": secret, "Token": token, "Expiration": iam._future(KEYS_LAST_S)}


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
