"""The router: who gets a lead, for one lead or a frame of leads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from leadrules.calendars import Calendar
from leadrules.errors import EvaluationError, as_written, did_you_mean, one_of
from leadrules.lead import Lead
from leadrules.routing.assignment import Assignment, Unassigned, assignment
from leadrules.routing.book import Book
from leadrules.routing.deciding import Decision, Look
from leadrules.routing.document import Routing
from leadrules.routing.fairness import Fairness
from leadrules.routing.keeper import Keeper, is_in
from leadrules.routing.lookups import Row
from leadrules.routing.pools import REASONS, Reason
from leadrules.routing.rotation import Rotation
from leadrules.routing.sharing import fairness, given_in
from leadrules.routing.trace import Trace
from leadrules.values import Value, moment_of
from leadrules.vocabulary import Vocabulary

__all__ = ["Answered", "Router"]

Answered = Assignment | Unassigned
"""What a router says of a lead."""
Derived = Mapping[str, Value]


class Router(Keeper):
    """A section `routing` that is checked and compiled once, and then says who gets leads.

    It keeps no turns: the state goes in, and comes out as a new one.

    Args:
        routing: The document.
        vocabulary: The names that its conditions may use, those of score and stage included.
        calendars: The calendars that it names.
        tables: The tables that its lookups read: the rows by name.
        closed: The stages in which nobody works on a lead; `note` reads moves to them.
        policy: The hash of the policy that it belongs to, which every state and answer repeats.

    Raises:
        PolicyError: If the document is wrong.

    Examples:
        >>> from datetime import UTC
        >>> routing = Routing.model_validate({
        ...     "rules": [{"id": "all", "when": "always", "to": {"pool": "team"}}],
        ...     "pools": {"team": {"members": {"anna": {"weight": 2}, "ben": {}}}},
        ...     "members": {"anna": {}, "ben": {}}})
        >>> router = Router(routing)
        >>> state, at = router.start(), datetime(2026, 1, 5, tzinfo=UTC)
        >>> for number in range(3):
        ...     answer, state = router.route(Lead(id=str(number)), at=at, state=state)
        ...     print(answer)
        lead 0 -> owner 'anna' from pool 'team' by rule 'all'
        lead 1 -> owner 'ben' from pool 'team' by rule 'all'
        lead 2 -> owner 'anna' from pool 'team' by rule 'all'
    """

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (
            self.routing,
            self.vocabulary,
            self.calendars,
            self.tables,
            self.closed,
            self.policy,
        )

    def __repr__(self) -> str:
        return f"Router({self.routing.summary()})"

    # --- decisions

    def route(
        self,
        lead: Lead,
        *,
        at: datetime,
        state: Rotation,
        derived: Derived | None = None,
        load: Mapping[str, int] | None = None,
    ) -> tuple[Answered, Rotation]:
        """Return who gets a lead, or why nobody does, and the new state.

        Args:
            lead: The lead.
            at: The moment; with a time zone. If it is before the last decision, turns, limits and
                hours are those of the last decision.
            state: Where the rotation stands.
            derived: What earlier steps add to the lead, such as `score` and `stage`, by name;
                what is not given is missing.
            load: How many leads each member works on, if the host knows; members that are not in
                it work on none. By default what `note` and the decisions themselves have told.

        Returns:
            The answer, and the new state: the same, if nobody gets the lead.

        Raises:
            EvaluationError: If the lead, the moment or the state cannot be used.
        """
        book = self.open(state, load)
        answer = self.decide(book, lead, at=at, derived=derived)
        return answer, book.closed()

    def preview(
        self,
        lead: Lead,
        *,
        at: datetime,
        state: Rotation,
        derived: Derived | None = None,
        load: Mapping[str, int] | None = None,
    ) -> Answered:
        """Return who would get a lead; nothing is counted.

        Args:
            lead: As of `route`.
            at: As of `route`.
            state: As of `route`.
            derived: As of `route`.
            load: As of `route`.

        Raises:
            EvaluationError: As of `route`.
        """
        return self.route(lead, at=at, state=state, derived=derived, load=load)[0]

    def explain(  # noqa: PLR0913 - what a decision reads, and how it is told
        self,
        lead: Lead,
        *,
        at: datetime,
        state: Rotation,
        derived: Derived | None = None,
        load: Mapping[str, int] | None = None,
        tried: Sequence[str] = (),
        redact: bool = False,
    ) -> Trace:
        """Return why a lead would go where it would go; nothing is counted.

        Args:
            lead: As of `route`.
            at: As of `route`.
            state: As of `route`; to explain a decision that was made, the state before it.
            derived: As of `route`.
            load: As of `route`.
            tried: Whom not to ask again, as `reassign` does not ask who had the lead before.
            redact: Whether to hide the values of fields that tell who a person is.

        Returns:
            The answer that `preview` gives, and all that led to it: the rules, the targets, the
            rows of tables and the members.

        Raises:
            EvaluationError: As of `route`; or there is no such member or partner in `tried`.

        Examples:
            >>> from datetime import UTC
            >>> routing = Routing.model_validate({
            ...     "rules": [
            ...         {"id": "named", "when": "known(account.owner)",
            ...          "to": {"owner": {"field": "account.owner"}}},
            ...         {"id": "all", "when": "always", "to": {"pool": "team"}}],
            ...     "pools": {"team": {"members": {"anna": {"weight": 2}, "ben": {}}}},
            ...     "members": {"anna": {"absent": "2026-01-05"}, "ben": {}}})
            >>> router = Router(routing)
            >>> at = datetime(2026, 1, 5, tzinfo=UTC)
            >>> print(router.explain(Lead(id="17"), at=at, state=router.start()))
            lead 17, as of 2026-01-05 00:00 UTC
            goes to ben, from 'team', by rule 'all'
            <BLANKLINE>
            rules
              named  false: known(account.owner); account.owner is missing
              all    true, always
                     to pool 'team'
            <BLANKLINE>
            pool 'team': the lowest turn is next, which is (leads + 1/2) / weight
              anna  is absent until 2026-01-06 00:00
              ben   gets it; 0 leads for weight 1, turn 0.5
        """
        from leadrules.routing.tracing import Tracing  # noqa: PLC0415 - few ask for it

        known = {**self.roster.people, **self.routing.partners}
        for name in tried:
            if not is_in(name, known):
                hint = did_you_mean(str(name), known)
                message = f"tried: no member or partner '{as_written(name)}'{hint}"
                raise EvaluationError(message, field="tried", lead_id=lead.id)
        answer = self.decide(self.open(state, load), lead, at=at, derived=derived, tried=tried)
        book, moment = self.open(state, load), moment_of(at)
        book.turn_to(moment)
        record: Mapping[str, Value] = {**lead.record, **(derived or {})}
        fields = self.vocabulary.fields if redact else {}
        hidden = frozenset(name for name, found in fields.items() if found.personal)
        tracing = Tracing(
            self.roster, self.tables, book, record, moment, tried=tried, hidden=hidden
        )
        return tracing.trace(answer)

    def reassign(  # noqa: PLR0913 - what a decision reads, and why it is made again
        self,
        lead: Lead,
        *,
        history: Iterable[Answered],
        reason: Reason,
        at: datetime,
        state: Rotation,
        to: str | None = None,
        derived: Derived | None = None,
        load: Mapping[str, int] | None = None,
    ) -> tuple[Answered, Rotation]:
        """Return who gets a lead that somebody had before, and the new state.

        Whoever had it is not asked again, or the last so many are not, as the policy says. If
        nobody is left, it goes where `reassign.otherwise` says; without that, it stays where it is,
        unless its owner declined it.

        Args:
            lead: The lead.
            history: What was decided of it before, in that order; the last says who has it now.
            reason: `declined`, `missed` (a clock), or `by_hand`.
            at: As of `route`.
            state: As of `route`.
            to: The member who gets it, if somebody has decided that; hours, absences and limits
                are not asked.
            derived: As of `route`.
            load: As of `route`.

        Raises:
            EvaluationError: As of `route`; or there is no such member or reason.
        """
        _check_lead(lead)
        if reason not in REASONS:
            message = f"reason: '{as_written(reason)}' is not possible; expected {one_of(REASONS)}"
            raise EvaluationError(message, field="reason", lead_id=lead.id)
        if to is not None and not is_in(to, self.roster.people):
            message = f"to: no member '{as_written(to)}'{did_you_mean(str(to), self.roster.people)}"
            raise EvaluationError(message, field="to", lead_id=lead.id)
        before = self._history(lead, history)
        had = [x.owner or x.partner for x in before if isinstance(x, Assignment)]
        names = [name for name in had if name is not None]
        avoid = self.routing.reassign.avoid
        tried = names if avoid == "all" else names[-avoid:]
        book = self.open(state, load)
        moment = moment_of(at)
        book.turn_to(moment)
        last = before[-1] if before else None
        if isinstance(last, Assignment) and last.owner in self.roster.people:
            self._give_back(book, last, reason)
        book.release(lead.id)
        if to is not None:
            if "manual" in self.routing.counts:
                book.assign_by_hand(to, lead.id)
            else:
                book.assign(to, lead.id, None, None, counts=False)
            answer: Answered = Assignment(
                lead_id=lead.id, time=at, owner=to, reason=reason, policy=self.policy
            )
            return answer, book.closed()
        found = self.decide(
            book, lead, at=at, derived=derived, tried=tuple(dict.fromkeys(tried)), reason=reason
        )
        return found, state if not found and reason != "declined" else book.closed()

    def _history(self, lead: Lead, history: Iterable[Answered]) -> list[Answered]:
        if isinstance(history, Assignment) or not isinstance(history, Iterable):
            message = f"history: '{as_written(history)}' is not possible; expected assignments"
            raise EvaluationError(message, field="history", lead_id=lead.id)
        found = list(history)
        for each in found:
            if not isinstance(each, Assignment | Unassigned):
                message = f"history: '{as_written(each)}' is no assignment"
                raise EvaluationError(message, field="history", lead_id=lead.id)
            if each.lead_id != lead.id:
                message = f"history: an assignment is of lead '{each.lead_id}', not of '{lead.id}'"
                raise EvaluationError(message, field="history", lead_id=lead.id)
        return found

    def _give_back(self, book: Book, last: Assignment, reason: Reason) -> None:
        teams = self.roster.teams
        team = teams.get(last.pool or "") or teams.get(f"role:{last.pool}")
        credit = team is not None and reason in team.pool.credit
        book.give_back(str(last.owner), team, credit=credit)

    def route_frame(
        self,
        leads: Any,
        *,
        at: datetime | str,
        state: Rotation,
        load: Mapping[str, int] | None = None,
    ) -> tuple[Any, Rotation]:
        """Return the table `assignments` of a frame of leads, and the new state.

        The leads are routed one after the other, in the order of semantics: by the moment, the
        highest score first and those without one last, by `created`, by id. It is a loop over
        columns that are collected, whatever the kind of the frame.

        Args:
            leads: Any frame that narwhals knows, one row a lead; columns are fields, and what
                earlier steps add, such as `score` and `stage`.
            at: The moment, or the name of a column that holds each lead's own.
            state: As of `route`.
            load: As of `route`, before the first of them.

        Returns:
            A frame of the caller's kind with one row a lead, in the order of the decisions:
            `lead_id`, `time`, `rule`, `pool`, `owner`, `queue`, `partner`, `code`, `clock`,
            `packages`, `reason` and `policy`; and the new state. `time` is in UTC, `packages` a
            list of texts, which is empty if nothing is sent, and `code` says why nobody got the
            lead. Of rows that are equal in all of the order, the first comes first.

        Raises:
            EvaluationError: If a column is absent or of a wrong type, or a lead has no id or no
                moment. What earlier steps add, `score` and `created` may be absent: they are
                missing then, unless `created` is read by a rule.
        """
        from leadrules.routing.frames import route_frame  # noqa: PLC0415 - frames are an extra

        book = self.open(state, load)
        return route_frame(book, leads, at=at), book.closed()

    def fairness(self, log: Any, *, pool: str, state: Rotation | None = None) -> Fairness:
        """Return what the members of a pool should have got of its leads, and what they got.

        Args:
            log: What was decided: answers of this router, facts of the kinds `assigned` and
                `moved`, or both; or the table `assignments`, a frame of any kind. It is read by
                time, and that of one moment in its order.
            pool: The pool, or the role.
            state: Where the rotation stood before the first of them, by default at the start. Of
                a state of their time or later only absences are read, which the host has told.

        Raises:
            EvaluationError: If there is no such pool, or the log or the state cannot be used.

        Examples:
            >>> routing = Routing.model_validate({
            ...     "rules": [{"id": "all", "when": "always", "to": {"pool": "team"}}],
            ...     "pools": {"team": {"members": {"anna": {"weight": 2}, "ben": {}}}},
            ...     "members": {"anna": {}, "ben": {}}})
            >>> router = Router(routing)
            >>> state, log = router.start(), []
            >>> at = datetime.fromisoformat("2026-01-05T09:00Z")
            >>> for number in range(4):
            ...     answer, state = router.route(Lead(id=str(number)), at=at, state=state)
            ...     log.append(answer)
            >>> print(router.fairness(log, pool="team"))
            pool 'team', 4 leads
              member  weight  expected  got  there  away
              anna         2      2.67    3      4
              ben          1      1.33    1      4
            largest deviation 0.5 leads for each weight, of at most 0.75: 'anna' before 'ben'
              at 2026-01-05T09:00:00+00:00, by lead 0
        """
        known = isinstance(pool, str)
        team = self.roster.pools.get(pool) or self.roster.roles.get(pool) if known else None
        if team is None:
            names = (*self.roster.pools, *self.roster.roles)
            message = f"pool: no pool '{as_written(pool)}'{did_you_mean(str(pool), names)}"
            raise EvaluationError(message, field="pool")
        given = given_in(log, self.closed)
        start = self.start() if state is None else self.open(state).state
        if given and start.time is not None and start.time >= given[0].moment:
            start = Rotation(policy=start.policy, away=start.away)
        return fairness(self.open(start), team, given)

    def decide(  # noqa: PLR0913 - as `route`
        self,
        book: Book,
        lead: Lead,
        *,
        at: datetime,
        derived: Derived | None = None,
        tried: Sequence[str] = (),
        reason: str | None = None,
        look: Look | None = None,
    ) -> Answered:
        """Return who gets a lead, and write it into a book.

        Args:
            book: The book.
            lead: The lead.
            at: The moment.
            derived: What earlier steps add to the lead.
            tried: Whom not to ask again.
            reason: Why it is assigned again.
            look: Is told of every member that is looked at.

        Raises:
            EvaluationError: As of `route`.
        """
        _check_lead(lead)
        if (
            derived is not None
            and derived.__class__ is not dict
            and not isinstance(derived, Mapping)
        ):
            message = f"derived: '{as_written(derived)}' is not possible; expected values by name"
            raise EvaluationError(message, field="derived", lead_id=lead.id)
        moment = moment_of(at)
        book.turn_to(moment)
        record: Mapping[str, Value] = {**lead.record, **derived} if derived else lead.record
        again = reason is not None
        decision = Decision(self.roster, book, record, moment, tried=tried, again=again, look=look)
        return self.told(lead.id, at, decision, reason)

    def told(self, lead_id: str, at: datetime, decision: Decision, reason: str | None) -> Answered:
        """Return what a decision comes to, and write it into its book."""
        answer = decision.made(lead_id)
        packages = decision.packages(answer.place)
        rule = self.routing.rules[answer.place] if answer.place is not None else None
        name = self.roster.ids[answer.place] if answer.place is not None else None
        if answer.kind is None:
            return Unassigned(
                lead_id=lead_id,
                time=at,
                code=answer.code or "no-rule",
                rule=name,
                packages=packages,
                reason=reason,
                passed=answer.passed,
                rules=tuple(self.roster.ids[x] for x in answer.several),
                policy=self.policy,
            )
        kind, to, team = answer.kind, answer.name, answer.team
        return assignment(
            lead_id,
            at,
            name,
            to if kind == "owner" else None,
            team.name if team else None,
            to if kind == "queue" else None,
            to if kind == "partner" else None,
            team.pool.strategy if team else None,
            rule.clock if rule and kind == "owner" else None,
            packages,
            reason,
            answer.passed,
            self.policy,
        )


def _check_lead(lead: object) -> None:
    if not isinstance(lead, Lead):
        message = f"lead: '{as_written(lead)}' is no lead; make one with policy.lead(...)"
        raise EvaluationError(message, field="lead")


def _rebuilt(  # noqa: PLR0913, PLR0917 - as of the class
    routing: Routing,
    vocabulary: Vocabulary,
    calendars: Mapping[str, Calendar],
    tables: Mapping[str, Sequence[Row]],
    closed: frozenset[str],
    policy: str | None,
) -> Router:
    return Router(
        routing,
        vocabulary=vocabulary,
        calendars=calendars,
        tables=tables,
        closed=closed,
        policy=policy,
    )
