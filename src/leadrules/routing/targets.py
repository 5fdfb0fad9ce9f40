"""Targets: who or what a rule gives a lead to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Tag, model_validator
from pydantic_core import PydanticCustomError

from leadrules.conditions.tree import Path
from leadrules.errors import Problem, did_you_mean, one_of
from leadrules.sections import Section, Text
from leadrules.values import Type
from leadrules.vocabulary import Vocabulary

__all__ = ["KINDS", "FieldRef", "Target", "Targets", "two_teams"]

KINDS = ("owner", "pool", "role", "queue", "partner", "lookup")
"""What a target can be: exactly one of them."""


class FieldRef(Section):
    """The value of a field of the lead, where a target wants a name."""

    field: Text
    """The name of the field, such as `account.owner`."""


def _form(value: object) -> str:
    return "<field>" if isinstance(value, Mapping | FieldRef) else "<name>"


Named = Annotated[
    Annotated[Text, Tag("<name>")] | Annotated[FieldRef, Tag("<field>")],
    Discriminator(_form),
]
"""A name, or the field that holds it."""


class Target(Section):
    """Who or what gets a lead: a person, the people of a pool or role, a queue, a partner.

    Exactly one of its keys is stated.
    """

    owner: Named | None = None
    """A member, by name or by the field that holds the name."""
    pool: Named | None = None
    """A pool: its members share the leads."""
    role: Text | None = None
    """A role: the members who have it share the leads in turn."""
    queue: Named | None = None
    """A queue: nobody yet; people take from it."""
    partner: Named | None = None
    """A channel partner."""
    lookup: Text | None = None
    """A lookup: the row of a table says who."""

    @model_validator(mode="after")
    def _one(self) -> Target:
        stated = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(stated) != 1:
            names = " and ".join(f"'{name}'" for name in stated)
            wrong = f"{names} stand together" if stated else "nobody is named"
            message = f"{wrong}; expected one of {one_of(KINDS)}"
            raise PydanticCustomError("wrong_value", "{message}", {"message": message})
        return self

    @property
    def kind(self) -> str:
        """Which of its keys is stated."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def name(self) -> str | FieldRef:
        """What its key states."""
        found: str | FieldRef = getattr(self, self.kind)
        return found

    def __str__(self) -> str:
        name = self.name
        shown = f"that '{name.field}' names" if isinstance(name, FieldRef) else f"'{name}'"
        return f"{self.kind} {shown}"

    def check(
        self, path: Path, known: Mapping[str, Collection[str]], vocabulary: Vocabulary
    ) -> Iterator[Problem]:
        """Yield every problem of the target.

        Args:
            path: Its path.
            known: The names that there are, by kind; a kind that is not in it may be any.
            vocabulary: The names of fields.
        """
        place = (*path, self.kind)
        name = self.name
        if isinstance(name, FieldRef):
            field = (*place, "field")
            if name.field not in vocabulary.fields:
                message = f"no field '{name.field}'{did_you_mean(name.field, vocabulary.fields)}"
                yield Problem("unknown-name", message, field)
            elif vocabulary.fields[name.field].type not in {Type.STRING, Type.ENUM}:
                noun = vocabulary.fields[name.field].type.noun
                yield Problem("wrong-type", f"'{name.field}' is {noun}; expected a text", field)
        elif self.kind in known and name not in known[self.kind]:
            noun = {"owner": "member"}.get(self.kind, self.kind)
            hint = did_you_mean(name, known[self.kind])
            yield Problem("unknown-name", f"no {noun} '{name}'{hint}", place)
        elif self.kind == "role" and name in known.get("pool", ()):
            yield Problem("duplicate", two_teams(name), place)


def two_teams(name: str) -> str:
    """Return what is wrong with a role that is called like a pool, both of which results name."""
    return f"'{name}' is a role and a pool; expected another name for one of them"


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, Mapping | Target) else value


Targets = Annotated[
    tuple[Target, ...],
    BeforeValidator(_one_or_more, json_schema_input_type=Target | tuple[Target, ...]),
]
"""A list of targets; a single one may stand without the list."""
