"""From a file of cases to cases that can be run, or to everything that is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from leadrules.document import Document, open_document, read_document
from leadrules.document import Path as Steps
from leadrules.errors import DocumentError, Issue, Problem
from leadrules.issues import in_order, located, problems_of
from leadrules.policy import Policy, load_policy
from leadrules.testing.casebook import Casebook
from leadrules.testing.cases import Case, CaseFile
from leadrules.testing.earlier import EarlierReader
from leadrules.testing.expectations import check_band, check_expected
from leadrules.testing.history import History
from leadrules.testing.reading import LEAD_ID, EventReader, moment_of_text, read_lead

__all__ = ["CasesError", "load_cases", "policy_of"]

Row = Mapping[str, Any]

_KEYS = {"lead", "properties", "answers"}
"""What holds names as keys: a name that there is not is placed there."""


class CasesError(DocumentError):
    """Tell everything that is wrong with a document of cases."""

    kind = "document of cases"


def load_cases(
    source: str | os.PathLike[str] | Mapping[str, Any],
    *,
    policy: Policy | None = None,
    tables: Mapping[str, Sequence[Row]] | None = None,
) -> CaseFile:
    """Read cases and check all of them against the policy that they are about.

    Args:
        source: The path of a YAML or JSON file; or the document itself, as a mapping or as a
            text, which has more than one line or starts with `{`.
        policy: The policy; by default the one that the document names as `policy`, as seen from
            its folder.
        tables: The rows of tables, by name; the policy that the document names takes those that
            it declares.

    Raises:
        CasesError: If the document is wrong, or the policy that it names cannot be read. It
            carries every issue, each with a code, its path, and its line and column.
        PolicyError: If the policy that it names is wrong.
        OSError: If the file of the cases cannot be read.

    Examples:
        >>> from leadrules import load_policy
        >>> policy = load_policy('''
        ... leadrules: 1
        ... policy: {id: acme, version: 1, effective: 2026-01-01}
        ... scoring: {fit: {characteristics: {known: [{when: known(email), points: 5}]}}}
        ... ''')
        >>> file = load_cases('''
        ... leadrules_cases: 1
        ... at: 2026-01-05T09:00
        ... cases:
        ...   - {name: a lead without an address, lead: {}, expect: {score: 5}}
        ... ''', policy=policy)
        >>> [result] = file.run()
        >>> print(result.mismatches[0])
        5:65: score: expected 5, got 0
    """
    document = _document(source)
    try:
        book = Casebook.model_validate(document.data)
    except ValidationError as error:
        found = (located(problem, document) for problem in problems_of(error, Casebook))
        raise CasesError(in_order(found), source=document.source) from None
    reader = _Reader(document, book, policy or _policy(document, book, tables or {}))
    cases = reader.cases()
    if reader.issues:
        raise CasesError(in_order(reader.issues), source=document.source)
    return CaseFile(reader.policy, cases, document.source)


def _document(source: object) -> Document:
    try:
        return open_document(source, noun="document of cases")
    except DocumentError as error:
        raise CasesError(error.issues, source=error.source) from None


def _policy(document: Document, book: Casebook, tables: Mapping[str, Sequence[Row]]) -> Policy:
    if book.policy is None:
        message = "the key 'policy' is missing, and no policy was given"
        raise CasesError([Issue("missing-key", message)], source=document.source)
    folder = Path(document.source).parent if document.source else Path()
    try:
        return policy_of(folder / book.policy, tables)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        problem = Problem("wrong-value", f"{folder / book.policy}: {reason}", ("policy",))
        raise CasesError([located(problem, document)], source=document.source) from None


def policy_of(path: Path, tables: Mapping[str, Sequence[Row]]) -> Policy:
    """Return the policy of a file, with the rows of those tables that it declares.

    Raises:
        PolicyError: If it is wrong.
        OSError: If it cannot be read.
    """
    if not tables:
        return load_policy(path)
    try:
        declared = read_document(path.read_bytes()).data.get("tables")
    except DocumentError:
        declared = None  # as a policy it tells what is wrong
    names = declared if isinstance(declared, Mapping) else {}
    return load_policy(path, tables={name: tables[name] for name in tables if name in names})


class _Reader:
    """Turns the entries of a document into cases, and notes what is wrong."""

    def __init__(self, document: Document, book: Casebook, policy: Policy) -> None:
        self.document = document
        self.book = book
        self.policy = policy
        self.issues: list[Issue] = []

    def cases(self) -> tuple[Case, ...]:
        """Return the cases, as far as they are right."""
        policy = self.policy
        if policy.scoring is None and policy.lifecycle is None and policy.routing is None:
            name = policy.policy.id
            message = f"policy '{name}' has no section 'scoring', 'lifecycle' or 'routing' to test"
            self.note(Problem("missing-key", message, ("cases",)))
            return ()
        if not self.book.cases:
            self.note(Problem("empty", "no cases; expected at least one", ("cases",)))
        common = self.moment(self.book.at, ("at",))
        names: set[str] = set()
        found = []
        for index, entry in enumerate(self.book.cases):
            if entry.name in names:
                message = f"'{entry.name}' is the name of a case before; names are unique"
                self.note(Problem("duplicate", message, ("cases", index, "name")))
            names.add(entry.name)
            found.append(self.case(index, common))
        return tuple(case for case in found if case is not None)

    def case(self, index: int, common: datetime | None) -> Case | None:
        """Return a case, or None if something is wrong with it."""
        entry, path = self.book.cases[index], ("cases", index)
        before = len(self.issues)
        at = common if entry.at is None else self.moment(entry.at, (*path, "at"))
        if entry.at is None and self.book.at is None:
            message = "the key 'at' is missing; give the case a moment, or the whole document"
            self.note(Problem("missing-key", message, path))
        lead = read_lead(entry.lead, self.policy)
        if isinstance(lead, list):
            self.take(lead, (*path, "lead"))
        name = LEAD_ID if isinstance(lead, list) else lead.id
        reader = EventReader(self.policy, name, at)
        events = reader.events(entry.events)
        self.take(reader.problems, (*path, "events"))
        scoring = self.policy.scoring
        if entry.previous is not None and scoring is None:
            message = "the policy has no section 'scoring'"
            self.note(Problem("unknown-name", message, (*path, "previous")))
        elif entry.previous is not None and scoring is not None:
            self.take(check_band(entry.previous, scoring, ("previous",)), path)
        earlier = EarlierReader(self.policy, at)
        given = earlier.read(entry)
        self.take(earlier.problems, path)
        self.take(check_expected(entry.expect, self.policy), (*path, "expect"))
        if at is None or isinstance(lead, list) or len(self.issues) > before:
            return None
        history = History(lead, events, at, entry.previous)
        return Case(
            entry.name,
            history,
            entry.expect,
            entry.why,
            given,
            entry.reassign,
            _document=self.document,
            _path=path,
        )

    def moment(self, text: str | None, path: Steps) -> datetime | None:
        """Return a moment, or None after noting why there is none."""
        if text is None:
            return None
        try:
            return moment_of_text(text, self.policy.policy.zone)
        except ValueError as error:
            self.note(Problem("bad-date", str(error), path))
            return None

    def take(self, problems: Iterable[Problem], path: Steps) -> None:
        """Note the problems below a path."""
        for found in problems:
            self.note(Problem(found.code, found.message, (*path, *found.path)))

    def note(self, problem: Problem) -> None:
        """Note a problem with its place."""
        issue = located(problem, self.document)
        place = self.document.key_place(problem.path) if _is_of_key(problem) else None
        if place is not None:
            issue = replace(issue, line=place.line, column=place.column)
        self.issues.append(issue)


def _is_of_key(problem: Problem) -> bool:
    """Return whether a problem is about a key that there should not be, not about its value."""
    if problem.code != "unknown-name" or problem.path[-2] not in _KEYS:
        return False
    return problem.message.startswith("no such") or f"'{problem.path[-1]}'" in problem.message
