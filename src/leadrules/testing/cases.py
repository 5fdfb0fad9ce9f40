"""Cases: a lead at a moment with what is expected of the policy, and whether that is so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from leadrules.document import Document, Path, Place, path_text
from leadrules.engine import Engine
from leadrules.errors import EvaluationError, as_written
from leadrules.layout import told
from leadrules.policy import Policy
from leadrules.routing.pools import Reason
from leadrules.routing.router import Answered
from leadrules.scoring.score import Score
from leadrules.sections import plain
from leadrules.testing.casebook import Amount, Expectation, Members, OwedEntry, RouteEntry
from leadrules.testing.history import History
from leadrules.testing.progress import Progress, progress_of
from leadrules.testing.routed import Before, route_of, said_of, where_to

__all__ = ["Case", "CaseFile", "Mismatch", "Result", "failed"]

_AMOUNTS = ("score", "fit", "engagement", "qualification")
_OF_LIFECYCLES = ("stage", "owner", "moved", "agenda", "refused")
_ATTRIBUTES = {"letter": "fit_letter", "digit": "engagement_digit"}


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that is not as it was expected.

    Attributes:
        path: What it is, such as `cases[0].expect.band`.
        name: The same as seen from the case, such as `band`.
        expected: What was expected.
        got: What the policy says.
        line: Line of the expectation in the document, from 1; None if that is no text.
        column: Column in that line, from 1.
    """

    path: str
    name: str
    expected: str
    got: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return f"{_placed(self.line, self.column)}{self.told}"

    @property
    def told(self) -> str:
        """The mismatch without its place."""
        return f"{self.name}: expected {self.expected}, got {self.got}"


