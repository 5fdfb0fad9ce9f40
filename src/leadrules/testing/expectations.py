"""What is wrong with an expectation, seen from the policy: what it can never say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from leadrules.errors import Problem, did_you_mean, one_of
from leadrules.scoring.document import Scoring
from leadrules.testing.casebook import Expectation, Members

__all__ = ["check_band", "check_expected", "rule_ids"]

_Path = tuple[str | int, ...]


def check_expected(expect: Expectation, scoring: Scoring) -> Iterator[Problem]:
    """Yield every problem of an expectation, each with its path from there."""
    for part in ("fit", "engagement", "qualification"):
        if getattr(expect, part) is not None and part not in scoring.parts:
            yield Problem("unknown-name", f"the policy has no section '{part}'", (part,))
    if expect.band is not None:
        yield from check_band(expect.band, scoring, ("band",))
    letters = scoring.fit.letters if scoring.fit else ()
    digits = scoring.engagement.digits if scoring.engagement else ()
    yield from _check_one("letter", expect.letter, letters)
    yield from _check_one("digit", expect.digit, digits)
    qualification = scoring.qualification
    if expect.ready is not None and (qualification is None or qualification.ready is None):
        yield Problem("unknown-name", "the policy does not say what is ready", ("ready",))
    criteria = qualification.criteria if qualification else ()
    for name in expect.answers or ():
        yield from _check_name(name, "criterion", criteria, ("answers", name))
    characteristics = scoring.fit.characteristics if scoring.fit else ()
    yield from _check_members("fired", expect.fired, "rule", rule_ids(scoring))
    yield from _check_members("uncertain", expect.uncertain, "characteristic", characteristics)


def check_band(name: str, scoring: Scoring, path: _Path) -> Iterator[Problem]:
    """Yield a problem if a policy has no band of a name."""
    bands = [band.name for band in scoring.bands.levels] if scoring.bands else []
    yield from _check_name(name, "band", bands, path)


def rule_ids(scoring: Scoring) -> tuple[str, ...]:
    """Return the ids of all rules, in document order."""
    fit = (rule_id for rule_id, _ in scoring.rules())
    return (*fit, *(scoring.engagement.rules if scoring.engagement else ()))


def _check_one(noun: str, name: str | None, names: Iterable[str]) -> Iterator[Problem]:
    if name is not None:
        yield from _check_name(name, noun, names, (noun,))


def _check_members(
    key: str, found: Members | None, noun: str, names: Iterable[str]
) -> Iterator[Problem]:
    if found is None:
        return
    for part in ("exactly", "includes", "excludes"):
        for index, name in enumerate(getattr(found, part) or ()):
            yield from _check_name(name, noun, names, (key, part, index))


def _check_name(name: str, noun: str, names: Iterable[str], path: _Path) -> Iterator[Problem]:
    known = list(names)
    if name not in known:
        plain = f"; expected {one_of(known)}" if known else "; the policy has none"
        hint = did_you_mean(name, known) or plain
        yield Problem("unknown-name", f"no {noun} '{name}'{hint}", path)
