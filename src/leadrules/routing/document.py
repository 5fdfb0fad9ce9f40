"""The section `routing` of a policy: who gets which leads, and how teams share them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from leadrules.calendars import Calendar
from leadrules.conditions.tree import Always, Condition, Path, fields_of
from leadrules.errors import Problem, did_you_mean
from leadrules.routing.findings import check_reach, check_rules
from leadrules.routing.limits import Limit
from leadrules.routing.lookups import Lookup, Row
from leadrules.routing.members import Attribute, Member, Partner
from leadrules.routing.pools import Pool
from leadrules.routing.rules import Rule, Sending
from leadrules.routing.targets import FieldRef, Target, Targets
from leadrules.sections import Section, Text, canonical
from leadrules.values import Type
from leadrules.vocabulary import Declaration, Vocabulary

__all__ = ["Reassignment", "Routing"]

Hit = Literal["first", "unique", "collect"]
"""Which of the rules that are true count."""


class Reassignment(Section):
    """What happens when a lead is assigned again."""

    avoid: Literal["all"] | int = "all"
    """Whom not to ask again: `all` who had it before, or the last so many."""
    otherwise: Targets = ()
    """Who gets the lead when nobody is left."""


class Routing(Section):
    """Who gets which leads."""

    hit: Hit = "first"
    """Of the rules that are true: `first` asks the first; `unique` wants one only; `collect` asks
    all of them in their order, until somebody can take the lead."""
    rules: tuple[Rule, ...]
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
    counts: tuple[Literal["manual", "created"], ...] = ()
    """What counts as a turn and against limits beside what is routed: `manual` is what somebody
    assigns, `created` what people assign to themselves."""
    reassign: Reassignment = Field(default_factory=Reassignment)
    """What happens when a lead is assigned again."""

    @property
    def results(self) -> Mapping[str, Declaration]:
        """What routing adds to a lead, by name."""
        ids = tuple(self.ids())
        return {
            "pool": Declaration(Type.ENUM, tuple(self.pools)),
            "queue": Declaration(Type.STRING),
            "route_rule": Declaration(Type.ENUM, ids),
        }

    def ids(self) -> Iterator[str]:
        """Yield what each rule is called."""
        for index, rule in enumerate(self.rules):
            yield rule.id or f"rules[{index}]"

    def words_of_members(self, vocabulary: Vocabulary) -> Vocabulary:
        """Return the names that `match` of a pool may use: those given, and those of members."""
        own = {f"member.{name}": found.declaration for name, found in self.attributes.items()}
        return replace(vocabulary, derived={**vocabulary.derived, **own})

    def known(self) -> dict[str, tuple[str, ...]]:
        """Return the names that targets may have, by kind; a kind that is absent may be any."""
        roles = dict.fromkeys(role for found in self.members.values() for role in found.roles)
        queues = {"queue": (*self.queues,)} if self.queues else {}
        return {
            "owner": tuple(self.members),
            "pool": tuple(self.pools),
            "role": tuple(roles),
            "partner": tuple(self.partners),
            "lookup": tuple(self.lookups),
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
        return {**data, "order": tuple(self.members)}

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
        found: list[Problem] = []
        known = self.known()
        if not self.rules:
            return [Problem("empty", "no rules; expected at least one", ("rules",))]
        seen: dict[str, int] = {}
        for index, (rule, name) in enumerate(zip(self.rules, self.ids(), strict=True)):
            place: Path = ("rules", index)
            found += rule.check_when(place, vocabulary, warnings=warnings)
            if seen.setdefault(name, index) != index:
                message = f"another rule is called '{name}'; expected another name"
                found.append(Problem("duplicate", message, (*place, "id")))
            if clocks is not None and rule.clock is not None and rule.clock not in clocks:
                message = f"no clock '{rule.clock}'{did_you_mean(rule.clock, clocks)}"
                found.append(Problem("unknown-name", message, (*place, "clock")))
        for path, target in self.targets():
            found += target.check(path, known, vocabulary)
        if self.queue is not None and "queue" in known and self.queue not in known["queue"]:
            message = f"no queue '{self.queue}'{did_you_mean(self.queue, known['queue'])}"
            found.append(Problem("unknown-name", message, ("queue",)))
        for index, sending in enumerate(self.sends):
            found += sending.check_when(("sends", index), vocabulary, warnings=warnings)
            if not sending.send:
                found.append(Problem("empty", "nothing is sent", ("sends", index, "send")))
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
            found += pool.check(place, self.members, words, warnings=warnings)
        for name, member in self.members.items():
            found += member.check(("members", name), self.attributes, calendars)
        found += self._check_partners(vocabulary)
        if type(self.reassign.avoid) is int and self.reassign.avoid < 1:
            message = f"'{self.reassign.avoid}' is out of range; expected 'all', or 1 or more"
            found.append(Problem("out-of-range", message, ("reassign", "avoid")))
        found += self._check_end()
        if warnings:
            found += self._check_limits()
        if not any(problem.severity == "error" for problem in found):
            found += check_rules(self.rules, tuple(self.ids()), self.hit, vocabulary)
            found += check_reach(
                [target for _, target in self.targets()],
                lookups=self.lookups,
                pools=self.pools,
                members=self.members,
                partners=self.partners,
                rows=rows or {},
            )
        return [problem for problem in found if warnings or problem.severity == "error"]

    def _check_partners(self, vocabulary: Vocabulary) -> Iterator[Problem]:
        for name, partner in self.partners.items():
            for index, field in enumerate(partner.needs):
                if field not in vocabulary.fields:
                    message = f"no field '{field}'{did_you_mean(field, vocabulary.fields)}"
                    yield Problem("unknown-name", message, ("partners", name, "needs", index))

    def _check_end(self) -> Iterator[Problem]:
        last = self.rules[-1]
        settled = isinstance(last.when, Always) and (
            last.to.kind != "lookup" and isinstance(last.to.name, str)
        )
        if self.queue is None and not settled:
            message = (
                "leads for which no rule is true go nowhere; expected a last rule with when: "
                "always and a target by name, or queue: where they go"
            )
            yield Problem("no-catch-all", message, ("rules",))

    def _check_limits(self) -> Iterator[Problem]:
        """Yield every limit that another one, over as much time or more, always meets first."""
        by_owner: dict[Path, list[tuple[int, Limit]]] = {}
        for path, limit in self.limits():
            by_owner.setdefault(path[:-1], []).append((int(path[-1]), limit))
        for path, limits in by_owner.items():
            for index, limit in limits:
                for _, other in limits:
                    if other is not limit and _covers(other, limit):
                        message = f"'{limit}' is never met, since '{other}' is met before"
                        yield Problem("never-true", message, (*path, index), severity="warning")
                        break


_LENGTH = {"day": 1, "week": 7, "month": 31}


def _covers(other: Limit, limit: Limit) -> bool:
    """Return whether a limit is as strict as another one over at least as much time."""
    if other.unit in _LENGTH and limit.unit in _LENGTH and other.zone == limit.zone:
        longer = _LENGTH[other.unit] > _LENGTH[limit.unit]
        nested = limit.unit == "day"  # a week may lie in two months
        return (longer and nested and other.most <= limit.most) or (
            other.unit == limit.unit and other.most < limit.most
        )
    if other.span is not None and limit.span is not None:
        return other.most <= limit.most and other.span >= limit.span
    return other.unit == limit.unit == "open" and other.most < limit.most
