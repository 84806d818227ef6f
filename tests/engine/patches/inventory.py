"""Looking for machines: filters that stock ignores would otherwise answer with all of them."""

import json

from ministack.core.responses import error_response_json, json_response
from ministack.services import ec2, ssm

# Those that stock applies, besides `tag:…` and `tag-key`.
KNOWN_FILTERS = {"image-id", "instance-state-name", "instance-type"}
EVERYTHING = 1_000_000


def apply():
    _filter_instances()
    _filter_managed_nodes()


def _filter_instances():
    matches = ec2._matches_filters
    describe = ec2._ACTION_MAP["DescribeInstances"]
    own = {
        "client-token": lambda i: (i.get("_launched_as") or [None] * 4)[2],
        "instance-id": lambda i: i["InstanceId"],
        "private-ip-address": lambda i: i["PrivateIpAddress"],
    }

    def matches_own(instance, filters):
        return (all(own[name](instance) in values for name, values in filters.items() if name in own)
                and matches(instance, filters))

    def describe_strictly(request):
        for name in ec2._parse_filters(request):
            if not (name in KNOWN_FILTERS or name in own or name.startswith("tag")):
                return ec2._error("InvalidParameterValue",
                                  f"The filter '{name}' is unknown to the local engine", 400)
        return describe(request)

    ec2._matches_filters = matches_own
    ec2._ACTION_MAP["DescribeInstances"] = describe_strictly


def _filter_managed_nodes():
    """Stock pages through all nodes by ten, so that the one asked for may be on no first page."""
    describe = ssm._describe_instance_information

    def describe_filtered(request):
        wanted = set()
        for entry in request.get("Filters") or []:
            if entry.get("Key") != "InstanceIds":
                return error_response_json(
                    "InvalidFilterKey", f"the local engine does not know {entry.get('Key')}", 400)
            wanted.update(entry["Values"])
        for entry in request.get("InstanceInformationFilterList") or []:
            wanted.update(entry["valueSet"])
        if not wanted:
            return describe(request)
        nodes = json.loads(describe({"MaxResults": EVERYTHING})[2])["InstanceInformationList"]
        return json_response(
            {"InstanceInformationList": [n for n in nodes if n["InstanceId"] in wanted]})

    ssm._describe_instance_information = describe_filtered
