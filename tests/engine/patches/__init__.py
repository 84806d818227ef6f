"""What ministack 1.5.33 lacks for this product, one module a concern.

Each module has an `apply()` which replaces the functions that it names; nothing else of
ministack is touched.
"""

from . import authorization, functions, inventory, run_command, run_instances, tables, workers


def apply():
    for patch in (authorization, functions, inventory, run_command, run_instances, tables, workers):
        patch.apply()
