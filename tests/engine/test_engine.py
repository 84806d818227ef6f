"""The engine as its callers see it: machines, commands, tokens, permissions, restarts.

    python -m unittest -v        # in this folder, with the packages of requirements.txt

Machines need Docker and, as their image, a statically linked busybox. Without Docker those tests
are skipped, and `scripts/test` says so.
"""

import base64
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

import boto3
import docker
from botocore.exceptions import ClientError

FOLDER = os.path.dirname(os.path.abspath(__file__))
PORT = int(os.environ.get("ENGINE_TEST_PORT", "4579"))
URL = f"http://127.0.0.1:{PORT}"
IMAGE = "1mins-engine-test:1"
CREDENTIALS = "meta-data/iam/security-credentials"
START_TIMEOUT_S = 30
SETTLE_TIMEOUT_S = 30


class Engine:
    """One engine process with a state directory of its own."""

    def __init__(self):
        self.state = tempfile.mkdtemp(prefix="1mins-engine-test-")
        self.start()

    def start(self):
        command = [sys.executable, os.path.join(FOLDER, "launcher.py"), "--port", str(PORT),
                   "--state", self.state, "--bind", ",".join(["127.0.0.1", *bridge_addresses()])]
        with open(os.path.join(self.state, "log"), "a") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        eventually(self.answers, START_TIMEOUT_S)

    def answers(self):
        if self.process.poll() is not None:
            with open(os.path.join(self.state, "log")) as log:
                raise AssertionError(f"the engine stopped:\n{log.read()[-2000:]}")
        try:
            return urllib.request.urlopen(f"{URL}/_ministack/health", timeout=2).status == 200
        except OSError:
            return False

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=90)

    def forget(self):
        self.stop()
        shutil.rmtree(self.state)


def eventually(probe, timeout_s=SETTLE_TIMEOUT_S):
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        result = probe()
        if result:
            return result
        time.sleep(0.1)
    raise AssertionError(f"{probe} did not come true within {timeout_s} s")


def client(service, key="test"):
    return boto3.client(service, endpoint_url=URL, region_name="us-east-1",
                        aws_access_key_id=key, aws_secret_access_key="test")


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def docker_client():
    try:
        answering = docker.from_env()
        answering.ping()
        return answering
    except docker.errors.DockerException:
        return None


def bridge_addresses():
    """Where machines reach the engine."""
    daemon = docker_client()
    parts = daemon.networks.get("bridge").attrs["IPAM"]["Config"] if daemon else []
    return [part["Gateway"] for part in parts if "." in part.get("Gateway", "")]


