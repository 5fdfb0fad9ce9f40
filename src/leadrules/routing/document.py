"""The section `routing` of a policy: who gets which leads, and how teams share them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from leadrules.calendars import Calendar
from leadrules.conditions.tree import Always, Condition, Path, fields_of
from leadrules.errors import EvaluationError, Problem, as_written, did_you_mean, in_line
from leadrules.routing.findings import check_reach, check_rules, is_settled
from leadrules.routing.limits import Limit, never_met
from leadrules.routing.lookups import Lookup, Row
from leadrules.routing.members import Attribute, Member, Partner
from leadrules.routing.pools import Pool
from leadrules.routing.rules import RoutingRule, Sending
from leadrules.routing.targets import FieldRef, Target, Targets
from leadrules.sections import Section, Text, canonical, one_or_more
from leadrules.values import Type
from leadrules.vocabulary import NAMES, Declaration, Vocabulary, is_name

__all__ = ["Reassignment", "Routing"]

Hit = Literal["first", "unique", "collect"]
"""Which of the rules that are true count."""


Counted = Literal["manual", "created"]
"""What counts beside what is routed."""


def _avoid(value: Any) -> Any:
    if value == "all" or (type(value) is int and value >= 1):
        return value
    message = f"'{as_written(value)}' is not possible; expected 'all', or 1 or more"
    raise PydanticCustomError("wrong_value", "{message}", {"message": message})


class Reassignment(Section):
    """What happens when a lead is assigned again."""

    avoid: Annotated[Literal["all"] | Annotated[int, Field(ge=1)], BeforeValidator(_avoid)] = "all"
    """Whom not to ask again: `all` who had it before, or the last so many."""
    otherwise: Targets = ()
    """Who gets the lead when nobody is left."""


class Routing(Section):
    """Who gets which leads."""

    hit: Hit = "first"
    """Of the rules that are true: `first` asks the first; `unique` wants one only; `collect` asks
    all of them in their order, until somebody can take the lead."""
    rules: tuple[RoutingRule, ...]
    """The rules, in their order."""
    queue: Text | None = None
    """Where leads go for which no rule is true."""
    queues: Mapping[str, str] = Field(default_factory=dict)
    """The queues that there are, each with what it is for; if none are named, any may be."""
    sends: tuple[Sending, ...] = ()
    """What is sent to which leads; all that are true count."""
    lookups: Mapping[str, Lookup] = Field(default_factory=dict)
    """How tables say who gets a lead, by name."""
    pools: Mapping[str, Pool] = Field(default_factory=dict)
    """The pools, by name."""
    members: Mapping[str, Member] = Field(default_factory=dict)
    """The people who take leads, by name."""
    attributes: Mapping[str, Attribute] = Field(default_factory=dict)
    """What members can have, such as languages, by name."""
    partners: Mapping[str, Partner] = Field(default_factory=dict)
    """The channel partners, by name."""
    counts: Annotated[
        tuple[Counted, ...],
        BeforeValidator(one_or_more, json_schema_input_type=Counted | tuple[Counted, ...]),
    ] = ()
    """What counts as a turn and against limits beside what is routed: `manual` is what somebody
    assigns, `created` what people assign to themselves."""
    reassign: Reassignment = Field(default_factory=Reassignment)
    """What happens when a lead is assigned again."""

    @property
    def results(self) -> Mapping[str, Declaration]:
        """What routing adds to a lead, by name."""
        teams = dict.fromkeys((*self.pools, *self.roles()))
        return {
            "pool": Declaration(Type.ENUM, tuple(teams)),
            "queue": Declaration(Type.STRING),
            "route_rule": Declaration(Type.ENUM, tuple(self.ids())),
        }

    def ids(self) -> Iterator[str]:
        """Yield what each rule is called."""
        for index, rule in enumerate(self.rules):
            yield rule.id or f"rules[{index}]"

    def words_of_members(self, vocabulary: Vocabulary) -> Vocabulary:
        """Return the names that `match` of a pool may use: those given, and those of members."""
        own = {f"member.{name}": found.declaration for name, found in self.attributes.items()}
        return replace(vocabulary, derived={**vocabulary.derived, **own})

    def roles(self) -> Collection[str]:
        """Return the roles that members have, each once."""
        return dict.fromkeys(role for found in self.members.values() for role in found.roles)

    def known(self) -> dict[str, Collection[str]]:
        """Return the names that targets may have, by kind; a kind that is absent may be any."""
        queues = {"queue": self.queues} if self.queues else {}
        return {
            "owner": self.members,
            "pool": self.pools,
            "role": self.roles(),
            "partner": self.partners,
            "lookup": self.lookups,
            **queues,
        }

    def targets(self) -> Iterator[tuple[Path, Target]]:
        """Yield every target with its path."""
        for index, rule in enumerate(self.rules):
            yield ("rules", index, "to"), rule.to
            for place, target in enumerate(rule.otherwise):
                yield ("rules", index, "otherwise", place), target
        for place, target in enumerate(self.reassign.otherwise):
            yield ("reassign", "otherwise", place), target

    def conditions(self) -> Iterator[tuple[str, Condition]]:
        """Yield every condition on a lead with the place that it belongs to."""
        for index, rule in enumerate(self.rules):
            yield f"rules[{index}]", rule.when
        for index, sending in enumerate(self.sends):
            yield f"sends[{index}]", sending.when
        for name, pool in self.pools.items():
            yield f"pools.{name}", pool.match

    def fields(self) -> tuple[str, ...]:
        """Return the names that the section reads of a lead and of earlier steps, each once."""
        read = [name for _, condition in self.conditions() for name in fields_of(condition)]
        for _, target in self.targets():
            if isinstance(target.name, FieldRef):
                read.append(target.name.field)
        read += [field for found in self.lookups.values() for _, field, _ in found.fields()]
        read += [pool.by for pool in self.pools.values() if pool.strategy == "sticky"]
        return tuple(dict.fromkeys(name for name in read if not name.startswith("member.")))

    @property
    def tracks_open(self) -> bool:
        """Whether who works on how many leads at one time matters to it."""
        return any(limit.unit == "open" for _, limit in self.limits()) or any(
            pool.strategy == "least_loaded" for pool in self.pools.values()
        )

    def limits(self) -> Iterator[tuple[Path, Limit]]:
        """Yield every limit with its path."""
        for name, member in self.members.items():
            for index, limit in enumerate(member.limits):
                yield ("members", name, "limits", index), limit
        for name, pool in self.pools.items():
            for index, limit in enumerate(pool.limits):
                yield ("pools", name, "limits", index), limit
            for who, share in pool.members.items():
                for index, limit in enumerate(share.limits):
                    yield ("pools", name, "members", who, "limits", index), limit

    def counted(self) -> dict[str, Any]:
        """Return what a result can depend on as plain data; orders are of it."""
        data: dict[str, Any] = canonical(self)
        for name, pool in self.pools.items():
            data["pools"][name]["order"] = tuple(pool.members)
        for name, lookup in self.lookups.items():
            data["lookups"][name]["order"] = (tuple(lookup.equal), tuple(lookup.gives))
        for name, member in self.members.items():
            if member.attributes:
                data["members"][name]["attributes"] = {
                    key: self._settled(key, found) for key, found in member.attributes.items()
                }
        return {**data, "order": tuple(self.members), "queues": sorted(self.queues)}

    def _settled(self, attribute: str, value: Any) -> Any:
        """Return what a member has of an attribute, however it is written; as it is, if wrong."""
        try:
            return canonical(self.attributes[attribute].value(value))
        except (LookupError, ValueError, EvaluationError):
            return value

    def summary(self) -> str:
        """Return what the section holds, in a few words."""
        counts = (
            (len(self.rules), "rule"),
            (len(self.lookups), "lookup"),
            (len(self.pools), "pool"),
            (len(self.members), "member"),
            (len(self.partners), "partner"),
        )
        return ", ".join(f"{n} {noun}{'s' * (n != 1)}" for n, noun in counts if n)

    def check(  # noqa: PLR0913 - all that it names
        self,
        vocabulary: Vocabulary,
        calendars: Mapping[str, Calendar],
        *,
        columns: Mapping[str, Sequence[str]] | None = None,
        rows: Mapping[str, Sequence[Row]] | None = None,
        clocks: Sequence[str] | None = None,
        warnings: bool = True,
    ) -> list[Problem]:
        """Return every problem of the section, in document order within each kind.

        Args:
            vocabulary: The names that conditions may use, those of earlier steps included.
            calendars: The calendars of the policy.
            columns: The columns of each table of the policy.
            rows: The rows of each table.
            clocks: The clocks of the policy's lifecycle; None is not to look.
            warnings: Whether to look for what is odd, too, which takes longer.
        """
        known = self.known()
        if not self.rules:
            return [Problem("empty", "no rules; expected at least one", ("rules",))]
        found = [*self._check_names()]
        found += self._check_rules(vocabulary, clocks, warnings=warnings)
        for path, target in self.targets():
            found += target.check(path, known, vocabulary)
        found += self._check_sends(vocabulary, warnings=warnings)
        for name, lookup in self.lookups.items():
            found += lookup.check(
                name,
                ("lookups", name),
                vocabulary=vocabulary,
                columns=columns or {},
                rows=rows or {},
                known=known,
                warnings=warnings,
            )
        words = self.words_of_members(vocabulary)
        for name, pool in self.pools.items():
            place = ("pools", name)
            if name.startswith("role:"):
                message = f"'{name}' is no name of a pool; names with 'role:' are those of roles"
                found.append(Problem("bad-name", message, place))
            found += pool.check(place, self.members, words, warnings=warnings)
        for name, attribute in self.attributes.items():
            found += attribute.check(("attributes", name))
        for name, member in self.members.items():
            found += member.check(("members", name), self.attributes, calendars)
        found += self._check_partners(vocabulary)
        found += self._check_end()
        if warnings:
            found += self._check_limits()
        if not any(problem.severity == "error" for problem in found):
            if warnings or self.hit == "unique":
                found += check_rules(self.rules, tuple(self.ids()), self.hit, vocabulary)
            if warnings:
                found += check_reach(
                    [target for _, target in self.targets()],
                    lookups=self.lookups,
                    pools=self.pools,
                    members=self.members,
                    partners=self.partners,
                    rows=rows or {},
                )
        return [problem for problem in found if warnings or problem.severity == "error"]

    def _check_rules(
        self, vocabulary: Vocabulary, clocks: Sequence[str] | None, *, warnings: bool
    ) -> Iterator[Problem]:
        seen: dict[str, int] = {}
        for index, (rule, name) in enumerate(zip(self.rules, self.ids(), strict=True)):
            place: Path = ("rules", index)
            yield from rule.check_when(place, vocabulary, warnings=warnings)
            if seen.setdefault(name, index) != index:
                message = f"another rule is called '{name}'; expected another name"
                yield Problem("duplicate", message, (*place, "id"))
            if clocks is not None and rule.clock is not None and rule.clock not in clocks:
                message = f"no clock '{rule.clock}'{did_you_mean(rule.clock, clocks)}"
                yield Problem("unknown-name", message, (*place, "clock"))

    def _check_names(self) -> Iterator[Problem]:
        sections: Mapping[str, Collection[str]] = {
            "queues": self.queues,
            "lookups": self.lookups,
            "pools": self.pools,
            "members": self.members,
            "partners": self.partners,
        }
        for section, names in sections.items():
            for name in names:
                if not name.strip() or in_line(name) != name:
                    message = f"'{in_line(name)}' is no name; expected a text in one line"
                    yield Problem("bad-name", message, (section, name))
        for name in self.attributes:
            if not is_name(name):
                message = f"'{in_line(name)}' is no name; expected {NAMES}"
                yield Problem("bad-name", message, ("attributes", name))

    def _check_partners(self, vocabulary: Vocabulary) -> Iterator[Problem]:
        for name, partner in self.partners.items():
            for index, field in enumerate(partner.needs):
                if field not in vocabulary.fields:
                    message = f"no field '{field}'{did_you_mean(field, vocabulary.fields)}"
                    yield Problem("unknown-name", message, ("partners", name, "needs", index))

    def _check_sends(self, vocabulary: Vocabulary, *, warnings: bool) -> Iterator[Problem]:
        for index, sending in enumerate(self.sends):
            yield from sending.check_when(("sends", index), vocabulary, warnings=warnings)
            if not sending.send:
                yield Problem("empty", "nothing is sent", ("sends", index, "send"))

    def _check_end(self) -> Iterator[Problem]:
        if self.queue is not None and self.queues and self.queue not in self.queues:
            message = f"no queue '{self.queue}'{did_you_mean(self.queue, self.queues)}"
            yield Problem("unknown-name", message, ("queue",))
        settled = (rule for rule in self.rules if is_settled(rule))
        if self.queue is None and not any(isinstance(rule.when, Always) for rule in settled):
            message = (
                "leads for which no rule is true go nowhere; expected a last rule with when: "
                "always and a target by name, or queue: where they go"
            )
            yield Problem("no-catch-all", message, ("rules",))

    def _check_limits(self) -> Iterator[Problem]:
        """Yield every limit that is never met, since another one always is before."""
        for name, member in self.members.items():
            yield from never_met(member.limits, ("members", name))
        for name, pool in self.pools.items():
            path = ("pools", name)
            yield from never_met(pool.limits, path)
            for who, share in pool.members.items():
                own = self.members[who].limits if who in self.members else ()
                others = {f" of '{who}'": own, f" of '{name}'": pool.limits}
                yield from never_met(share.limits, (*path, "members", who), others)
