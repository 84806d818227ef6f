"""Containers as machines: Docker inside, stop and start, user data, and life across a restart.

Stock ministack treats a container as an instance-store machine that dies when it stops. Workers
hold the tenants' data, so here the container and its anonymous volume are the machine's disk.
"""

import concurrent.futures

import docker
from ministack.core import container_reaper
from ministack.core.concurrency import spawn_background
from ministack.services import ec2

# What an inner Docker daemon needs. `--privileged` would do, but asks for every capability that
# exists, and fails where the machine itself lacks one of them.
CAPABILITIES = (
    "AUDIT_WRITE CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID IPC_LOCK KILL MKNOD NET_ADMIN "
    "NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_ADMIN SYS_CHROOT SYS_NICE "
    "SYS_PTRACE").split()

# The inner daemon stops the tenants' containers first.
STOP_TIMEOUT_S = 25

PENDING = {"Code": 0, "Name": "pending"}
RUNNING = {"Code": 16, "Name": "running"}
STOPPING = {"Code": 64, "Name": "stopping"}
STOPPED = {"Code": 80, "Name": "stopped"}

USER_DATA = """\
printf %s "$0" | base64 -d >/run/user-data && chmod 700 /run/user-data &&
exec /run/user-data >>/var/log/cloud-init-output.log 2>&1"""


def apply():
    _allow_docker_inside()
    _run_user_data()
    _stop_and_start()
    _keep_across_restarts()


def _allow_docker_inside():
    original = ec2._parse_ec2_docker_flags

    def flags(text):
        return original(text) | {
            "cap_add": CAPABILITIES,
            "device_cgroup_rules": ["a *:* rwm"],
            "security_opt": ["seccomp=unconfined", "apparmor=unconfined"],
        }

    # Stock calls this with an empty string too, at every launch.
    ec2._parse_ec2_docker_flags = flags


def _run_user_data():
    launch = ec2._vm_launch

    def launch_and_boot(instance, image):
        container = launch(instance, image)
        instance["RootDeviceType"] = "ebs"
        if instance.get("UserData"):
            command = ["/bin/sh", "-c", USER_DATA, instance["UserData"]]
            spawn_background(container.exec_run, command, thread_name="user-data")
        return container

    def remove(instance):
        container = ec2._vm_get_container(instance)
        if container is not None:
            _remove(container)
        for handle in ("_container_id", "_container_name", "_ssm_managed"):
            instance.pop(handle, None)

    ec2._vm_launch = launch_and_boot
    ec2._vm_remove_container = remove


def _remove(container):
    """With its anonymous volume, which stock leaves behind."""
    try:
        container.remove(force=True, v=True)
    except Exception as error:
        ec2.logger.warning("EC2: could not remove %s: %s", container.name, error)


def _stop_and_start():
    ec2._ACTION_MAP["StopInstances"] = _transition(
        "StopInstancesResponse", ("running", "stopping", "stopped"), STOPPING, STOPPED,
        power_off, ec2._stop_instances)
    ec2._ACTION_MAP["StartInstances"] = _transition(
        "StartInstancesResponse", ("stopped", "pending", "running"), PENDING, RUNNING,
        power_on, ec2._start_instances)
    ec2._vm_reconcile_running = reconcile


def _transition(response, allowed, passing, final, act, original):
    """An EC2 action which answers at once with `passing` and reaches `final` in the background."""

    def handle(request):
        instances = [ec2._instances.get(i) for i in ec2._parse_member_list(request, "InstanceId")]
        if any(i is None or i.get("VmManager") != "docker" for i in instances):
            return original(request)
        for instance in instances:
            if instance["State"]["Name"] not in allowed:
                return ec2._error(
                    "IncorrectInstanceState",
                    f"The instance '{instance['InstanceId']}' is not in a state from which it "
                    "can be stopped or started.", 400)
        changes = "".join(_begin(i, passing, final, act) for i in instances)
        return ec2._xml(200, response, f"<instancesSet>{changes}</instancesSet>")

    return handle


