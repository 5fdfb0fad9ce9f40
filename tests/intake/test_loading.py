"""Mapping documents: what is wrong with bad ones, and the forms in which they may be given."""

from __future__ import annotations

import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules.errors import EvaluationError, MappingError
from leadrules.intake import IntakeMapping, load_mapping
from leadrules.values import Money, Type
from leadrules.vocabulary import Declaration, Vocabulary

VOCABULARY = Vocabulary(
    {
        "months": Declaration(type=Type.INTEGER),
        "interest": Declaration(type=Type.ENUM, choices=("crm", "analytics")),
        "wait": Declaration(type=Type.DURATION),
        "tags": Declaration(type=Type.STRINGS),
        "seen": Declaration(type=Type.DATETIME),
        "vip": Declaration(type=Type.BOOLEAN),
    },
    activities={
        "page_view": {
            "path": Declaration(type=Type.STRING),
            "seconds": Declaration(type=Type.INTEGER),
        }
    },
    derived={"score": Declaration(type=Type.NUMBER)},
)

BAD = dict(
    section.split("\n", 1)
    for section in (Path(__file__).parent / "bad_mappings.txt")
    .read_text("utf-8")
    .split("\n=== ")[1:]
)

GOOD = """\
leadrules_mapping: 1
leads: {id: Id, city: Town}
"""
SPENDING = """\
leadrules_mapping: 1
rows:
  spend: {column: Spend, type: money, currency: EUR, required: true}
  device: {column: Device, type: enum, choices: [phone, desk]}
  campaign: Campaign
"""


@pytest.mark.parametrize("name", BAD)
def test_a_bad_document_tells_everything_that_is_wrong(name: str) -> None:
    text, problems = BAD[name].split("--- problems\n")
    with pytest.raises(MappingError) as caught:
        load_mapping(text, vocabulary=VOCABULARY)
    assert [str(issue) for issue in caught.value.issues] == problems.splitlines()


def test_the_error_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "crm.yaml"
    path.write_text("leadrules_mapping: 1\nleads: {id: Id, ctiy: Town}\n", encoding="utf-8")
    with pytest.raises(MappingError) as caught:
        load_mapping(path)
    assert str(caught.value) == (
        f"1 problem in {path}\n"
        f"  {path}:2:17: leads.ctiy: no such field; did you mean 'city'? [unknown-name]"
    )


def test_what_is_no_yaml_is_an_error_of_the_mapping_too(tmp_path: Path) -> None:
    path = tmp_path / "crm.yaml"
    path.write_text("leads: {id: Id", encoding="utf-8")
    with pytest.raises(MappingError, match=r"expected ',' or '}'; close the mapping of line 1"):
        load_mapping(path)


def test_every_form_of_a_document_is_the_same_mapping(tmp_path: Path) -> None:
    path = tmp_path / "crm.yaml"
    path.write_text(GOOD, encoding="utf-8")
    text = load_mapping(GOOD).mapping
    data = {"leadrules_mapping": 1, "leads": {"id": "Id", "city": {"column": "Town"}}}
    forms: list[Any] = [path, str(path), data, text, IntakeMapping.model_validate(data)]
    assert [load_mapping(form).mapping for form in forms] == [text] * len(forms)


def test_every_form_of_a_mapping_of_rows_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "spend.yaml"
    path.write_text(SPENDING, encoding="utf-8")
    text = load_mapping(SPENDING).mapping
    data = text.model_dump(by_alias=True, exclude_unset=True)
    forms: list[Any] = [path, data, text, text.model_dump_json(exclude_unset=True)]
    assert [load_mapping(form).mapping for form in forms] == [text] * len(forms)
    assert text.rows
    assert text.rows["campaign"].type is Type.STRING


def test_a_name_of_a_row_is_a_text() -> None:
    with pytest.raises(MappingError) as caught:
        load_mapping({"leadrules_mapping": 1, "rows": {5: "Day"}})
    assert [str(issue) for issue in caught.value.issues] == [
        "rows[5]: '5' is not possible; expected a text [wrong-type]"
    ]