def import_image(daemon):
    """A machine image in miniature: busybox under its many names."""
    busybox = shutil.which("busybox")
    if not busybox:
        raise AssertionError("install busybox-static: it becomes the test machine's image")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(os.path.realpath(busybox), "bin/busybox")
        for name in ("sh", "sleep", "cat", "timeout", "base64", "chmod", "printf", "mkdir", "pwd", "nc"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
        for folder in ("run", "tmp", "var/log"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o777
            tar.addfile(entry)
    repository, tag = IMAGE.split(":")
    daemon.api.import_image_from_data(
        archive.getvalue(), repository=repository, tag=tag,
        changes=['ENTRYPOINT ["/bin/sleep", "infinity"]', "VOLUME /data"])


class EngineTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = Engine()
        cls.addClassCleanup(cls.engine.forget)


@unittest.skipUnless(docker_client(), "Docker does not answer")
class Machines(EngineTest):
    @classmethod
    def setUpClass(cls):
        daemon = docker_client()
        import_image(daemon)
        cls.addClassCleanup(daemon.images.remove, IMAGE, force=True)
        super().setUpClass()
        cls.ec2, cls.ssm = client("ec2"), client("ssm")
        cls.image = cls.ec2.register_image(Name="worker", ImageLocation=IMAGE)["ImageId"]
        cls.addClassCleanup(cls.terminate_all)

    @classmethod
    def terminate_all(cls):
        running = cls.ec2.describe_instances()["Reservations"]
        ids = [i["InstanceId"] for r in running for i in r["Instances"]]
        if ids:
            cls.ec2.terminate_instances(InstanceIds=ids)

    def launch(self, **more):
        request = {"ImageId": self.image, "MinCount": 1, "MaxCount": 1} | more
        return self.ec2.run_instances(**request)["Instances"][0]["InstanceId"]

    def describe(self, machine):
        return self.ec2.describe_instances(InstanceIds=[machine])["Reservations"][0]["Instances"][0]

    def state(self, machine):
        return self.describe(machine)["State"]["Name"]

    def run_script(self, machine, script, **parameters):
        command = self.ssm.send_command(
            InstanceIds=[machine], DocumentName="AWS-RunShellScript",
            Parameters={"commands": [script]} | {k: [v] for k, v in parameters.items()},
        )["Command"]["CommandId"]

        def finished():
            result = self.ssm.get_command_invocation(CommandId=command, InstanceId=machine)
            return result["Status"] not in ("Pending", "InProgress") and result

        return eventually(finished)

    def test_a_command_reports_its_exit_code_and_output(self):
        result = self.run_script(self.launch(), "echo out; echo err >&2; exit 75")
        self.assertEqual((result["Status"], result["ResponseCode"]), ("Failed", 75))
        self.assertEqual(result["StandardOutputContent"], "out\n")
        self.assertEqual(result["StandardErrorContent"], "err\n")

    def test_a_command_that_takes_too_long_times_out(self):
        machine = self.launch()
        result = self.run_script(machine, "echo begun; sleep 60", executionTimeout="1")
        self.assertEqual(result["Status"], "TimedOut")
        self.assertEqual(result["StandardOutputContent"], "begun\n")
        own = self.run_script(machine, "exit 124", executionTimeout="30")
        self.assertEqual((own["Status"], own["ResponseCode"]), ("Failed", 124))

    def test_a_command_runs_in_its_working_directory(self):
        result = self.run_script(self.launch(), "pwd", workingDirectory="/var/log")
        self.assertEqual(result["StandardOutputContent"], "/var/log\n")

    def test_user_data_runs_once_at_the_first_boot(self):
        machine = self.launch(UserData="#!/bin/sh\necho booted >>/data/boots\n")
        eventually(lambda: self.run_script(machine, "cat /data/boots")["ResponseCode"] == 0)
        self.stop_and_start(machine)
        self.assertEqual(self.run_script(machine, "cat /data/boots")["StandardOutputContent"], "booted\n")

    def test_a_stopped_machine_refuses_commands_and_keeps_its_disk(self):
        machine = self.launch()
        self.run_script(machine, "echo kept >/data/thing; echo kept >/tmp/thing")
        self.ec2.stop_instances(InstanceIds=[machine])
        eventually(lambda: self.state(machine) == "stopped")
        with self.assertRaises(ClientError) as refused:
            self.run_script(machine, "true")
        self.assertEqual(refused.exception.response["Error"]["Code"], "InvalidInstanceId")
        self.ec2.start_instances(InstanceIds=[machine])
        eventually(lambda: self.state(machine) == "running")
        result = self.run_script(machine, "cat /data/thing /tmp/thing")
        self.assertEqual(result["StandardOutputContent"], "kept\nkept\n")

    def test_a_machine_that_ends_by_itself_can_be_started_again(self):
        machine = self.launch()
        docker_client().containers.list(filters={"label": f"instance_id={machine}"})[0].kill()
        eventually(lambda: self.state(machine) == "stopped")
        self.ec2.start_instances(InstanceIds=[machine])
        eventually(lambda: self.state(machine) == "running")

    def test_a_machine_whose_container_is_gone_is_terminated(self):
        machine = self.launch()
        docker_client().containers.list(filters={"label": f"instance_id={machine}"})[0].remove(v=True, force=True)
        eventually(lambda: self.state(machine) == "terminated")

    def stop_and_start(self, machine):
        self.ec2.stop_instances(InstanceIds=[machine])
        eventually(lambda: self.state(machine) == "stopped")
        self.ec2.start_instances(InstanceIds=[machine])
        eventually(lambda: self.state(machine) == "running")

    def test_a_terminated_machine_leaves_no_container_and_no_volume(self):
        daemon = docker_client()
        machine = self.launch()
        container = daemon.containers.list(filters={"label": f"instance_id={machine}"})[0]
        volumes = [m["Name"] for m in container.attrs["Mounts"]]
        self.assertEqual(len(volumes), 1)
        self.ec2.terminate_instances(InstanceIds=[machine])
        self.assertEqual(self.state(machine), "terminated")
        self.assertFalse(daemon.containers.list(all=True, filters={"label": f"instance_id={machine}"}))
        self.assertNotIn(volumes[0], [v.name for v in daemon.volumes.list()])

    def test_a_repeated_token_is_one_machine(self):
        first = self.launch(ClientToken="once")
        self.assertEqual(self.launch(ClientToken="once"), first)
        self.assertNotEqual(self.launch(ClientToken="twice"), first)
        found = self.ec2.describe_instances(Filters=[{"Name": "client-token", "Values": ["once"]}])
        self.assertEqual([i["InstanceId"] for r in found["Reservations"] for i in r["Instances"]], [first])

    def test_a_token_used_at_the_same_time_is_one_machine(self):
        machines = []
        threads = [threading.Thread(target=lambda: machines.append(self.launch(ClientToken="race")))
                   for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((len(machines), len(set(machines))), (5, 1))

    def test_a_token_with_another_request_is_refused(self):
        self.launch(ClientToken="mine", InstanceType="t3.small")
        self.assert_refused("IdempotentParameterMismatch", ClientToken="mine", InstanceType="t3.large")

    def test_a_token_of_a_terminated_machine_is_refused(self):
        machine = self.launch(ClientToken="gone")
        self.ec2.terminate_instances(InstanceIds=[machine])
        self.assert_refused("IdempotentInstanceTerminated", ClientToken="gone")
        self.assert_refused("IdempotentInstanceTerminated", ClientToken="gone")

    def assert_refused(self, code, **request):
        with self.assertRaises(ClientError) as refused:
            self.launch(**request)
        self.assertEqual(refused.exception.response["Error"]["Code"], code)

    def test_a_launch_template_fills_what_the_request_leaves_open(self):
        tags = [{"Key": "role", "Value": "worker"}, {"Key": "pool", "Value": "template"}]
        template = self.ec2.create_launch_template(
            LaunchTemplateName="worker",
            LaunchTemplateData={"ImageId": self.image, "InstanceType": "c7i-flex.large",
                                "TagSpecifications": [{"ResourceType": "instance", "Tags": tags}]},
        )["LaunchTemplate"]["LaunchTemplateId"]
        machine = self.ec2.run_instances(
            MinCount=1, MaxCount=1, LaunchTemplate={"LaunchTemplateId": template},
            TagSpecifications=[{"ResourceType": "instance",
                                "Tags": [{"Key": "pool", "Value": "request"}]}],
        )["Instances"][0]
        self.assertEqual(machine["InstanceType"], "c7i-flex.large")
        described = self.describe(machine["InstanceId"])
        self.assertEqual({t["Key"]: t["Value"] for t in described["Tags"]},
                         {"role": "worker", "pool": "request"})
        self.assertEqual(self.run_script(machine["InstanceId"], "true")["Status"], "Success")

    def test_a_filter_that_the_engine_does_not_know_is_an_error(self):
        with self.assertRaises(ClientError):
            self.ec2.describe_instances(Filters=[{"Name": "dns-name", "Values": ["x"]}])

    def test_a_managed_node_is_found_among_many(self):
        machines = [self.launch() for _ in range(3)]
        found = self.ssm.describe_instance_information(
            Filters=[{"Key": "InstanceIds", "Values": [machines[1]]}])["InstanceInformationList"]
        self.assertEqual([n["InstanceId"] for n in found], [machines[1]])

    def metadata(self, machine, path, method="GET", **headers):
        """Status and body of what the machine itself is told."""
        lines = [f"{method} /latest{path} HTTP/1.1", "Host: 169.254.169.254", "Connection: close",
                 *(f"X-aws-ec2-metadata-{name.replace('_', '-')}: {value}" for name, value in headers.items())]
        request = "".join(f"{line}\\r\\n" for line in [*lines, ""])
        said = self.run_script(machine, f"printf '{request}' | nc {bridge_addresses()[0]} {PORT}")
        head, _, body = said["StandardOutputContent"].partition("\r\n\r\n")
        return int(head.split()[1]), body

    def token(self, machine):
        return self.metadata(machine, "/api/token", "PUT", token_ttl_seconds="60")[1]

    def launch_with_role(self, name, *statements):
        iam = client("iam")
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(policy(trust)))
        iam.put_role_policy(RoleName=name, PolicyName="only", PolicyDocument=json.dumps(policy(*statements)))
        iam.create_instance_profile(InstanceProfileName=name)
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
        return self.launch(IamInstanceProfile={"Name": name})

    def test_each_machine_learns_its_own_identity(self):
        for machine in (self.launch(), self.launch()):
            token = self.token(machine)
            self.assertEqual(self.metadata(machine, "/meta-data/instance-id", token=token), (200, machine))
            status, document = self.metadata(machine, "/dynamic/instance-identity/document", token=token)
            told = {name: json.loads(document)[name] for name in ("accountId", "instanceId", "privateIp", "region")}
            self.assertEqual((status, told), (200, {
                "accountId": "000000000000", "instanceId": machine, "region": "us-east-1",
                "privateIp": self.describe(machine)["PrivateIpAddress"]}))

    def test_metadata_is_for_machines_with_a_token(self):
        machine = self.launch()
        self.assertEqual(self.metadata(machine, "/meta-data/instance-id")[0], 401)
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(f"{URL}/latest/api/token", method="PUT"))
        self.assertEqual(refused.exception.code, 404)

    def test_a_machine_without_a_role_has_no_keys(self):
        machine = self.launch()
        self.assertEqual(self.metadata(machine, f"/{CREDENTIALS}/", token=self.token(machine))[0], 404)

    def test_a_machine_may_do_what_its_role_may(self):
        tables = client("dynamodb")
        for table in ("own", "foreign"):
            tables.create_table(TableName=table, BillingMode="PAY_PER_REQUEST",
                                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
        machine = self.launch_with_role("heart", {
            "Effect": "Allow", "Action": "dynamodb:PutItem",
            "Resource": "arn:aws:dynamodb:us-east-1:000000000000:table/own"})
        token = self.token(machine)
        self.assertEqual(self.metadata(machine, f"/{CREDENTIALS}/", token=token), (200, "heart"))
        self.assertEqual(self.metadata(machine, f"/{CREDENTIALS}/other", token=token)[0], 404)
        keys = json.loads(self.metadata(machine, f"/{CREDENTIALS}/heart", token=token)[1])
        session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["Token"], "us-east-1")
        own = session.client("dynamodb", endpoint_url=URL)
        who = session.client("sts", endpoint_url=URL).get_caller_identity()["Arn"]
        self.assertEqual(who, f"arn:aws:sts::000000000000:assumed-role/heart/{machine}")
        own.put_item(TableName="own", Item={"pk": {"S": "x"}})
        for refused in (lambda: own.put_item(TableName="foreign", Item={"pk": {"S": "x"}}),
                        lambda: own.get_item(TableName="own", Key={"pk": {"S": "x"}})):
            with self.assertRaises(ClientError) as denied:
                refused()
            self.assertEqual(denied.exception.response["Error"]["Code"], "AccessDeniedException")

    def test_machines_and_tokens_outlive_a_restart_of_the_engine(self):
        running, stopped = self.launch(ClientToken="stays"), self.launch()
        address = self.describe(running)["PrivateIpAddress"]
        self.run_script(running, "echo kept >/data/thing")
        self.ec2.stop_instances(InstanceIds=[stopped])
        eventually(lambda: self.state(stopped) == "stopped")
        self.engine.stop()
        self.engine.start()
        eventually(lambda: self.state(running) == "running")
        self.assertEqual(self.state(stopped), "stopped")
        self.assertEqual(self.describe(running)["PrivateIpAddress"], address)
        self.assertEqual(self.run_script(running, "cat /data/thing")["StandardOutputContent"], "kept\n")
        self.assertEqual(self.launch(ClientToken="stays"), running)


class Markets(EngineTest):
    """Protected machines and Spot machines. No container is behind these."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ec2 = client("ec2")
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "stage", "Value": "local"}]}]
        cls.template = cls.ec2.create_launch_template(
            LaunchTemplateName="market", LaunchTemplateData={"ImageId": "ami-1", "TagSpecifications": tags},
        )["LaunchTemplate"]["LaunchTemplateId"]

    def launch(self, **more):
        request = {"ImageId": "ami-1", "MinCount": 1, "MaxCount": 1} | more
        return self.ec2.run_instances(**request)["Instances"][0]["InstanceId"]

    def describe(self, machine):
        return self.ec2.describe_instances(InstanceIds=[machine])["Reservations"][0]["Instances"][0]

    def fleet(self, token, machine_type="m7i.large"):
        return self.ec2.create_fleet(
            Type="instant", ClientToken=token,
            LaunchTemplateConfigs=[{
                "LaunchTemplateSpecification": {"LaunchTemplateId": self.template, "Version": "$Latest"},
                "Overrides": [{"InstanceType": machine_type}, {"InstanceType": machine_type}]}],
            TargetCapacitySpecification={"TotalTargetCapacity": 1, "DefaultTargetCapacityType": "spot"},
            SpotOptions={"AllocationStrategy": "capacity-optimized"},
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "worker", "Value": "wrk_a"}]}])

    def refused(self, call, **request):
        with self.assertRaises(ClientError) as refused:
            call(**request)
        return refused.exception.response["Error"]["Code"]

    def test_a_protected_machine_is_terminated_once_its_protection_is_lifted(self):
        machine = self.launch(DisableApiTermination=True)
        self.assertEqual(
            self.refused(self.ec2.terminate_instances, InstanceIds=[machine]), "OperationNotPermitted")
        self.assertTrue(self.protection(machine))
        self.ec2.modify_instance_attribute(InstanceId=machine, DisableApiTermination={"Value": False})
        self.assertFalse(self.protection(machine))
        self.ec2.terminate_instances(InstanceIds=[machine])
        self.assertEqual(self.describe(machine)["State"]["Name"], "terminated")

    def protection(self, machine):
        told = self.ec2.describe_instance_attribute(InstanceId=machine, Attribute="disableApiTermination")
        return told["DisableApiTermination"]["Value"]

    def test_other_machines_are_terminated_at_once(self):
        machine = self.launch()
        self.assertFalse(self.protection(machine))
        self.ec2.terminate_instances(InstanceIds=[machine])
        self.assertEqual(self.describe(machine)["State"]["Name"], "terminated")

    def test_a_spot_machine_says_so_and_neither_stops_nor_is_protected(self):
        spot = {"InstanceMarketOptions": {"MarketType": "spot"}}
        launched = self.ec2.run_instances(ImageId="ami-1", MinCount=1, MaxCount=1, **spot)["Instances"][0]
        machine = launched["InstanceId"]
        self.assertEqual(launched["InstanceLifecycle"], "spot")
        self.assertEqual(self.describe(machine)["InstanceLifecycle"], "spot")
        self.assertEqual(self.refused(self.ec2.stop_instances, InstanceIds=[machine]), "UnsupportedOperation")
        self.assertEqual(
            self.refused(self.ec2.modify_instance_attribute, InstanceId=machine,
                         DisableApiTermination={"Value": True}), "UnsupportedOperation")
        self.assertEqual(
            self.refused(self.launch, DisableApiTermination=True, **spot), "InvalidParameterCombination")
        self.assertNotIn("InstanceLifecycle", self.describe(self.launch()))

    def test_an_instant_fleet_is_one_machine_however_often_it_is_asked_for(self):
        first = self.fleet("once")["Instances"]
        machine = first[0]["InstanceIds"][0]
        self.assertEqual((len(first), first[0]["Lifecycle"]), (1, "spot"))
        self.assertEqual(self.fleet("once")["Instances"][0]["InstanceIds"], [machine])
        self.assertNotEqual(self.fleet("twice")["Instances"][0]["InstanceIds"], [machine])
        described = self.describe(machine)
        self.assertEqual((described["InstanceType"], described["InstanceLifecycle"]), ("m7i.large", "spot"))
        self.assertEqual({t["Key"]: t["Value"] for t in described["Tags"]}, {"stage": "local", "worker": "wrk_a"})
        with self.assertRaises(ClientError) as refused:
            self.fleet("once", "r7i.large")
        self.assertEqual(refused.exception.response["Error"]["Code"], "IdempotentParameterMismatch")

    def test_a_fleet_that_cannot_be_filled_says_why(self):
        machine = self.fleet("gone")["Instances"][0]["InstanceIds"][0]
        self.ec2.terminate_instances(InstanceIds=[machine])
        unfilled = self.fleet("gone")
        self.assertEqual(unfilled["Instances"], [])
        self.assertEqual([e["ErrorCode"] for e in unfilled["Errors"]], ["IdempotentInstanceTerminated"])


@unittest.skipUnless(docker_client(), "Docker does not answer")
class Hybrid(EngineTest):
    """Machines that no EC2 sold: they join by an activation."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = docker_client()
        import_image(cls.daemon)
        cls.addClassCleanup(cls.daemon.images.remove, IMAGE, force=True)
        super().setUpClass()
        cls.ssm = client("ssm")
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ssm.amazonaws.com"}}
        own = {"Effect": "Allow", "Action": "dynamodb:ListTables", "Resource": "*"}
        iam = client("iam")
        iam.create_role(RoleName="node", AssumeRolePolicyDocument=json.dumps(policy(trust)))
        iam.put_role_policy(RoleName="node", PolicyName="only", PolicyDocument=json.dumps(policy(own)))

    def machine(self):
        container = self.daemon.containers.run(IMAGE, detach=True)
        self.addCleanup(container.remove, v=True, force=True)
        return container

    def activate(self, **more):
        request = {"IamRole": "node", "DefaultInstanceName": "wrk_a",
                   "Tags": [{"Key": "1mins:worker", "Value": "wrk_a"}]} | more
        return self.ssm.create_activation(**request)

    def ask(self, machine, operation, **request):
        """Status and body of what the machine itself is told, without a signature."""
        body = json.dumps(request)
        lines = ["POST / HTTP/1.1", "Host: engine", "Connection: close", f"X-Amz-Target: AmazonSSM.{operation}",
                 "Content-Type: application/x-amz-json-1.1", f"Content-Length: {len(body)}", "", body]
        text = base64.b64encode("\r\n".join(lines).encode()).decode()
        script = f"printf %s {text} | base64 -d | nc {bridge_addresses()[0]} {PORT}"
        head, _, said = machine.exec_run(["/bin/sh", "-c", script]).output.decode().partition("\r\n\r\n")
        return int(head.split()[1]), json.loads(said)

    def join(self, machine, activation, fingerprint="f1"):
        return self.ask(machine, "RegisterManagedInstance", ActivationId=activation["ActivationId"],
                        ActivationCode=activation["ActivationCode"], Fingerprint=fingerprint)

    def joined(self):
        machine = self.machine()
        status, told = self.join(machine, self.activate())
        self.assertEqual(status, 200, told)
        return machine, told["InstanceId"]

    def nodes(self, key, value):
        found = self.ssm.describe_instance_information(Filters=[{"Key": key, "Values": [value]}])
        return [node["InstanceId"] for node in found["InstanceInformationList"]]

    def test_an_activation_lets_one_machine_in(self):
        activation, machine = self.activate(), self.machine()
        wrong = activation | {"ActivationCode": "wrong"}
        self.assertEqual(self.join(machine, wrong)[0], 400)
        status, told = self.join(machine, activation)
        self.assertEqual(status, 200)
        self.assertRegex(told["InstanceId"], r"^mi-[0-9a-f]{17}$")
        self.assertEqual(self.join(machine, activation), (200, told), "an answer may have been lost")
        self.assertEqual(self.join(self.machine(), activation, "f2")[0], 400)
        listed = self.ssm.describe_activations(
            Filters=[{"FilterKey": "ActivationIds", "FilterValues": [activation["ActivationId"]]}])
        self.assertEqual([it["RegistrationsCount"] for it in listed["ActivationList"]], [1])

    def test_an_activation_ends(self):
        soon = self.activate(ExpirationDate=time.time() + 1)
        deleted = self.activate()
        self.ssm.delete_activation(ActivationId=deleted["ActivationId"])
        with self.assertRaises(ClientError) as refused:
            self.ssm.delete_activation(ActivationId=deleted["ActivationId"])
        self.assertEqual(refused.exception.response["Error"]["Code"], "InvalidActivation")
        time.sleep(1.1)
        for activation in (soon, deleted):
            self.assertEqual(self.join(self.machine(), activation)[0], 400)

    def test_an_activation_needs_a_role_for_nodes(self):
        client("iam").create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps(policy()))
        for role in ("absent", "other"):
            with self.assertRaises(ClientError) as refused:
                self.activate(IamRole=role)
            self.assertEqual(refused.exception.response["Error"]["Code"], "ValidationException")

    def test_a_node_is_found_by_its_tag_and_its_activation_until_it_is_deregistered(self):
        activation = self.activate(Tags=[{"Key": "1mins:worker", "Value": "wrk_b"}], DefaultInstanceName="wrk_b")
        node = self.join(self.machine(), activation)[1]["InstanceId"]
        self.assertEqual(self.nodes("tag:1mins:worker", "wrk_b"), [node])
        self.assertEqual(self.nodes("tag:1mins:worker", "wrk_c"), [])
        self.assertEqual(self.nodes("ActivationIds", activation["ActivationId"]), [node])
        self.assertEqual(self.nodes("InstanceIds", node), [node])
        self.ssm.deregister_managed_instance(InstanceId=node)
        self.assertEqual(self.nodes("tag:1mins:worker", "wrk_b"), [])
        with self.assertRaises(ClientError) as refused:
            self.ssm.deregister_managed_instance(InstanceId=node)
        self.assertEqual(refused.exception.response["Error"]["Code"], "InvalidInstanceId")

    def test_a_node_takes_commands_while_it_runs(self):
        machine, node = self.joined()
        command = self.ssm.send_command(
            InstanceIds=[node], DocumentName="AWS-RunShellScript",
            Parameters={"commands": ["echo out; echo err >&2; exit 75"]})["Command"]["CommandId"]

        def finished():
            result = self.ssm.get_command_invocation(CommandId=command, InstanceId=node)
            return result["Status"] not in ("Pending", "InProgress") and result

        result = eventually(finished)
        self.assertEqual((result["Status"], result["ResponseCode"]), ("Failed", 75))
        self.assertEqual((result["StandardOutputContent"], result["StandardErrorContent"]), ("out\n", "err\n"))
        machine.stop(timeout=0)
        with self.assertRaises(ClientError) as refused:
            self.ssm.send_command(InstanceIds=[node], DocumentName="AWS-RunShellScript",
                                  Parameters={"commands": ["true"]})
        self.assertEqual(refused.exception.response["Error"]["Code"], "InvalidInstanceId")

    def test_a_node_may_do_what_the_role_of_nodes_may(self):
        machine, node = self.joined()
        self.assertEqual(self.ask(machine, "RequestManagedInstanceRoleToken", Fingerprint="other")[0], 400)
        status, keys = self.ask(machine, "RequestManagedInstanceRoleToken", Fingerprint="f1")
        self.assertEqual(status, 200)
        session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], "us-east-1")
        who = session.client("sts", endpoint_url=URL).get_caller_identity()["Arn"]
        self.assertEqual(who, f"arn:aws:sts::000000000000:assumed-role/node/{node}")
        session.client("dynamodb", endpoint_url=URL).list_tables()
        with self.assertRaises(ClientError) as denied:
            session.client("ssm", endpoint_url=URL).describe_activations()
        self.assertIn("AccessDenied", denied.exception.response["Error"]["Code"])

    def test_nodes_and_activations_outlive_a_restart_of_the_engine(self):
        machine, node = self.joined()
        waiting = self.activate(DefaultInstanceName="wrk_waiting")
        self.engine.stop()
        self.engine.start()
        self.assertEqual(self.nodes("InstanceIds", node), [node])
        self.assertEqual(self.ask(machine, "RequestManagedInstanceRoleToken", Fingerprint="f1")[0], 200)
        self.assertEqual(self.join(self.machine(), waiting)[0], 200)


