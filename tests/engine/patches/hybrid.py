"""Machines that joined Systems Manager by an activation, because no EC2 sold them.

Stock knows no such thing. Here a machine is the container that registered, known by the address that
it called from; its id, `mi-…`, takes commands as an EC2 machine's id does. An agent signs its questions
with a key that it registered with; here it repeats the fingerprint, from the same address.
"""

import copy
import json
import secrets
import time
import uuid

import docker
from ministack.core import iam_evaluator
from ministack.core.responses import (
    AccountRegionScopedDict,
    error_response_json,
    get_request_client_ip,
    json_response,
)
from ministack.services import ec2, iam, ssm

from . import authorization, imds, run_command

DAY_S = 24 * 3600
# What an agent asks before it has a role, and so without a signature.
UNSIGNED = ("ssm:RegisterManagedInstance", "ssm:RequestManagedInstanceRoleToken")
TRUSTED = "ssm.amazonaws.com"
OWN_FILTERS = ("ActivationIds", "IamRole", "InstanceIds", "PingStatus", "ResourceType")

_activations = AccountRegionScopedDict()
_nodes = AccountRegionScopedDict()


def apply():
    """Has to come after `inventory` and `run_command`, whose handlers it asks about EC2 machines."""
    _answer_operations()
    _let_agents_in()
    _name_nodes()
    _run_commands()
    _keep_across_restarts()


def _answer_operations():
    original = ssm.handle_request
    describe = ssm._describe_instance_information
    operations = {
        "CreateActivation": create_activation,
        "DeleteActivation": delete_activation,
        "DeregisterManagedInstance": deregister,
        "DescribeActivations": describe_activations,
        "DescribeInstanceInformation": lambda request: describe_nodes(request, describe),
        "RegisterManagedInstance": register,
        "RequestManagedInstanceRoleToken": lend_role,
    }

    async def handle_request(method, path, headers, body, query_params):
        answer = operations.get(headers.get("x-amz-target", "").split(".")[-1])
        if answer is None:
            return await original(method, path, headers, body, query_params)
        try:
            return answer(json.loads(body or b"{}"))
        except Refused as refused:
            return error_response_json(refused.code, refused.message, 400)

    ssm.handle_request = handle_request


