"""Errors: how they read, and that they survive pickle."""

from __future__ import annotations

import pickle

import pytest

from leadrules.errors import (
    EvaluationError,
    Issue,
    LeadRulesError,
    MappingError,
    PolicyError,
    as_written,
    did_you_mean,
    one_of,
)

ISSUE = Issue(
    "unknown-name",
    "no field 'titel'; did you mean 'title'?",
    "scoring.fit.characteristics.role[0].when",
    line=7,
    column=18,
    excerpt='known(email)\nand titel == "vp"',
    caret=(17, 22),
)


def test_an_issue_shows_its_place_and_marks_the_part() -> None:
    assert str(ISSUE) == (
        "7:18: scoring.fit.characteristics.role[0].when: no field 'titel'; "
        "did you mean 'title'? [unknown-name]\n"
        '    and titel == "vp"\n'
        "        ^^^^^"
    )


def test_a_mark_is_at_least_one_wide_and_ends_with_its_line() -> None:
    at_the_end = Issue("syntax", "more is expected", excerpt="a ==", caret=(4, 4))
    assert str(at_the_end) == "more is expected [syntax]\n    a ==\n        ^"
    over_the_line = Issue("syntax", "no list", excerpt="[a\n]", caret=(0, 4))
    assert str(over_the_line) == "no list [syntax]\n    [a\n    ^^"


def test_a_document_error_tells_all_issues() -> None:
    assert str(PolicyError([Issue("empty", "says nothing", "policy")])) == (
        "1 problem in the policy\n  policy: says nothing [empty]"
    )
    nowhere = Issue("missing-key", "the key 'policy' is missing")
    assert str(MappingError([ISSUE, nowhere], source="crm.yaml")) == (
        "2 problems in crm.yaml\n"
        "  crm.yaml:7:18: scoring.fit.characteristics.role[0].when: no field 'titel'; "
        "did you mean 'title'? [unknown-name]\n"
        '      and titel == "vp"\n'
        "          ^^^^^\n"
        "  the key 'policy' is missing [missing-key]"
    )


@pytest.mark.parametrize(
    "error",
    [
        PolicyError([ISSUE], source="acme.yaml"),
        MappingError([ISSUE]),
        EvaluationError("email: '5' is not a text", field="email", lead_id="17"),
    ],
)
def test_errors_survive_pickle(error: LeadRulesError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))


def test_a_hint_finds_slips_and_last_parts() -> None:
    names = ["company.employees", "email", "Title"]
    assert did_you_mean("Emial", names) == "; did you mean 'email'?"
    assert did_you_mean("employees", names) == "; did you mean 'company.employees'?"
    assert did_you_mean("title", names) == "; did you mean 'Title'?"
    assert did_you_mean("budget", names) == ""


def test_choices_are_listed_while_they_are_few() -> None:
    assert one_of(["a"]) == "'a'"
    assert one_of(["a", "b"]) == "'a' or 'b'"
    assert one_of("abcdef") == "'a', 'b', 'c', 'd', 'e' or 'f'"
    assert one_of("abcdefg") == "one of 7, such as 'a', 'b', 'c'"


def test_values_are_shown_as_documents_write_them() -> None:
    shown = [as_written(value) for value in (True, None, {"a": 1}, [1], (1,), 2.5, "x" * 70)]
    assert shown == ["true", "null", "{...}", "[...]", "[...]", "2.5", "x" * 57 + "..."]
