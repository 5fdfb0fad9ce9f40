from __future__ import annotations

import pytest

from tests.cli.runs import Command, Run, unboxed, written
from tests.testing.samples import ACME, CASES

WRONG = CASES.replace("letter: A", "letter: B")


@pytest.fixture(autouse=True)
def files(surroundings: None) -> None:
    del surroundings
    written("acme.yaml", ACME)
    written("acme.cases.yaml", CASES)
    written("wrong.cases.yaml", WRONG)


def test_cases_that_pass(leadrules: Command) -> None:
    found = leadrules("test", "acme.yaml", "acme.cases.yaml")
    assert found == Run(0, "2 cases: 2 passed, 0 failed\n", "")


def test_the_policy_of_the_command_wins(leadrules: Command) -> None:
    written("acme.cases.yaml", CASES.replace("policy: ./acme.yaml", "policy: gone.yaml"))
    found = leadrules("test", "acme.yaml", "acme.cases.yaml")
    assert found == Run(0, "2 cases: 2 passed, 0 failed\n", "")


def test_cases_that_fail_are_told_with_their_place(leadrules: Command) -> None:
    assert leadrules("test", "acme.yaml", "acme.cases.yaml", "wrong.cases.yaml") == Run(
        1,
        """\
wrong.cases.yaml:5: a director who looks at prices
  wrong.cases.yaml:14:15: letter: expected 'B', got 'A'
  the policy says: score 50 (fit 40, engagement 9.7716, qualification 0); band warm; grade A3; \
not ready; fired: large, decides, pricing
4 cases: 3 passed, 1 failed
""",
        "",
    )


def test_control_characters_are_spelt_out(leadrules: Command) -> None:
    text = WRONG.replace("name: a director who", r'name: "a \e[31mdirector', 1)
    text = text.replace("looks at prices", 'looks at prices"', 1)
    written("acme.cases.yaml", text)
    code, out, err = leadrules("test", "acme.yaml", "acme.cases.yaml")
    assert (code, err) == (1, "")
    assert out.startswith("acme.cases.yaml:5: a \\u001b[31mdirector looks at prices\n")


def test_coverage_tells_what_is_not_tried(leadrules: Command) -> None:
    code, out, err = leadrules("test", "acme.yaml", "acme.cases.yaml", "--coverage")
    assert (code, err) == (0, "")
    assert out.startswith(
        "2 cases: 2 passed, 0 failed\n"
        "coverage 35.9 %: the cases reach 23 of 64 goals\n"
        "  rule 'large': never false: company.employees >= 500\n"
    )


@pytest.mark.parametrize(("percent", "code"), [("35.9", 0), ("36", 1)])
def test_too_little_coverage_fails(leadrules: Command, percent: str, code: int) -> None:
    found = leadrules("test", "acme.yaml", "acme.cases.yaml", "--fail-under", percent)
    assert found.code == code
    assert found.err == ("expected at least 36 %\n" if code else "")
    assert "expected at least" not in found.out


def test_a_percentage_is_at_most_100(leadrules: Command) -> None:
    found = leadrules("test", "acme.yaml", "acme.cases.yaml", "--fail-under", "101")
    assert found.code == 2
    assert "Invalid value for '--fail-under'" in unboxed(found.err)


def test_cases_that_are_wrong_cannot_be_run(leadrules: Command) -> None:
    written("bad.cases.yaml", CASES.replace("band: warm\n      letter", "band: wrm\n      letter"))
    assert leadrules("test", "acme.yaml", "bad.cases.yaml") == Run(
        2,
        "",
        """\
error: 1 problem in bad.cases.yaml
  bad.cases.yaml:13:13: cases[0].expect.band: no band 'wrm'; did you mean 'warm'? [unknown-name]
""",
    )


def test_a_file_that_is_not_there(leadrules: Command) -> None:
    message = "error: no.cases.yaml: no such file or directory\n"
    assert leadrules("test", "acme.yaml", "no.cases.yaml") == Run(2, "", message)


def test_help_gives_examples(leadrules: Command) -> None:
    code, out, err = leadrules("test", "--help")
    assert (code, err) == (0, "")
    assert "   leadrules test policy.yaml policy.cases.yaml\n" in out
