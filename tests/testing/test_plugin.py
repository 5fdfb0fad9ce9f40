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


def test_a_policy_that_is_not_there_is_told_where_it_is_named(folder: pytest.Pytester) -> None:
    (folder.path / "acme.yaml").unlink()
    found = folder.runpytest_inprocess(*ARGS)
    found.assert_outcomes(errors=1)
    path = folder.path / "acme.cases.yaml"
    message = f"{folder.path / 'acme.yaml'}: no such file or directory [[]wrong-value[]]"
    found.stdout.fnmatch_lines([f"1 problem in {path}", f"  {path}:2:9: policy: {message}"])


def test_a_policy_of_the_option_that_is_not_there(folder: pytest.Pytester) -> None:
    folder.makeini("[pytest]\nleadrules_policy = gone.yaml\n")
    text = CASES.replace("policy: ./acme.yaml\n", "")
    (folder.path / "acme.cases.yaml").write_text(text)
    found = folder.runpytest_inprocess(*ARGS)
    found.assert_outcomes(errors=1)
    path = folder.path / "gone.yaml"
    found.stdout.fnmatch_lines([f"leadrules_policy: {path}: no such file or directory"])


def test_the_option_names_the_policy_of_all(folder: pytest.Pytester) -> None:
    folder.makeini("[pytest]\nleadrules_policy = policies/acme.yaml\n")
    (folder.path / "policies").mkdir()
    (folder.path / "acme.yaml").rename(folder.path / "policies" / "acme.yaml")
    cases = folder.path / "acme.cases.yaml"
    cases.write_text(CASES.replace("policy: ./acme.yaml\n", ""))
    folder.runpytest_inprocess(*ARGS).assert_outcomes(passed=2)
    cases.write_text(CASES)
    folder.runpytest_inprocess(*ARGS).assert_outcomes(errors=1)
    cases.write_text("leadrules_cases: 1\ncases: [")
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


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cases: [",
        "suite: login\n",
        "# leadrules_cases\nx: 1\n",
        "a_leadrules_cases: 1\n",
        "\xff",
    ],
)
def test_files_of_other_tools_are_left_alone(pytester: pytest.Pytester, text: str) -> None:
    for ending in ("yaml", "yml", "json"):
        (pytester.path / f"login.cases.{ending}").write_text(text, encoding="latin-1")
    (pytester.path / "folder.cases.yaml").mkdir()
    pytester.runpytest_inprocess(*ARGS).assert_outcomes()


@pytest.mark.parametrize(
    "text",
    [
        "leadrules_cases: 1\n\tcases",
        "\n'leadrules_cases' : 1\ncases: [",
        '{"cases": [],"leadrules_cases":1',
        "\ufeffleadrules_cases: x",
        "{leadrules_cases: 1,",
    ],
)
def test_a_document_of_cases_that_is_wrong_is_an_error(
    pytester: pytest.Pytester, text: str
) -> None:
    (pytester.path / "acme.cases.yaml").write_text(text, encoding="utf-8")
    pytester.runpytest_inprocess(*ARGS).assert_outcomes(errors=1)


TABLED = """\
leadrules: 1
policy: {id: tabled, version: 1, effective: 2026-01-01}
tables: {near: {columns: [country]}}
scoring: {fit: {characteristics: {near: [{when: 'country == "AT"', points: 5}]}}}
"""
NEAR = """\
leadrules_cases: 1
policy: tabled.yaml
at: 2026-03-02T09:00Z
cases:
  - {name: a neighbour, lead: {country: AT}, expect: {score: 5}}
  - {name: another, lead: {country: US}, expect: {score: 0}}
"""


@pytest.fixture
def tabled(folder: pytest.Pytester) -> pytest.Pytester:
    inner = folder.mkdir("policies")
    (inner / "tabled.yaml").write_text(TABLED)
    (inner / "near.cases.yaml").write_text(NEAR)
    (folder.mkdir("data") / "near.csv").write_text("country\nAT\nCH\n")
    return folder


def test_the_rows_of_tables_come_from_the_option(tabled: pytest.Pytester) -> None:
    tabled.makeini("[pytest]\nleadrules_tables =\n    near = data/near.csv\n")
    tabled.runpytest_inprocess(*ARGS).assert_outcomes(passed=4)
    path = tabled.path / "policies" / "near.cases.yaml"
    path.write_text(NEAR.replace("policy: tabled.yaml\n", ""))
    tabled.makeini(
        "[pytest]\nleadrules_tables = near=data/near.csv\nleadrules_policy=policies/tabled.yaml\n"
    )
    tabled.runpytest_inprocess(*ARGS).assert_outcomes(passed=4)


def test_without_rows_the_option_is_named(tabled: pytest.Pytester) -> None:
    found = tabled.runpytest_inprocess(*ARGS)
    found.assert_outcomes(errors=1)
    found.stdout.fnmatch_lines(
        ["  the option leadrules_tables gives rows, a line NAME=FILE.csv for each table"]
    )


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("near", "leadrules_tables: 'near' is no table; expected NAME=FILE.csv"),
        ("near=", "leadrules_tables: 'near=' is no table; expected NAME=FILE.csv"),
        (
            "near=data/near.csv\n  near=x.csv",
            "leadrules_tables: 'near' is named twice; expected one file for each table",
        ),
        ("near=gone.csv", "{path}/gone.csv: no such file or directory"),
        ("near=empty.csv", "{path}/empty.csv: the file is empty; expected a header"),
        ("near=wide.csv", "{path}/wide.csv:2: *"),
    ],
)
def test_tables_that_are_wrong(tabled: pytest.Pytester, lines: str, told: str) -> None:
    (tabled.path / "empty.csv").write_text("")
    (tabled.path / "wide.csv").write_text("country\nAT,CH\n")
    tabled.makeini(f"[pytest]\nleadrules_tables =\n  {lines}\n")
    found = tabled.runpytest_inprocess(*ARGS, "policies")
    found.assert_outcomes(errors=1)
    found.stdout.fnmatch_lines([told.format(path=tabled.path)])


def test_a_policy_that_cannot_be_read_is_told(tabled: pytest.Pytester) -> None:
    tabled.makeini("[pytest]\nleadrules_tables = near=data/near.csv\n")
    (tabled.path / "policies" / "tabled.yaml").write_text("leadrules: [")
    found = tabled.runpytest_inprocess(*ARGS, "policies")
    found.assert_outcomes(errors=1)
    found.stdout.fnmatch_lines(["*tabled.yaml:*[[]syntax[]]"])


def test_a_file_that_cannot_be_read_is_left_alone(request: pytest.FixtureRequest) -> None:
    gone = Path("gone.cases.yaml")
    assert plugin.pytest_collect_file(gone, request.session) is None


def test_the_policy_of_the_file_wins_over_the_option(folder: pytest.Pytester) -> None:
    folder.makeini("[pytest]\nleadrules_policy = gone.yaml\n")
    folder.runpytest_inprocess(*ARGS).assert_outcomes(passed=2)


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
