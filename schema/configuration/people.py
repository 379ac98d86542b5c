"""What muster.yaml says of people's time, by member id."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from schema.configuration.mistakes import read
from schema.people import Person
from schema.plain_values import UserId
from schema.problems import Findings, Path


class _Named(BaseModel):
    user: UserId


def read_people(given: Mapping[str, Any], findings: Findings) -> dict[str, Person]:
    """Read `people:`; gives the sound ones."""
    found = {user: _read(user, body, findings) for user, body in given.items()}
    return {user: person for user, person in found.items() if person is not None}


def _read(user: str, body: object, findings: Findings) -> Person | None:
    path: Path = ("people", user)
    tried = Findings()
    named = read(_Named, {"user": user}, (), tried)
    for problem in tried.problems:
        findings.error(path, problem.what, problem.works)
    person = read(Person, {} if body is None else body, path, findings)
    return person if named is not None else None
