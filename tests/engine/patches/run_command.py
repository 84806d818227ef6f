"""SSM Run Command: the execution timeout and the working directory of AWS-RunShellScript."""

import shlex
import time

from ministack.services import ec2, ssm

DEFAULT_TIMEOUT_S = 3600
# The agent kills what ignores its SIGTERM.
KILL_AFTER_S = 5
# What `timeout` exits with when it had to act: of the GNU tools, after a kill, of busybox.
TIMEOUT_CODES = (124, 137, 143)


def apply():
    ssm._shell_argv = shell_argv
    ssm._finish_invocation = run_invocation
    refresh = ssm._refresh_command_status

    def refresh_with_timeouts(record):
        refresh(record)
        states = [i["Status"] for i in record["Invocations"].values()]
        if record["Status"] == "Success" and "TimedOut" in states:
            record["Status"], record["StatusDetails"] = "TimedOut", "TimedOut"

    ssm._refresh_command_status = refresh_with_timeouts


def shell_argv(request):
    """The script under `timeout`: stock knows no limit, and a hung script would never end."""
    parameters = request.get("Parameters") or {}
    script = "\n".join(parameters.get("commands") or [])
    directory = first(parameters.get("workingDirectory"))
    if directory:
        script = f"cd {shlex.quote(directory)} || exit\n{script}"
    timeout_s = first(parameters.get("executionTimeout")) or str(DEFAULT_TIMEOUT_S)
    return ["timeout", "-k", str(KILL_AFTER_S), timeout_s, "/bin/sh", "-c", script]


def first(values):
    return values[0] if isinstance(values, list) and values else values


def run_invocation(command_id, instance_id, argv):
    record = ssm._commands.get(command_id)
    invocation = record["Invocations"][instance_id]
    invocation.update(Status="InProgress", StatusDetails="InProgress",
                      ExecutionStartDateTime=ssm._now_iso())
    if is_gone(instance_id):
        # On AWS this takes until the delivery timeout is over; here it is known at once.
        invocation.update(ExecutionEndDateTime=ssm._now_iso(), ResponseCode=-1,
                          StatusDetails="DeliveryTimedOut", Status="TimedOut")
        ssm._refresh_command_status(record)
        return
    started = time.monotonic()
    code, stdout, stderr = ec2.exec_in_instance_blocking(instance_id, argv)
    elapsed_s = time.monotonic() - started
    status = status_of(code, elapsed_s, float(argv[3]))
    # The status is last: who sees a final one must find the output beside it.
    invocation.update(
        ResponseCode=code,
        StandardOutputContent=stdout[:ssm._STDOUT_LIMIT],
        StandardErrorContent=stderr[:ssm._STDERR_LIMIT],
        ExecutionElapsedTime=f"PT{elapsed_s:.3f}S",
        ExecutionEndDateTime=ssm._now_iso(),
        StatusDetails=status,
        Status=status)
    ssm._refresh_command_status(record)


def is_gone(instance_id):
    """Whether the machine died since it registered: stock would report a failed script."""
    container = ec2._vm_get_container(ec2._instances[instance_id])
    return container is None or container.status != "running"


def status_of(code, elapsed_s, timeout_s):
    """A script may exit with 124 of its own accord, so the time decides too."""
    if code == 0:
        return "Success"
    if code in TIMEOUT_CODES and elapsed_s >= timeout_s:
        return "TimedOut"
    return "Failed"