def _begin(instance, passing, final, act):
    previous = instance["State"]
    if previous["Name"] not in (passing["Name"], final["Name"]):
        instance["State"] = dict(passing)
        spawn_background(act, instance, thread_name=f"ec2-{passing['Name']}")
    current = instance["State"]
    return (f"<item><instanceId>{instance['InstanceId']}</instanceId>"
            f"<previousState><code>{previous['Code']}</code><name>{previous['Name']}</name></previousState>"
            f"<currentState><code>{current['Code']}</code><name>{current['Name']}</name></currentState></item>")


def power_off(instance):
    instance.pop("_ssm_managed", None)
    ec2._vm_get_container(instance).stop(timeout=STOP_TIMEOUT_S)
    instance["State"] = dict(STOPPED)


def power_on(instance):
    container = ec2._vm_get_container(instance)
    if container is None:
        _bury(instance)
        return
    address = instance.get("PrivateIpAddress")
    container.start()
    ec2._vm_apply_container_ip(instance, container, ec2._get_ministack_network(ec2._get_docker()))
    if instance.get("PrivateIpAddress") != address:
        ec2.logger.warning("EC2: %s came back at another address, %s", instance["InstanceId"],
                           instance.get("PrivateIpAddress"))
    instance["_ssm_managed"] = ec2._probe_shell(container)
    instance["State"] = dict(RUNNING)


def reconcile(instances):
    """A machine whose container ended by itself is switched off. Stock buries it, disk and all."""
    client = ec2._get_docker()
    if client is None:
        return
    for instance in instances:
        if instance.get("VmManager") != "docker" or instance["State"]["Name"] != "running":
            continue
        try:
            status = client.containers.get(instance["_container_id"]).status
        except docker.errors.NotFound:
            _bury(instance)
        except docker.errors.DockerException:
            # A daemon in trouble says nothing about its containers.
            return
        else:
            if status in ("exited", "dead"):
                instance.pop("_ssm_managed", None)
                instance["State"] = dict(STOPPED)


def _bury(instance):
    """Its container is gone, and with it the disk."""
    instance["State"] = {"Code": 48, "Name": "terminated"}
    instance["_terminated_at"] = ec2.time.time()


def _keep_across_restarts():
    """Stock forgets and removes every container when it stops. Workers are stopped, then started."""
    get_state = ec2.get_state
    drop_containers = container_reaper.drop_containers

    def state_with_handles():
        state = get_state()
        for key, instance in state["instances"]._data.items():
            live = ec2._instances._data.get(key, {})
            instance.update({k: live[k] for k in ("_container_id", "_container_name") if k in live})
        return state

    def stop_workers_drop_others(containers, stop_timeout=2, force=False):
        # Without `force` this is the sweep at the start and at the stop of the engine.
        workers = [c for c in containers if not force and _is_worker(c)]
        with concurrent.futures.ThreadPoolExecutor(max_workers=16) as pool:
            list(pool.map(lambda worker: worker.stop(timeout=STOP_TIMEOUT_S), workers))
        return drop_containers([c for c in containers if c not in workers], stop_timeout, force)

    ec2.get_state = state_with_handles
    container_reaper.drop_containers = stop_workers_drop_others
    ec2._reconcile_backed_instances_after_restore = _revive


def _is_worker(container):
    return container_reaper._labels(container).get("ministack") == "ec2"


def _revive():
    """Starts what ran when the engine stopped, and removes containers that no record owns."""
    instances = [i for i in ec2._instances.all_values() if i.get("VmManager") == "docker"]
    owned = {i.get("_container_id") for i in instances if i["State"]["Name"] != "terminated"}
    for container in _left_behind():
        if container.id not in owned:
            _remove(container)
    ran = [i for i in instances if i["State"]["Name"] in ("pending", "running")]
    # Docker hands out the lowest free address, so the old order gives the old addresses.
    ran.sort(key=lambda i: [int(part) for part in i["PrivateIpAddress"].split(".")])
    for instance in instances:
        if instance["State"]["Name"] == "stopping":
            instance["State"] = dict(STOPPED)
    for instance in ran:
        instance["State"] = dict(PENDING)
    if ran:
        ec2._docker_in_use = True
        spawn_background(lambda: [power_on(i) for i in ran], thread_name="ec2-revive")


def _left_behind():
    client = ec2._get_docker()
    if client is None:
        return []
    mine = f"{container_reaper.INSTANCE_LABEL}={container_reaper.instance_id()}"
    return client.containers.list(all=True, filters={"label": ["ministack=ec2", mine]})
