"""What ministack 1.5.33 lacks for this product, one module a concern.

Each module has an `apply()` which replaces the functions that it names; nothing else of
ministack is touched.
"""

from . import (
    authorization,
    functions,
    hybrid,
    imds,
    inventory,
    routing,
    run_command,
    run_instances,
    spot,
    tables,
    workers,
)

# Some wrap what earlier ones replaced; their `apply` says so.
IN_ORDER = (
    authorization, functions, imds, inventory, routing, run_command, tables, workers, hybrid, spot,
    run_instances)


def apply():
    for patch in IN_ORDER:
        patch.apply()
