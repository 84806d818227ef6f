"""Functions: warm calls without a fixed delay, and no lost stream records after a restart."""

import socketserver

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

# first line, idle, hard cap: stock waits 50 ms for a log line that most calls never write.
LOG_WAITS_S = (0.003, 0.003, 0.250)


def apply():
    _answer_warm_calls_at_once()
    _reread_streams_after_restart()


def _answer_warm_calls_at_once():
    """100 ms a call become 17. The other half of it was Nagle's algorithm."""
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    for member in vars(lambda_runtime).values():
        if isinstance(member, type) and "_drain_stderr_bounded" in vars(member):
            member._drain_stderr_bounded.__defaults__ = LOG_WAITS_S


def _reread_streams_after_restart():
    """Offsets are persisted but stream records are not, so new records would be below the offset."""
    original = lambda_svc._restore_state

    def restore(data):
        return original({**data, "dynamodb_stream_positions": {}} if data else data)

    lambda_svc._restore_state = restore
