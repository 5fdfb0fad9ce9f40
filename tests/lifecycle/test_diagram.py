"""The diagram of a lifecycle: what it says of stages and moves, and odd texts in it."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from leadrules import StageMachine
from leadrules.lifecycle.diagram import Diagram
from leadrules.lifecycle.document import Lifecycle

PROCESS: dict[str, Any] = {
    "stages": {
        "inquiry": {"owner": "marketing", "most": 3},
        "sal": {"owner": "sales"},
        "won": {"kind": "won"},
        "lost": {"kind": "lost"},
        "asleep": {
            "owner": "marketing",
            "kind": "recycled",
            "wake": {"price": "90 days", "default": "60 days"},
        },
        "spam": {"kind": "disqualified"},
    },
    "moves": [
        {"from": "inquiry", "to": "sal", "automatic": True, "when": 'country == "DE"'},
        {"from": "inquiry", "to": "sal", "by": ["marketing", "sales"], "touches": ["calls"]},
        {
            "from": "sal",
            "to": "won",
            "by": ["sales"],
            "when": "consent",
            "fields": ["budget", "email"],
            "touches": ["calls", "visits"],
        },
        {"from": ["inquiry", "sal"], "to": "asleep", "after": "30 days", "because": "price"},
        {"from": "asleep", "to": "inquiry", "after": "wake", "by": ["marketing"]},
        {"from": "inquiry", "to": "spam"},
        {"from": "sal", "to": "inquiry", "by": ["sales"], "accept_within": "2 hours"},
        {
            "from": "inquiry",
            "to": "lost",
            "by": ["sales"],
            "accept_within": "1 day",
            "on_timeout": "accept",
        },
    ],
}

DRAWN = """\
stateDiagram-v2
    [*] --> inquiry
    inquiry : inquiry
    inquiry : marketing
    sal : sal
    sal : sales
    won : won
    lost : lost
    asleep : asleep
    asleep : marketing
    spam : spam
    inquiry --> sal : policy [country == "DE"]<br/>marketing or sales [touches calls]
    sal --> won : sales [consent, known(budget), known(email), touches calls, visits]
    inquiry --> asleep : policy after 30 days
    sal --> asleep : policy after 30 days
    asleep --> inquiry : marketing, or policy after price 90 days, default 60 days
    inquiry --> spam
    sal --> inquiry : sales within 2 hours
    inquiry --> lost : sales within 1 day, else policy
    won --> [*]
    lost --> [*]
    spam --> [*]
    classDef is_won fill:#d7f0d7,stroke:#2e7d32,color:#143d17
    class won is_won
    classDef is_lost fill:#f6dada,stroke:#b23b3b,color:#541717
    class lost is_lost
    classDef is_recycled fill:#fdf0cf,stroke:#b08000,color:#4d3800
    class asleep is_recycled
    classDef is_disqualified fill:#e4e4e4,stroke:#777777,color:#333333
    class spam is_disqualified"""


def drawn(document: dict[str, Any], *, guards: bool = True) -> str:
    return str(Lifecycle.model_validate(document).diagram(guards=guards))


def test_it_says_who_owns_a_stage_and_who_moves_a_lead_and_when() -> None:
    assert drawn(PROCESS) == DRAWN


def test_in_brief_it_does_not_say_what_has_to_be_true() -> None:
    found = drawn(PROCESS, guards=False).splitlines()
    assert "    inquiry --> sal : policy<br/>marketing or sales" in found
    assert "    sal --> won : sales" in found


def test_moves_that_say_the_same_are_one_line() -> None:
    moves = [
        {"from": ["inquiry", "inquiry"], "to": "won", "by": ["sales"], "when": "known(city)"},
        {"from": "inquiry", "to": "won", "by": ["sales"], "when": "known(email)"},
    ]
    document = {"stages": {"inquiry": {"owner": "x"}, "won": {"kind": "won"}}, "moves": moves}
    (arrow,) = (x for x in drawn(document, guards=False).splitlines() if "inquiry --> won" in x)
    assert arrow == "    inquiry --> won : sales"


def test_a_long_condition_is_cut() -> None:
    long = " or ".join(f'city == "town {number}"' for number in range(9))
    document = {
        "stages": {"inquiry": {"owner": "x"}, "won": {"kind": "won"}},
        "moves": [{"from": "inquiry", "to": "won", "when": long}],
    }
    (arrow,) = (x for x in drawn(document).splitlines() if "inquiry --> won" in x)
    assert arrow == f"    inquiry --> won : [{long[:77]}...]"


def test_words_of_mermaid_are_no_ids() -> None:
    names = ["note", "note_", "end", "state", "direction", "class"]
    stages = {name: {"owner": "x"} for name in names} | {"won": {"kind": "won"}}
    moves = [{"from": name, "to": "won"} for name in names]
    lines = drawn({"stages": stages, "moves": moves}).splitlines()
    assert [line.strip() for line in lines if " --> won" in line] == [
        "note_ --> won",
        "note__ --> won",
        "end_ --> won",
        "state_ --> won",
        "direction_ --> won",
        "class_ --> won",
    ]
    assert "    note_ : note" in lines
    assert "    note__ : note#95;" in lines


def test_what_mermaid_would_read_is_written_as_a_code() -> None:
    stages = {"a": {"owner": 'x; y: #35; <b> %%{init} `c` *d* \\ $$ & "q" <= 5'}, "b": {}}
    document = {"stages": stages | {"b": {"kind": "won", "owner": "direction TB _i_ a_b\n c"}}}
    assert drawn(document).splitlines()[3:6] == [
        (
            "    a : x#59; y#58; #35;35#59; #60;b> #37;#37;{init} #96;c#96; #42;d#42; #92; "
            '#36;#36; #38; "q" <= 5'
        ),
        "    b : b",
        "    b : direction#32;TB #95;i#95; a_b c",
    ]


@given(st.text(min_size=1), st.text())
def test_no_text_ends_its_line(owner: str, literal: str) -> None:
    """Law: Whatever roles and conditions say, the diagram has the lines that it has without."""
    condition = {"field": "city", "op": "==", "value": literal}
    document = {
        "stages": {"a": {"owner": owner}, "b": {"kind": "won"}},
        "moves": [{"from": "a", "to": "b", "by": [owner], "when": condition}],
    }
    text = drawn(document)
    assert len(text.split("\n")) == len(text.splitlines()) == 9
    for line in text.splitlines()[2:6]:
        _, _, said = line.partition(" : ")
        assert not re.sub(r"#\d+;", "", said).count(";")
        assert not set(re.sub(r"#\d+;", "", said)) & set("#;:%*`\\$")


def test_a_machine_has_the_diagram_of_its_lifecycle() -> None:
    stages = {"a": {"owner": "x"}, "b": {"kind": "won"}}
    moves = [{"from": "a", "to": "b", "when": "known(city)"}]
    document = {"stages": stages, "moves": moves}
    lifecycle = Lifecycle.model_validate(document)
    machine = StageMachine(lifecycle)
    assert machine.diagram() == lifecycle.diagram()
    assert machine.diagram(guards=False) == lifecycle.diagram(guards=False) != machine.diagram()


def test_a_notebook_draws_it() -> None:
    diagram = Diagram("stateDiagram-v2")
    assert diagram._repr_mimebundle_() == {
        "text/vnd.mermaid": "stateDiagram-v2",
        "text/markdown": "```mermaid\nstateDiagram-v2\n```\n",
        "text/plain": "stateDiagram-v2",
    }
