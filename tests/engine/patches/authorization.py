"""IAM over plain http, and against the resource that a request really names."""

import json

from ministack import app
from ministack.core import iam_actions


def apply():
    _pretend_tls()
    _name_resources()


def _pretend_tls():
    """Bucket policies deny plain http, which on one machine is all there is."""
    original = app.pin_request_origin
    app.pin_request_origin = lambda address, _secure: original(address, True)


def _name_resources():
    """Stock evaluates these against `*`, or schedules against the group `default`, and so denies every
    policy that is narrower."""
    original = iam_actions.extract_resource_arn

    def extract_resource_arn(service, method, path, headers, body, query, region, account):
        arn = original(service, method, path, headers, body, query, region, account)
        if service == "scheduler":
            return schedule(path, body, query, region, account) or arn
        if service == "ssm" and arn == "*":
            return ssm_resource(body, region, account) or arn
        return arn

    iam_actions.extract_resource_arn = extract_resource_arn


def ssm_resource(body, region, account):
    """The first resource of an SSM request. AWS checks them all; local callers name one kind."""
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return None
    if isinstance(request.get("Path"), str):
        return f"arn:aws:ssm:{region}:{account}:parameter/{request['Path'].strip('/')}/"
    if request.get("Names"):
        return f"arn:aws:ssm:{region}:{account}:parameter/{request['Names'][0].lstrip('/')}"
    if request.get("DocumentName"):
        owner = "" if request["DocumentName"].startswith("AWS-") else account
        return f"arn:aws:ssm:{region}:{owner}:document/{request['DocumentName']}"
    return None


def schedule(path, body, query, region, account):
    """The one schedule that a request names: its group is in the body, or in the query to delete it."""
    name = path.removeprefix("/schedules/")
    if name in ("", path):
        return None
    try:
        group = json.loads(body or b"{}").get("GroupName")
    except ValueError:
        return None
    group = group or query.get("groupName", "default")
    group = group[0] if isinstance(group, list) else group
    return f"arn:aws:scheduler:{region}:{account}:schedule/{group}/{name}"