class Permissions(EngineTest):
    def user(self, name, *statements):
        iam = client("iam")
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="only", PolicyDocument=json.dumps(policy(*statements)))
        return iam.create_access_key(UserName=name)["AccessKey"]

    def client_of(self, key, service):
        return boto3.client(service, endpoint_url=URL, region_name="us-east-1",
                            aws_access_key_id=key["AccessKeyId"],
                            aws_secret_access_key=key["SecretAccessKey"])

    def test_parameters_are_authorised_one_by_one(self):
        root = client("ssm")
        for name in ("/routes/head", "/secrets/key"):
            root.put_parameter(Name=name, Value="x", Type="String")
        key = self.user("edge", {"Effect": "Allow", "Action": "ssm:GetParameter*", "Resource":
                                 "arn:aws:ssm:us-east-1:000000000000:parameter/routes/*"})
        edge = self.client_of(key, "ssm")
        self.assertEqual(len(edge.get_parameters(Names=["/routes/head"])["Parameters"]), 1)
        self.assertEqual(len(edge.get_parameters_by_path(Path="/routes")["Parameters"]), 1)
        for read in (lambda: edge.get_parameters(Names=["/secrets/key"]),
                     lambda: edge.get_parameter(Name="/secrets/key"),
                     lambda: edge.get_parameters_by_path(Path="/secrets")):
            with self.assertRaises(ClientError) as refused:
                read()
            self.assertIn("AccessDenied", refused.exception.response["Error"]["Code"])

    def test_timers_go_off_once_and_are_set_in_the_group_that_one_may(self):
        queues, account = client("sqs"), "000000000000"
        queue = queues.create_queue(QueueName="looks.fifo", Attributes={
            "FifoQueue": "true", "ContentBasedDeduplication": "true"})["QueueUrl"]
        for group in ("ours", "theirs"):
            client("scheduler").create_schedule_group(Name=group)
        key = self.user("billing", {"Effect": "Allow", "Action": "scheduler:*", "Resource":
                                    f"arn:aws:scheduler:us-east-1:{account}:schedule/ours/*"})
        timers = self.client_of(key, "scheduler")
        timer = {
            "Name": "look-sub_1", "ScheduleExpression": "at(2026-01-01T00:00:00)",
            "FlexibleTimeWindow": {"Mode": "OFF"}, "ActionAfterCompletion": "DELETE",
            "Target": {"Arn": f"arn:aws:sqs:us-east-1:{account}:looks.fifo", "Input": "look",
                       "RoleArn": f"arn:aws:iam::{account}:role/timers",
                       "SqsParameters": {"MessageGroupId": "sub_1"}}}
        with self.assertRaises(ClientError) as refused:
            timers.create_schedule(GroupName="theirs", **timer)
        self.assertIn("AccessDenied", refused.exception.response["Error"]["Code"])
        timers.create_schedule(GroupName="ours", **timer)
        with self.assertRaises(timers.exceptions.ConflictException):
            timers.create_schedule(GroupName="ours", **timer)
        received = lambda: queues.receive_message(QueueUrl=queue).get("Messages")
        [message] = eventually(received, SETTLE_TIMEOUT_S)
        self.assertEqual(message["Body"], "look")
        # It deletes itself, and both to move it and to delete it then says so.
        for late in (lambda: timers.update_schedule(GroupName="ours", **timer),
                     lambda: timers.delete_schedule(GroupName="ours", Name="look-sub_1")):
            with self.assertRaises(timers.exceptions.ResourceNotFoundException):
                late()

    def test_an_unknown_key_is_refused(self):
        with self.assertRaises(ClientError):
            client("dynamodb", key="AKIAUNKNOWN").list_tables()


