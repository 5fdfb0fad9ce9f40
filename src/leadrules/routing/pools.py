"""Pools: members who share leads, and how they take turns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from leadrules.conditions.checker import check
from leadrules.conditions.format import format_condition
from leadrules.conditions.tree import Always, Path, fields_of
from leadrules.conditions.when import When
from leadrules.errors import Problem, as_written, did_you_mean, one_of
from leadrules.routing.limits import LimitTexts
from leadrules.routing.members import Member
from leadrules.sections import Duration, Prose, Section, Text, Texts, one_or_more
from leadrules.values import Type
from leadrules.vocabulary import Vocabulary

__all__ = ["CREDIT", "REASONS", "STRATEGIES", "Pool", "Reason", "Share", "Strategy"]

Strategy = Literal["weighted_rotation", "longest_waiting", "least_loaded", "priority", "sticky"]
STRATEGIES = ("weighted_rotation", "longest_waiting", "least_loaded", "priority", "sticky")
"""How a pool chooses among the members that can take a lead."""
WEIGHTED = ("weighted_rotation", "sticky", "least_loaded")
"""The strategies that read weights."""

Reason = Literal["declined", "missed", "by_hand"]
"""Why a lead is assigned again: its owner declined it, a clock was missed, or somebody says so."""
REASONS: tuple[Reason, ...] = get_args(Reason)
CREDIT: tuple[Reason, ...] = ("declined",)

MOST_WEIGHT = 1_000


class Share(Section):
    """What a member has in one pool."""

    weight: Annotated[int, Field(strict=True, ge=1, le=MOST_WEIGHT)] = 1
    """The share of the leads, beside the weights of the others."""
    limits: LimitTexts = ()
    """How many leads the member takes from this pool."""


def _by_name(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        return value
    seen: set[str] = set()
    for name in value:
        if not isinstance(name, str):
            message = f"'{as_written(name)}' is not possible in a list; expected a name"
            raise PydanticCustomError("wrong_type", "{message}", {"message": message})
        if name in seen:
            message = f"'{name}' stands here twice; expected once, with a weight"
            raise PydanticCustomError("duplicate", "{message}", {"message": message})
        seen.add(name)
    return {name: {} for name in value}


def _catch_up(value: Any) -> Any:
    if value in ("none", "full") or (type(value) is int and 1 <= value <= MOST_WEIGHT):
        return value
    message = (
        f"'{as_written(value)}' is not possible; expected 'none', 'full', or a number of turns "
        f"from 1 to {MOST_WEIGHT}"
    )
    raise PydanticCustomError("wrong_value", "{message}", {"message": message})


CatchUp = Annotated[
    Annotated[int, Field(ge=1, le=MOST_WEIGHT)] | Literal["none", "full"],
    BeforeValidator(_catch_up),
]


class Pool(Section):
    """Members who share leads."""

    strategy: Strategy = "weighted_rotation"
    """How one of them is chosen."""
    members: Annotated[
        Mapping[str, Share],
        BeforeValidator(_by_name, json_schema_input_type=Mapping[str, Share] | tuple[str, ...]),
    ] = Field(default_factory=dict)
    """The members by name, in their order; a list of names gives everybody the weight 1."""
    roles: Texts = ()
    """The roles whose members are in the pool too, after those by name, in the order of members."""
    match: When = Always()
    """Which of them can take a lead: `language in member.languages`."""
    limits: LimitTexts = ()
    """How many leads the pool takes in all."""
    on_return: CatchUp = "none"
    """How many turns a member who was absent gets back: `none`, `full`, or at most so many."""
    on_join: CatchUp = "none"
    """How many turns a member who is new gets at first: `none`, `full`, or at most so many."""
    share: Literal["while_present", "of_all_leads"] = "while_present"
    """Whether weights are shares of the leads that come while a member can take them, or of all
    that come, so that closed hours and reached limits are made up for."""
    turns: Literal["pool", "everywhere"] = "pool"
    """Whether a turn is what a member gets from this pool, or whatever the member gets."""
    credit: Annotated[
        tuple[Reason, ...],
        BeforeValidator(one_or_more, json_schema_input_type=Reason | tuple[Reason, ...]),
    ] = CREDIT
    """When a member who loses a lead again gets the turn back."""
    load: Literal["open", "room"] = "open"
    """Of `least_loaded`: whether the fewest open leads count, for their weight, or the most room
    below the limit of open leads."""
    ties: Literal["turns", "longest_waiting"] = "turns"
    """Of `least_loaded`: who of equals is next, and of those who are back first: by turns, or who
    has waited longest."""
    wait: Duration | None = None
    """If nobody is at work: how far ahead to look for who is back first, within each 24 hours."""
    by: Text = "account.owner"
    """Of `sticky`: the field that names who gets the lead, if in the pool and able to."""
    description: Prose = None
    """What it is for."""

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Show the condition as people write it."""
        texts = {"match": format_condition(self.match)}
        return [(name, texts.get(str(name), value)) for name, value in super().__repr_args__()]

    def shares(self, members: Mapping[str, Member]) -> dict[str, Share]:
        """Return what each member of the pool has in it, in their order."""
        found = dict(self.members)
        for name, member in members.items():
            if name not in found and not set(self.roles).isdisjoint(member.roles):
                found[name] = Share()
        return found

    def check(
        self,
        path: Path,
        members: Mapping[str, Member],
        vocabulary: Vocabulary,
        *,
        warnings: bool = True,
    ) -> Iterator[Problem]:
        """Yield every problem of the pool, each with its path.

        Args:
            path: Its path.
            members: The members that there are.
            vocabulary: The names that `match` may use, those of members included.
            warnings: Whether to look for what is odd, too, which takes longer.
        """
        for name in self.members:
            if name not in members:
                message = f"no member '{name}'{did_you_mean(name, members)}"
                yield Problem("unknown-name", message, (*path, "members", name))
        known = dict.fromkeys(role for member in members.values() for role in member.roles)
        for index, role in enumerate(self.roles):
            if role not in known:
                message = f"nobody has the role '{role}'{did_you_mean(role, known)}"
                yield Problem("unknown-name", message, (*path, "roles", index))
        shares = self.shares(members)
        if not shares:
            message = "nobody is in it; expected members, or roles that somebody has"
            yield Problem("empty", message, path)
        for problem in check(self.match, vocabulary, warnings=warnings):
            place = (*path, "match", *problem.path)
            yield replace(_of_attribute(problem, vocabulary), path=place)
        yield from self._check_strategy(path, shares, members, vocabulary)
        if warnings:
            yield from self._check_people(path, shares, members)
            yield from self._check_read((*path, "match"), shares, members, vocabulary)
            yield from self._check_unread(path)

    def _check_strategy(
        self,
        path: Path,
        shares: Mapping[str, Share],
        members: Mapping[str, Member],
        vocabulary: Vocabulary,
    ) -> Iterator[Problem]:
        weighted = [name for name, share in shares.items() if share.weight != 1]
        if weighted and self.strategy not in WEIGHTED:
            message = (
                f"'{self.strategy}' reads no weights; expected {one_of(WEIGHTED)}, or no weight"
            )
            yield Problem("wrong-value", message, (*path, "members", weighted[0], "weight"))
        if self.strategy == "sticky":
            yield from self._check_by((*path, "by"), vocabulary)
        if self.share == "of_all_leads" and isinstance(self.on_return, int):
            message = (
                f"'{self.on_return}' is not possible where share is 'of_all_leads', which makes up "
                "for all that a member misses but absences; expected 'none' or 'full'"
            )
            yield Problem("wrong-value", message, (*path, "on_return"))
        if self.strategy == "least_loaded" and self.load == "room":
            for name in shares:
                if name in members and not _has_open(shares[name], members[name]):
                    message = (
                        f"'{name}' has no limit of open leads, so there is no telling how much "
                        "room is left; expected one, such as '40 open'"
                    )
                    yield Problem("missing-key", message, (*path, "load"))

    def _check_by(self, path: Path, vocabulary: Vocabulary) -> Iterator[Problem]:
        if self.by not in vocabulary.fields or self.by.startswith("member."):
            known = [name for name in vocabulary.fields if not name.startswith("member.")]
            message = f"no field '{self.by}'{did_you_mean(self.by, known)}"
            yield Problem("unknown-name", message, path)
        elif vocabulary.fields[self.by].type not in {Type.STRING, Type.ENUM}:
            noun = vocabulary.fields[self.by].type.noun
            yield Problem("wrong-type", f"'{self.by}' is {noun}; expected a text", path)

    def _check_people(
        self, path: Path, shares: Mapping[str, Share], members: Mapping[str, Member]
    ) -> Iterator[Problem]:
        known = {name: members[name] for name in shares if name in members}
        if known and not any(member.active for member in known.values()):
            message = "nobody in it is active, so that it takes no lead"
            yield Problem("never-true", message, path, severity="warning")
        without = [name for name, member in known.items() if member.calendar is None]
        if without and len(without) < len(known):
            message = (
                f"'{without[0]}' has no calendar and gets leads at any hour, unlike the others"
            )
            yield Problem("gap", message, path, severity="warning")

    def _check_read(
        self,
        path: Path,
        shares: Mapping[str, Share],
        members: Mapping[str, Member],
        vocabulary: Vocabulary,
    ) -> Iterator[Problem]:
        """Yield every attribute that the match reads and nobody in the pool has."""
        had = {x for name in shares if name in members for x in members[name].attributes}
        for name in dict.fromkeys(fields_of(self.match)):
            attribute = name.removeprefix("member.")
            if name != attribute and name in vocabulary.fields and attribute not in had:
                message = f"nobody in it has '{attribute}', which match reads"
                yield Problem("gap", message, path, severity="warning")

    def _check_unread(self, path: Path) -> Iterator[Problem]:
        """Yield every setting that the strategy does not read."""
        for key, strategy in _READ_BY.items():
            own = getattr(self, key)
            if self.strategy != strategy and own != type(self).model_fields[key].default:
                message = f"'{self.strategy}' does not read it; '{strategy}' does"
                yield Problem("no-effect", message, (*path, key), severity="warning")


_READ_BY = {"load": "least_loaded", "by": "sticky"}
"""The settings that one strategy alone reads."""


def _of_attribute(problem: Problem, vocabulary: Vocabulary) -> Problem:
    """Return a problem; if it is an unknown name that would read an attribute, one that says so."""
    name = problem.message.partition("'member.")[2].partition("'")[0]
    if not name or problem.code not in {"wrong-scope", "unknown-name"}:
        return problem
    known = [x.removeprefix("member.") for x in vocabulary.fields if x.startswith("member.")]
    hint = did_you_mean(name, known) or "; declare it under attributes"
    message = f"members have no attribute '{name}'{hint}"
    return replace(problem, code="unknown-name", message=message)


def _has_open(share: Share, member: Member) -> bool:
    return any(limit.unit == "open" for limit in (*share.limits, *member.limits))
