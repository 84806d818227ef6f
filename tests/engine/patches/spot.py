"""Spot machines, and machines that are protected against termination.

Stock accepts what a request says about either and ignores it. Its fleets are records only: no
container is behind their machines, and their tokens are ignored too.
"""

import contextvars
import re

from ministack.services import ec2

ONE_TIME = "You can't stop the Spot Instance '{}' because it is associated with a one-time request"
PROTECTED = ("The instance '{}' may not be terminated. Modify its 'disableApiTermination' instance "
             "attribute and try again.")

REFUSAL = re.compile(r"<Code>(.*?)</Code>.*?<Message>(.*?)</Message>", re.DOTALL)

# What the machines that are being launched by this request are besides machines.
_marks = contextvars.ContextVar("marks", default={})


def apply():
    """Has to come after `workers`, which replaces handlers, and before `run_instances`, which wraps
    what is replaced here."""
    _mark_what_is_launched()
    _show_spot_machines()
    _guard("TerminateInstances", "_protected", "OperationNotPermitted", PROTECTED)
    _guard("StopInstances", "_spot", "UnsupportedOperation", ONE_TIME)
    _change_protection()
    _fill_instant_fleets()


def _mark_what_is_launched():
    run, launch = ec2._run_instances, ec2._launch_instances_internal

    def run_marked(request):
        marks = {"_spot": ec2._p(request, "InstanceMarketOptions.MarketType") == "spot",
                 "_protected": ec2._p(request, "DisableApiTermination") == "true"}
        if all(marks.values()):
            return ec2._error("InvalidParameterCombination",
                              "Spot Instances cannot be protected against termination", 400)
        token = _marks.set(marks)
        try:
            return run(request)
        finally:
            _marks.reset(token)

    def launch_marked(*arguments, **named):
        created = launch(*arguments, **named)
        for instance in created:
            instance.update(_marks.get())
        return created

    ec2._run_instances, ec2._launch_instances_internal = run_marked, launch_marked


def _show_spot_machines():
    render = ec2._instance_xml

    def rendered(instance):
        xml = render(instance)
        if not instance.get("_spot"):
            return xml
        end = xml.rindex("</item>")
        return f"{xml[:end]}<instanceLifecycle>spot</instanceLifecycle>{xml[end:]}"

    ec2._instance_xml = rendered


def _guard(action, mark, code, message):
    """Refuses an action if a single machine that it names has the mark, as EC2 does."""
    handle = ec2._ACTION_MAP[action]

    def guarded(request):
        for machine in ec2._parse_member_list(request, "InstanceId"):
            if (ec2._instances.get(machine) or {}).get(mark):
                return ec2._error(code, message.format(machine), 400)
        return handle(request)

    ec2._ACTION_MAP[action] = guarded


def _change_protection():
    def modify(request):
        machine = ec2._p(request, "InstanceId")
        instance = ec2._instances.get(machine)
        wanted = ec2._p(request, "DisableApiTermination.Value")
        if instance is None:
            return ec2._error("InvalidInstanceID.NotFound",
                              f"The instance ID '{machine}' does not exist", 400)
        if wanted not in ("true", "false"):
            return ec2._error("InvalidParameterCombination",
                              "the local engine changes disableApiTermination only", 400)
        if instance.get("_spot"):
            return ec2._error("UnsupportedOperation",
                              "Spot Instances cannot be protected against termination", 400)
        instance["_protected"] = wanted == "true"
        return ec2._xml(200, "ModifyInstanceAttributeResponse", "<return>true</return>")

    describe = ec2._ACTION_MAP["DescribeInstanceAttribute"]

    def describe_marked(request):
        instance = ec2._instances.get(ec2._p(request, "InstanceId"))
        if instance is None or ec2._p(request, "Attribute") != "disableApiTermination":
            return describe(request)
        value = str(bool(instance.get("_protected"))).lower()
        return ec2._xml(200, "DescribeInstanceAttributeResponse", (
            f"<instanceId>{instance['InstanceId']}</instanceId>"
            f"<disableApiTermination><value>{value}</value></disableApiTermination>"))

    ec2._ACTION_MAP["ModifyInstanceAttribute"] = modify
    ec2._ACTION_MAP["DescribeInstanceAttribute"] = describe_marked


def _fill_instant_fleets():
    stock = ec2._ACTION_MAP["CreateFleet"]

    def create(request):
        if ec2._p(request, "Type") != "instant":
            return stock(request)
        launch = as_launch(request)
        return fleet_of(launch, ec2._ACTION_MAP["RunInstances"](launch))

    ec2._ACTION_MAP["CreateFleet"] = create


def as_launch(request):
    """An instant fleet is one launch in the best place. Here all places are alike: it is the first."""
    config = "LaunchTemplateConfigs.1"
    template = f"{config}.LaunchTemplateSpecification"
    amount = ec2._p(request, "TargetCapacitySpecification.TotalTargetCapacity") or "1"
    kind = ec2._p(request, "TargetCapacitySpecification.DefaultTargetCapacityType")
    token = ec2._p(request, "ClientToken")
    launch = {
        "Action": "RunInstances",
        "ClientToken": token and f"fleet-{token}",
        "InstanceMarketOptions.MarketType": kind if kind == "spot" else "",
        "InstanceType": ec2._p(request, f"{config}.Overrides.1.InstanceType"),
        "LaunchTemplate.LaunchTemplateId": ec2._p(request, f"{template}.LaunchTemplateId"),
        "LaunchTemplate.LaunchTemplateName": ec2._p(request, f"{template}.LaunchTemplateName"),
        "LaunchTemplate.Version": ec2._p(request, f"{template}.Version"),
        "MaxCount": amount,
        "MinCount": amount,
        "SubnetId": ec2._p(request, f"{config}.Overrides.1.SubnetId"),
    }
    launch |= {name: ec2._p(request, name) for name in request if name.startswith("TagSpecification.")}
    return {name: [value] for name, value in launch.items() if value}


def fleet_of(launch, response):
    """What could not be launched is no error of the fleet's: it is told in the answer."""
    status, _, body = response
    text = body.decode()
    machines, errors = "", ""
    if status == 200:
        ids = "".join(f"<item>{i}</item>" for i in re.findall(r"<instanceId>(i-[0-9a-f]+)<", text))
        lifecycle = ec2._p(launch, "InstanceMarketOptions.MarketType") or "on-demand"
        machines = (f"<item><lifecycle>{lifecycle}</lifecycle><instanceIds>{ids}</instanceIds>"
                    f"<instanceType>{ec2._p(launch, 'InstanceType')}</instanceType></item>")
    else:
        code, message = REFUSAL.search(text).groups()
        if code == "IdempotentParameterMismatch":
            return response
        errors = f"<item><errorCode>{code}</errorCode><errorMessage>{message}</errorMessage></item>"
    return ec2._xml(200, "CreateFleetResponse", (
        f"<fleetId>fleet-{ec2.new_uuid()}</fleetId>"
        f"<fleetInstanceSet>{machines}</fleetInstanceSet><errorSet>{errors}</errorSet>"))