class Tables(EngineTest):
    TEMPLATE = {"Resources": {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": {
        "TableName": "things",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "TimeToLiveSpecification": {"AttributeName": "expires_at_s", "Enabled": True},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}}}}

    def test_a_table_keeps_its_expiry_and_its_recovery(self):
        stacks, tables = client("cloudformation"), client("dynamodb")
        stacks.create_stack(StackName="tables", TemplateBody=json.dumps(self.TEMPLATE))
        stacks.get_waiter("stack_create_complete").wait(
            StackName="tables", WaiterConfig={"Delay": 1, "MaxAttempts": 30})
        expiry = tables.describe_time_to_live(TableName="things")["TimeToLiveDescription"]
        self.assertEqual(expiry, {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at_s"})
        backups = tables.describe_continuous_backups(TableName="things")["ContinuousBackupsDescription"]
        self.assertEqual(backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"], "ENABLED")


class Routing(EngineTest):
    def test_a_path_may_hold_a_line_break(self):
        apis = client("apigatewayv2")
        api = apis.create_api(Name="paths", ProtocolType="HTTP")["ApiId"]
        integration = apis.create_integration(
            ApiId=api, IntegrationType="HTTP_PROXY", IntegrationMethod="GET",
            IntegrationUri="http://127.0.0.1:1", PayloadFormatVersion="1.0")["IntegrationId"]
        target = f"integrations/{integration}"
        apis.create_route(ApiId=api, RouteKey="GET /api/{proxy+}", Target=target)
        apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
        # Nobody is there; but it was asked for.
        self.assertEqual(self.status(api, "/api/keys/plain"), 502)
        self.assertEqual(self.status(api, "/api/keys/two%0Alines"), 502)
        self.assertEqual(self.status(api, "/other/keys"), 404)

    @staticmethod
    def status(api, path):
        host = {"Host": f"{api}.execute-api.localhost:{PORT}"}
        try:
            return urllib.request.urlopen(urllib.request.Request(URL + path, headers=host)).status
        except urllib.error.HTTPError as refused:
            return refused.code


class Environment(unittest.TestCase):
    def test_the_environment_of_the_caller_stays_outside(self):
        output = subprocess.run(
            [sys.executable, "-c", (
                "import os, launcher;"
                "launcher.replace_environment(launcher.settings(['127.0.0.1'], 4570, None));"
                "print(sorted(os.environ))")],
            cwd=FOLDER, env=os.environ | {"PRIVATE_THING": "x", "AWS_PROFILE": "work"},
            capture_output=True, text=True, check=True).stdout
        self.assertNotIn("PRIVATE_THING", output)
        self.assertNotIn("AWS_PROFILE", output)


if __name__ == "__main__":
    unittest.main(verbosity=2)