@dataclass(frozen=True)
class Case:
    """A lead at a moment, and what is expected of the policy.

    Attributes:
        name: What it is called.
        history: The lead with its events, the moment and the band before.
        expect: What the policy is to say.
        why: Why it was agreed on, if that is told.
        before: What became of other leads before, in any order.
        reassign: Why the lead is assigned again; None if it is routed for the first time.
    """

    name: str
    history: History
    expect: Expectation
    why: str | None = None
    before: tuple[Before, ...] = ()
    reassign: Reason | None = None
    _document: Document = field(default_factory=lambda: Document({}), repr=False, compare=False)
    _path: Path = field(default=(), repr=False, compare=False)

    @property
    def place(self) -> Place | None:
        """Where its name stands in the document, or None if that is no text."""
        return self._document.place((*self._path, "name"))

    def run(self, engine: Engine) -> Result:
        """Return what a policy says of the lead, and what of it was not expected."""
        try:
            progress = progress_of(engine, self.history)
            route = self.route(engine, progress) if "route" in self.expect.stated else None
            mismatches = tuple(self._mismatches(engine, progress, route))
        except EvaluationError as error:
            return Result(self, None, (), str(error))
        return Result(self, progress.score, mismatches, progress=progress, route=route)

    def route(self, engine: Engine, progress: Progress) -> Answered:
        """Return who gets the lead, after what became of others before.

        Args:
            engine: The engine of a policy that routes.
            progress: Where the policy has the lead.

        Raises:
            EvaluationError: If the policy cannot say.
        """
        return route_of(engine, progress, before=self.before, reassign=self.reassign)

    def _mismatches(
        self, engine: Engine, progress: Progress, route: Answered | None
    ) -> Iterator[Mismatch]:
        for name in self.expect.stated:
            wanted = getattr(self.expect, name)
            if name in _OF_LIFECYCLES:
                yield from self._progress(name, wanted, engine, progress)
            elif route is not None and name == "route":
                yield from self._routed(wanted, route)
            elif progress.score is not None:
                yield from self._scored(name, wanted, progress.score)

    def _progress(
        self, name: str, wanted: Any, engine: Engine, progress: Progress
    ) -> Iterator[Mismatch]:
        """Yield what of the lead's way through the stages was not expected."""
        match name:
            case "stage" | "owner":
                yield from self._same((name,), wanted, getattr(progress, name))
            case "moved":
                if tuple(wanted or ()) != progress.moved:
                    yield self._mismatch((name,), _listed(wanted or ()), _listed(progress.moved))
            case "agenda":
                yield from self._owed(wanted, progress)
            case _:
                for index, asked in enumerate(wanted or ()):
                    codes = progress.codes(engine, asked.to, asked.role, asked.reason, asked.note)
                    yield from self._members((name, index, "codes"), asked.codes, codes)

    def _owed(self, wanted: Sequence[OwedEntry] | None, progress: Progress) -> Iterator[Mismatch]:
        if wanted is None:
            yield from self._same(("agenda",), None, _told_owed(progress) or None)
            return
        for index, entry in enumerate(wanted):
            found = [x for x in progress.agenda if (x.kind, x.name) == (entry.kind, entry.name)]
            if not found:
                got = _told_owed(progress) or "nothing"
                yield self._mismatch(("agenda", index), f"{entry.kind} '{entry.name}'", got)
            elif entry.status is not None and all(x.status != entry.status for x in found):
                yield from self._same(("agenda", index, "status"), entry.status, found[0].status)

    def _routed(self, wanted: RouteEntry | None, route: Answered) -> Iterator[Mismatch]:
        """Yield what of the routing was not expected."""
        if wanted is None:
            if route:
                yield self._mismatch(("route",), "nothing", where_to(route))
            return
        for name in wanted.stated:
            expected = getattr(wanted, name)
            if name == "packages":
                sent = expected or Members(exactly=())
                yield from self._members(("route", name), sent, route.packages)
            else:
                yield from self._same(("route", name), expected, said_of(route, name))

    def _scored(self, name: str, wanted: Any, score: Score) -> Iterator[Mismatch]:
        """Yield what of the score was not expected."""
        got = getattr(score, _ATTRIBUTES.get(name, name))
        if name in _AMOUNTS and wanted is not None:
            yield from self._amount(name, wanted, got)
        elif wanted is None and isinstance(got, tuple):
            yield from self._none(name, got)
        elif isinstance(wanted, Members):
            yield from self._members((name,), wanted, got)
        elif name == "answers":
            for criterion, answer in wanted.items():
                said = score.answer(criterion)
                yield from self._same((name, criterion), answer, said)
        else:
            yield from self._same((name,), wanted, got)

    def _amount(self, name: str, wanted: Amount, got: float | None) -> Iterator[Mismatch]:
        within = self.expect.tolerance if wanted.within is None else wanted.within
        if got is None or abs(Decimal(repr(got)) - wanted.value) > within:
            about = f" within {plain(within)}" if within else ""
            shown = "nothing" if got is None else f"{plain(Decimal(repr(got)))}"
            yield self._mismatch((name,), f"{plain(wanted.value)}{about}", shown)

    def _none(self, name: str, got: Sequence[str | tuple[str, ...]]) -> Iterator[Mismatch]:
        """Yield a mismatch if there is a rule, a characteristic, or an answer but `unknown`."""
        words = [x if isinstance(x, str) else ": ".join(x) for x in got if x[-1] != "unknown"]
        if words:
            yield self._mismatch((name,), "nothing", _listed(words))

    def _members(self, path: Path, wanted: Members, got: Collection[str]) -> Iterator[Mismatch]:
        shown = _listed(got)
        if wanted.exactly is not None and set(wanted.exactly) != set(got):
            differences = [
                f"{what} {_listed(names)}"
                for what, names in (
                    ("without", [x for x in wanted.exactly if x not in got]),
                    ("besides", [x for x in got if x not in wanted.exactly]),
                )
                if names
            ]
            got_so = f"{shown} ({', '.join(differences)})"
            yield self._mismatch(path, f"exactly {_listed(wanted.exactly)}", got_so)
        for key, names in (
            ("includes", [x for x in wanted.includes if x not in got]),
            ("excludes", [x for x in wanted.excludes if x in got]),
        ):
            if names:
                sign = "" if key == "includes" else "no "
                yield self._mismatch((*path, key), f"{sign}{_listed(names)}", shown)

    def _same(self, path: Path, wanted: object, got: object) -> Iterator[Mismatch]:
        if wanted != got:
            yield self._mismatch(path, _shown(wanted), _shown(got))

    def _mismatch(self, path: Path, expected: str, got: str) -> Mismatch:
        whole = (*self._path, "expect", *path)
        place = self._document.place(whole)
        line, column = (place.line, place.column) if place else (None, None)
        return Mismatch(path_text(whole), path_text(path), expected, got, line, column)