class Refused(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code, self.message = code, message


def create_activation(request):
    role = request.get("IamRole", "")
    if not trusts_ssm(role):
        raise Refused("ValidationException", (
            f"Nonexistent role or missing ssm service principal in trust policy: {role}"))
    now = time.time()
    expires = request.get("ExpirationDate") or now + DAY_S
    if not now < expires <= now + 30 * DAY_S:
        raise Refused("ValidationException", "the expiration date is past, or more than 30 days ahead")
    activation = str(uuid.uuid4())
    code = secrets.token_urlsafe(15)
    _activations[activation] = {
        "ActivationId": activation,
        "CreatedDate": now,
        "DefaultInstanceName": request.get("DefaultInstanceName", ""),
        "ExpirationDate": expires,
        "IamRole": role,
        "RegistrationLimit": request.get("RegistrationLimit") or 1,
        "RegistrationsCount": 0,
        "Tags": request.get("Tags") or [],
        "_code": code,
    }
    return json_response({"ActivationId": activation, "ActivationCode": code})


def trusts_ssm(role):
    """Whether there is such a role, which lets itself be assumed by the service."""
    record = iam._roles.get(role.split("/")[-1])
    document = record and json.loads(record["AssumeRolePolicyDocument"] or "{}")
    principals = [s.get("Principal") for s in (document or {}).get("Statement") or []]
    services = [p.get("Service") for p in principals if isinstance(p, dict)]
    return any(TRUSTED in (s if isinstance(s, list) else [s]) for s in services)


def delete_activation(request):
    activation = request.get("ActivationId")
    if activation not in _activations:
        raise Refused("InvalidActivation", f"there is no activation {activation}")
    del _activations[activation]
    return json_response({})


def describe_activations(request):
    keys = {"ActivationIds": "ActivationId", "DefaultInstanceName": "DefaultInstanceName", "IamRole": "IamRole"}
    found = list(_activations.values())
    for entry in request.get("Filters") or []:
        if entry.get("FilterKey") not in keys:
            raise Refused("InvalidFilter", f"the local engine does not know {entry.get('FilterKey')}")
        key = keys[entry["FilterKey"]]
        found = [it for it in found if it[key] in entry["FilterValues"]]
    now = time.time()
    return json_response({"ActivationList": [
        public(it) | {"Expired": it["ExpirationDate"] <= now} for it in found]})


def public(record):
    return {key: value for key, value in record.items() if not key.startswith("_")}


def register(request):
    """A repeat by the same machine, whose answer may have been lost, is the same node."""
    activation = _activations.get(request.get("ActivationId", ""))
    if activation is None or not secrets.compare_digest(
            activation["_code"].encode(), str(request.get("ActivationCode", "")).encode()):
        raise Refused("InvalidActivation", "there is no such activation")
    container, fingerprint = container_at(get_request_client_ip()), request.get("Fingerprint") or ""
    for node in _nodes.values():
        if (node["ActivationId"], node["_container"]) == (activation["ActivationId"], container.id) \
                and is_same(node, fingerprint):
            return json_response({"InstanceId": node["InstanceId"]})
    if activation["ExpirationDate"] <= time.time():
        raise Refused("InvalidActivation", "the activation has expired")
    if activation["RegistrationsCount"] >= activation["RegistrationLimit"]:
        raise Refused("InvalidActivation", "the activation is used up")
    activation["RegistrationsCount"] += 1
    node = f"mi-{secrets.token_hex(9)[:17]}"
    _nodes[node] = {
        "ActivationId": activation["ActivationId"],
        "AgentVersion": "3.3.0.0",
        "ComputerName": container.attrs["Config"]["Hostname"],
        "IamRole": activation["IamRole"],
        "InstanceId": node,
        "Name": activation["DefaultInstanceName"],
        "PlatformType": "Linux",
        "RegistrationDate": time.time(),
        "ResourceType": "ManagedInstance",
        "_container": container.id,
        "_fingerprint": fingerprint,
        "_tags": activation["Tags"],
    }
    return json_response({"InstanceId": node})


def container_at(address):
    client = ec2._get_docker()
    for container in client.containers.list() if client else []:
        networks = container.attrs["NetworkSettings"]["Networks"].values()
        if address in [network.get("IPAddress") for network in networks]:
            return container
    raise Refused("InvalidInstanceId", f"the local engine sees no machine at {address}")


def is_same(node, fingerprint):
    return bool(fingerprint) and secrets.compare_digest(
        node["_fingerprint"].encode(), str(fingerprint).encode())


def lend_role(request):
    """Keys of the role that the node's activation named."""
    machine = container_at(get_request_client_ip()).id
    for node in _nodes.values():
        if node["_container"] == machine and is_same(node, request.get("Fingerprint")):
            keys = imds.keys_of(node, node["IamRole"].split("/")[-1])
            return json_response({
                "AccessKeyId": keys["AccessKeyId"], "SecretAccessKey": keys["SecretAccessKey"],
                "SessionToken": keys["Token"], "TokenExpirationDate": time.time() + imds.KEYS_LAST_S,
                "UpdateKeyPair": False})
    raise Refused("MachineFingerprintDoesNotMatch", "this machine is not registered")


def deregister(request):
    node = request.get("InstanceId", "")
    if node not in _nodes:
        raise Refused("InvalidInstanceId", f"there is no managed instance {node}")
    del _nodes[node]
    return json_response({})


def describe_nodes(request, describe_machines):
    """Nodes of both kinds. Tags are looked for on nodes only: EC2 machines have theirs elsewhere."""
    filters = [(it.get("Key"), it.get("Values")) for it in request.get("Filters") or []]
    filters += [(it["key"], it["valueSet"]) for it in request.get("InstanceInformationFilterList") or []]
    for key, _ in filters:
        if key not in OWN_FILTERS and not key.startswith("tag:"):
            raise Refused("InvalidFilterKey", f"the local engine does not know {key}")
    found = [shown(node) for node in _nodes.values()]
    found = [it for it in found if all(matches(it, key, values) for key, values in filters)]
    if any(key != "InstanceIds" for key, _ in filters):
        return json_response({"InstanceInformationList": found})
    status, headers, body = describe_machines(request)
    if status != 200 or not found:
        return status, headers, body
    answer = json.loads(body)
    return json_response(answer | {"InstanceInformationList": answer["InstanceInformationList"] + found})


def shown(node):
    return public(node) | {
        "LastPingDateTime": time.time(),
        "PingStatus": "Online" if running(node) else "ConnectionLost",
    }


def matches(node, key, values):
    if key.startswith("tag:"):
        tags = {tag["Key"]: tag["Value"] for tag in _nodes[node["InstanceId"]]["_tags"]}
        return tags.get(key.removeprefix("tag:")) in values
    return node[{"ActivationIds": "ActivationId", "InstanceIds": "InstanceId"}.get(key, key)] in values


def running(node):
    """The container of a node, if it runs."""
    client = ec2._get_docker()
    try:
        container = client and client.containers.get(node["_container"])
    except docker.errors.DockerException:
        return None
    return container if container and container.status == "running" else None


def _let_agents_in():
    original = iam_evaluator.enforce

    def enforce(access_key_id, iam_action, *arguments, **named):
        return None if iam_action in UNSIGNED else original(access_key_id, iam_action, *arguments, **named)

    iam_evaluator.enforce = enforce


def _name_nodes():
    """So that a policy may be about some nodes and not about others."""
    original = authorization.ssm_resource

    def ssm_resource(body, region, account):
        arn = original(body, region, account)
        try:
            node = json.loads(body or b"{}").get("InstanceId")
        except ValueError:
            return arn
        is_node = isinstance(node, str) and node.startswith("mi-") and arn is None
        return f"arn:aws:ssm:{region}:{account}:managed-instance/{node}" if is_node else arn

    authorization.ssm_resource = ssm_resource


def _run_commands():
    managed, execute, is_gone = ssm._managed_instance_ids, ec2.exec_in_instance_blocking, run_command.is_gone

    def managed_of_both_kinds():
        return managed() | {name for name, node in _nodes.items() if running(node)}

    def execute_in(machine, argv):
        if machine not in _nodes:
            return execute(machine, argv)
        container = running(_nodes[machine])
        if container is None:
            return 255, "", "the machine does not run"
        result = container.exec_run(argv, demux=True)
        stdout, stderr = ((part or b"").decode("utf-8", "replace") for part in result.output)
        return result.exit_code, stdout, stderr

    ssm._managed_instance_ids = managed_of_both_kinds
    ec2.exec_in_instance_blocking = execute_in
    run_command.is_gone = lambda machine: (
        not running(_nodes[machine]) if machine in _nodes else is_gone(machine))


def _keep_across_restarts():
    get_state, restore, reset = ssm.get_state, ssm._restore_state, ssm.reset

    def state_with_nodes():
        return get_state() | {"activations": copy.deepcopy(_activations), "nodes": copy.deepcopy(_nodes)}

    def restore_nodes(data):
        restore(data)
        _activations.update((data or {}).get("activations", {}))
        _nodes.update((data or {}).get("nodes", {}))

    def reset_nodes():
        reset()
        _activations.clear()
        _nodes.clear()

    ssm.get_state, ssm._restore_state, ssm.reset = state_with_nodes, restore_nodes, reset_nodes
