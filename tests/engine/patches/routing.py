"""HTTP APIs: any text is a segment of a path, also one with a line break in it."""

import re

from ministack.services import apigateway

VARIABLE = re.compile(r"\{([^}+]+)(\+?)\}")


def apply():
    """Stock takes no line break for a greedy variable, and answers that there is no such route."""
    apigateway._extract_path_params = path_parameters


def path_parameters(route, path):
    """What the variables of a route stand for in a path; `None` if it is not this route's."""
    literals = VARIABLE.split(route)[::3]
    variables = [".+" if greedy else "[^/]+" for _, greedy in VARIABLE.findall(route)]
    pattern = re.escape(literals[0]) + "".join(
        f"({variable}){re.escape(literal)}" for variable, literal in zip(variables, literals[1:]))
    found = re.fullmatch(pattern, path, re.DOTALL)
    return found and dict(zip((name for name, _ in VARIABLE.findall(route)), found.groups()))