@dataclass(frozen=True)
class Result:
    """What a policy said of a case.

    Attributes:
        case: The case.
        score: What the policy said; None if it could not say anything.
        mismatches: What was not expected.
        error: Why the policy could say nothing.
        progress: Where the lead is, and what is owed to it; None if the policy could not say.
        route: Who gets it; None if the case does not ask, or the policy could not say.
    """

    case: Case
    score: Score | None
    mismatches: tuple[Mismatch, ...]
    error: str | None = None
    progress: Progress | None = None
    route: Answered | None = None

    @property
    def passed(self) -> bool:
        """Whether everything is as it was expected."""
        return not self.mismatches and self.error is None

    def lines(self, source: str | None = None) -> Iterator[str]:
        """Yield what is to be told of a case that fails, one line for each thing.

        Control characters are spelt out.

        Args:
            source: The file of the case, to stand before lines and columns.
        """
        file = f"{source}:" if source else ""
        if self.error is not None:
            place = self.case.place
            where = _placed(place.line, place.column) if place else ""
            yield told(f"{file if where else ''}{where}{self.error}")
        for found in self.mismatches:
            yield told(f"{file if found.line else ''}{found}")
        if self.progress is not None and self.mismatches:
            said = [] if self.score is None else [_summary(self.score)]
            said += [] if self.progress.stage is None else [_where(self.progress)]
            said += [] if self.route is None else [f"routed to {where_to(self.route)}"]
            yield told(f"the policy says: {'; '.join(said) or 'the lead has not arisen'}")


@dataclass(frozen=True)
class CaseFile:
    """The cases of a document, with the policy that they are about.

    Attributes:
        policy: The policy.
        cases: The cases, in document order.
        source: The name of the document, such as its file's; None if it has none.
    """

    policy: Policy
    cases: tuple[Case, ...]
    source: str | None = None

    def run(self) -> tuple[Result, ...]:
        """Return what the policy says of each case."""
        engine = Engine(self.policy)
        return tuple(case.run(engine) for case in self.cases)


def _summary(score: Score) -> str:
    """Return what a score says, in one line."""
    parts = [
        f"{name} {_number(found)}"
        for name in _AMOUNTS[1:]
        if (found := getattr(score, name)) is not None
    ]
    said = [f"score {_number(score.score)}" + (f" ({', '.join(parts)})" if parts else "")]
    if score.band is not None:
        by = "" if score.band_by == "threshold" else f" by {score.band_by}"
        lacking = f" for want of {', '.join(score.lacking)}" if score.lacking else ""
        said.append(f"band {score.band}{by}{lacking}")
    said += [f"grade {score.grid}"] if score.grid else []
    said += [f"{'' if score.ready else 'not '}ready"] if score.ready is not None else []
    return "; ".join([*said, f"fired: {', '.join(score.fired) or 'nothing'}"])


def _where(progress: Progress) -> str:
    """Return where a lead is and what is owed to it, in one line."""
    owner = f", owned by {progress.owner}" if progress.owner else ""
    by_itself = f", moved by the policy: {' -> '.join(progress.moved)}" if progress.moved else ""
    return f"stage {progress.stage}{owner}{by_itself}; owed: {_told_owed(progress) or 'nothing'}"


def _told_owed(progress: Progress) -> str:
    return ", ".join(f"{x.kind} '{x.name}' {x.status}" for x in progress.agenda)


def _number(found: float) -> str:
    return f"{plain(Decimal(repr(found)))}"


def _placed(line: int | None, column: int | None) -> str:
    return "" if line is None else f"{line}:{column}: "


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names) or "nothing"


def _shown(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return as_written(value)
    return f"'{value}'"


def failed(results: Sequence[Result]) -> list[Result]:
    """Return the results of the cases that fail."""
    return [result for result in results if not result.passed]
