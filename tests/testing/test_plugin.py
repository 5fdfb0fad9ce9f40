from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from leadrules.testing import Case, collecting, plugin
from tests.testing.samples import ACME, CASES

pytest_plugins = ["pytester"]

ARGS = ("-p", plugin.__name__, "-p", "no:cacheprovider", "-p", "no:leadrules")
FAILING = CASES.replace("letter: A", "letter: B")


@pytest.fixture
def folder(pytester: pytest.Pytester) -> pytest.Pytester:
    (pytester.path / "acme.yaml").write_text(ACME)
    (pytester.path / "acme.cases.yaml").write_text(CASES)
    return pytester


def test_each_case_is_a_test(folder: pytest.Pytester) -> None:
    found = folder.runpytest_inprocess(*ARGS, "-v")
    found.assert_outcomes(passed=2)
    found.stdout.fnmatch_lines(["acme.cases.yaml::a director who looks at prices PASSED*"])
    assert collecting.CaseItem.__module__ == "leadrules.testing.collecting"


def test_a_case_can_be_picked_by_its_name(folder: pytest.Pytester) -> None:
    folder.runpytest_inprocess(*ARGS, "-k", "nobody").assert_outcomes(passed=1, deselected=1)
    name = "acme.cases.yaml::a director who looks at prices"
    folder.runpytest_inprocess(*ARGS, name).assert_outcomes(passed=1)


def test_a_case_that_fails_says_what_was_expected_and_where(folder: pytest.Pytester) -> None:
    (folder.path / "acme.cases.yaml").write_text(FAILING)
    found = folder.runpytest_inprocess(*ARGS)
    found.assert_outcomes(passed=1, failed=1)
    found.stdout.fnmatch_lines(
        [
            "*_ case: a director who looks at prices _*",
            "acme.cases.yaml:14:15: letter: expected 'B', got 'A'",
            "the policy says: score 50 (fit 40, *",
            "FAILED acme.cases.yaml::a director who looks at prices - *",
        ]
    )
    assert "Traceback" not in found.stdout.str()


def test_cases_that_are_wrong_are_told_with_their_place(folder: pytest.Pytester) -> None:
    (folder.path / "acme.cases.yaml").write_text(CASES.replace("director, company", "x, compani"))
    found = folder.runpytest_inprocess(*ARGS)
    found.assert_outcomes(errors=1)
    found.stdout.fnmatch_lines(
        [
            "2 problems in *acme.cases.yaml",
            "*no such field; did you mean 'company.employees'? [[]unknown-name[]]",
        ]
    )


def test_a_policy_that_is_not_there(folder: pytest.Pytester) -> None:
    (folder.path / "acme.yaml").unlink()
    found = folder.runpytest_inprocess(*ARGS)
    found.assert_outcomes(errors=1)
    found.stdout.fnmatch_lines(["*No such file or directory*acme.yaml*"])


def test_the_option_names_the_policy_of_all(folder: pytest.Pytester) -> None:
    folder.makeini("[pytest]\nleadrules_policy = policies/acme.yaml\n")
    (folder.path / "policies").mkdir()
    (folder.path / "acme.yaml").rename(folder.path / "policies" / "acme.yaml")
    cases = folder.path / "acme.cases.yaml"
    cases.write_text(CASES.replace("policy: ./acme.yaml\n", ""))
    folder.runpytest_inprocess(*ARGS).assert_outcomes(passed=2)
    cases.write_text(CASES)
    folder.runpytest_inprocess(*ARGS).assert_outcomes(errors=1)
    cases.write_text("cases: [")
    found = folder.runpytest_inprocess(*ARGS)
    found.stdout.fnmatch_lines(["*acme.cases.yaml:*[[]syntax[]]"])


def test_without_a_policy(folder: pytest.Pytester) -> None:
    (folder.path / "acme.cases.yaml").write_text(CASES.replace("policy: ./acme.yaml\n", ""))
    found = folder.runpytest_inprocess(*ARGS)
    found.stdout.fnmatch_lines(
        ["  the key 'policy' is missing, and no policy was given [[]missing-key[]]"]
    )


def test_points_that_cannot_be_told_fail_the_case(folder: pytest.Pytester) -> None:
    text = ACME.replace("{2026-01-01: 60, 2026-07-01: 55}", "{2026-07-01: 55}")
    (folder.path / "acme.yaml").write_text(text)
    found = folder.runpytest_inprocess(*ARGS)
    found.assert_outcomes(passed=1, failed=1)
    found.stdout.fnmatch_lines(
        ["acme.cases.yaml:5:11: at: parameter 'hot_from' has no value yet at that moment"]
    )


def test_a_mistake_of_ours_has_its_traceback(
    folder: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Case, "run", None)
    found = folder.runpytest_inprocess(*ARGS)
    found.assert_outcomes(failed=2)
    found.stdout.fnmatch_lines(["*'NoneType' object is not callable*"])


def test_other_files_are_left_alone(pytester: pytest.Pytester) -> None:
    (pytester.path / "cases.yaml").write_text("x")
    pytester.runpytest_inprocess(*ARGS).assert_outcomes()


def test_loading_it_imports_next_to_nothing() -> None:
    program = "import sys, leadrules.testing.plugin; print(*sys.modules)"
    found = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        text=True,
        env={"PYTHONPATH": str(Path(plugin.__file__).parents[2])},
    )
    modules = set(found.stdout.split())
    assert {name for name in modules if name.startswith("leadrules")} == {
        "leadrules",
        "leadrules.testing",
        "leadrules.testing.plugin",
    }
    assert not modules & {"pytest", "pydantic", "yaml", "hypothesis"}