def test_data_has_no_lines() -> None:
    with pytest.raises(MappingError) as caught:
        load_mapping({"leadrules_mapping": 1, "leads": {"id": None}})
    (issue,) = caught.value.issues
    assert str(issue) == (
        "leads.id: 'None' is not a column; expected its name, in quotes if it is no text"
        " [wrong-type]"
    )


def test_a_file_that_is_not_there_is_an_os_error() -> None:
    with pytest.raises(FileNotFoundError):
        load_mapping("no such file.yaml")


def test_a_mapper_survives_pickling() -> None:
    mapper = pickle.loads(pickle.dumps(load_mapping(GOOD)))
    assert mapper.lead({"Id": "17", "Town": "Graz"}).city == "Graz"
    assert repr(mapper) == "Mapper(leads)"


def test_a_mapper_of_rows_survives_pickling() -> None:
    mapper = load_mapping(SPENDING)
    again = pickle.loads(pickle.dumps(mapper))
    assert (again.mapping, repr(again)) == (mapper.mapping, "Mapper(rows)")
    intake = again.read([{"Spend": "5", "Device": "desk", "Campaign": None}])
    assert intake.rows == ({"spend": Money.parse("5 EUR"), "device": "desk"},)
    assert pickle.loads(pickle.dumps(intake)) == intake


@pytest.mark.parametrize("text", [GOOD, SPENDING])
def test_a_mapping_survives_json(text: str) -> None:
    mapping = load_mapping(text).mapping
    assert IntakeMapping.model_validate_json(mapping.model_dump_json(by_alias=True)) == mapping


WORDS = st.sampled_from(
    ["Id", "touch", "activity", "page_view", "EUR", "%Y-%m-%d", "UTC", "reject", "", "call"]
)
DEFAULTS = ["leads", "events", "rows", "source", "missing", "trim", "decimal", "dates", "zone"]
ENTRIES = ["id", "created", "budget", "column", "constant", "values", "otherwise", "currency"]
EVENTS = ["kind", "type", "lead_id", "contact_id", "time", "only", "in", "properties", "channel"]
ROWS = ["required", "choices", "if"]
KEYS = st.sampled_from([*DEFAULTS, *ENTRIES, *EVENTS, *ROWS])
NODES = st.recursive(
    st.one_of(WORDS, st.none(), st.booleans(), st.integers(), st.floats()),
    lambda nodes: st.one_of(st.lists(nodes, max_size=3), st.dictionaries(KEYS, nodes, max_size=4)),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, NODES, max_size=5))
def test_every_document_is_a_mapper_or_tells_why_not(data: dict[str, Any]) -> None:
    """Law: whatever a document holds, it loads or raises a MappingError; nothing else."""
    with suppress(MappingError):
        load_mapping({"leadrules_mapping": 1, **data}, vocabulary=VOCABULARY)


def test_a_policy_is_no_vocabulary() -> None:
    with pytest.raises(EvaluationError) as caught:
        load_mapping({"leadrules_mapping": 1, "leads": {"id": "Id"}}, vocabulary=5)  # type: ignore[arg-type]  # the slip
    assert str(caught.value) == "vocabulary: expected the vocabulary of a policy, policy.vocabulary"


def test_what_a_mapping_writes_of_criteria_and_bands_is_checked() -> None:
    words = Vocabulary(criteria=("budget", "need"), bands=("hot", "cold"))
    text = """\
leadrules_mapping: 1
zone: UTC
events:
  - kind: answer
    lead_id: L
    time: T
    properties:
      criterion: {column: Q, values: {Geld: budjet, Bedarf: need}}
      answer: {constant: met}
  - kind: override
    lead_id: L
    time: T
    properties: {band: {constant: tepid}, by: {constant: Eva}, reason: {constant: x}}
"""
    with pytest.raises(MappingError) as caught:
        load_mapping(text, vocabulary=words)
    assert [str(issue) for issue in caught.value.issues] == [
        (
            "8:45: events[0].properties.criterion.values.Geld: 'budjet' is not a choice; expected "
            "'budget' or 'need'; did you mean 'budget'? [not-a-choice]"
        ),
        (
            "13:35: events[1].properties.band.constant: 'tepid' is not a choice; expected "
            "'hot' or 'cold' [not-a-choice]"
        ),
    ]
    load_mapping(text)
    load_mapping(text, vocabulary=Vocabulary(criteria=(), bands=()))
