"""RunInstances: launch templates and client tokens, both of which stock accepts and ignores."""

import collections
import hashlib
import json
import re
import threading

from ministack.services import ec2

# What a request or a template may set, and the template's name for it.
TEMPLATE_FIELDS = ("ImageId", "InstanceType", "KeyName", "UserData")

INSTANCE_ID = re.compile(r"<instanceId>(i-[0-9a-f]+)</instanceId>")

# (account, region, token) -> digest of the request, ids of its instances. Also kept on the
# instances themselves, since those outlive a restart.
_launched = {}
# Two equal requests at once must not both launch; different ones may.
_locks = collections.defaultdict(threading.Lock)


def apply():
    original = ec2._run_instances
    restore, reset = ec2._restore_state, ec2.reset

    def restore_tokens(data):
        restore(data)
        _remember_restored()

    def reset_tokens():
        _launched.clear()
        reset()

    ec2._ACTION_MAP["RunInstances"] = lambda request: run_once(request, original)
    ec2._restore_state, ec2.reset = restore_tokens, reset_tokens


def run_once(request, launch):
    """A repeated token gives the same instances, whatever has become of them since."""
    token = ec2._p(request, "ClientToken")
    if not token:
        return run_from_template(request, launch)
    key, digest = _key(token), digest_of(request)
    with _locks[key]:
        if key in _launched:
            return _answer_again(digest, *_launched[key])
        response = run_from_template(request, launch)
        if response[0] == 200:
            _remember(key, digest, INSTANCE_ID.findall(response[2].decode()))
        return response


def _key(token):
    return ec2.get_account_id(), ec2.get_region(), token


def digest_of(request):
    """Two requests are the same when all that the caller chose is the same."""
    # The signature travels in headers, but a presigned request has it among its parameters.
    chosen = {k: v for k, v in request.items() if not k.startswith("X-Amz-")}
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()


def _remember(key, digest, ids):
    _launched[key] = (digest, ids)
    for instance_id in ids:
        ec2._instances[instance_id]["_launched_as"] = [*key, digest]


def _remember_restored():
    for instance in ec2._instances.all_values():
        if "_launched_as" in instance:
            *key, digest = instance["_launched_as"]
            _, ids = _launched.setdefault(tuple(key), (digest, []))
            ids.append(instance["InstanceId"])


def _answer_again(digest, first_digest, ids):
    if digest != first_digest:
        return ec2._error(
            "IdempotentParameterMismatch",
            "The client token was used before with a different request", 400)
    instances = [ec2._instances.get(i) for i in ids]
    if any(i is None or i["State"]["Name"] == "terminated" for i in instances):
        return ec2._error(
            "IdempotentInstanceTerminated",
            "The client token belongs to a request whose instance has been terminated", 400)
    items = "".join(ec2._instance_xml(i) for i in instances)
    return ec2._xml(200, "RunInstancesResponse", (
        f"<instancesSet>{items}</instancesSet><reservationId>r-{ids[0][2:]}</reservationId>"
        f"<ownerId>{ec2.get_account_id()}</ownerId><groupSet/>"))


def run_from_template(request, launch):
    """Fills what the request leaves open from the template that it names."""
    wanted = {part: ec2._p(request, f"LaunchTemplate.{part}")
              for part in ("LaunchTemplateId", "LaunchTemplateName", "Version")}
    if not (wanted["LaunchTemplateId"] or wanted["LaunchTemplateName"]):
        return launch(request)
    template, _, error = ec2._resolve_launch_template_data(wanted)
    return error or launch(with_template(request, template))


def with_template(request, template):
    """The request wins, field by field."""
    filled = dict(request)
    for field in TEMPLATE_FIELDS:
        if template.get(field):
            filled.setdefault(field, [template[field]])
    if not ec2._p(filled, "SecurityGroupId.1"):
        for n, group in enumerate(template.get("SecurityGroupIds") or [], 1):
            filled[f"SecurityGroupId.{n}"] = [group]
    for part, value in (template.get("IamInstanceProfile") or {}).items():
        filled.setdefault(f"IamInstanceProfile.{part}", [value])
    _merge_tags(filled, template)
    return filled


def _merge_tags(request, template):
    """Tags of both, where the request's own win."""
    spec = 1
    while ec2._p(request, f"TagSpecification.{spec}.ResourceType") not in ("", None, "instance"):
        spec += 1
    prefix = f"TagSpecification.{spec}"
    own, n = set(), 1
    while ec2._p(request, f"{prefix}.Tag.{n}.Key"):
        own.add(ec2._p(request, f"{prefix}.Tag.{n}.Key"))
        n += 1
    for tag in _instance_tags(template):
        if tag["Key"] not in own:
            request[f"{prefix}.ResourceType"] = ["instance"]
            request[f"{prefix}.Tag.{n}.Key"] = [tag["Key"]]
            request[f"{prefix}.Tag.{n}.Value"] = [tag.get("Value", "")]
            n += 1


def _instance_tags(template):
    return [tag for spec in template.get("TagSpecifications") or []
            if spec["ResourceType"] == "instance" for tag in spec.get("Tags") or []]
