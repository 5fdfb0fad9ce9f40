"""Lookups: which row holds, and what is wrong with rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import EvaluationError, PolicyError
from leadrules.errors import Problem
from leadrules.routing.document import Routing
from leadrules.routing.lookups import Found, Lookup, LookupIndex
from leadrules.routing.router import Router
from leadrules.values import Type
from leadrules.vocabulary import Declaration, Vocabulary

WORDS = Vocabulary(
    {
        "segment": Declaration(Type.ENUM, ("small", "large")),
        "months": Declaration(Type.INTEGER),
        "rate": Declaration(Type.NUMBER),
        "until": Declaration(Type.DATE),
        "vip": Declaration(Type.BOOLEAN),
    }
)
KNOWN = {"owner": ("anna", "ben"), "pool": ("dach", "both"), "role": ("dev", "both")}
COLUMNS = ("a", "b", "from", "to", "pool", "owner", "role")


def row(**cells: Any) -> dict[str, Any]:
    """Return a row of which all other cells are empty; `start` and `end` are `from` and `to`."""
    names = {"start": "from", "end": "to"}
    own = {names.get(name, name): cell for name, cell in cells.items()}
    given = {} if {"owner", "role", "pool"} & set(own) else {"pool": "dach"}
    return {**dict.fromkeys(COLUMNS), **given, **own}


def problems(lookup: Mapping[str, Any], rows: Any, *, warnings: bool = True) -> list[Problem]:
    found = Lookup.model_validate({"table": "t", "gives": {"pool": "pool"}, **lookup})
    return list(
        found.check(
            "l",
            ("lookups", "l"),
            vocabulary=WORDS,
            columns={"t": COLUMNS},
            rows={"t": rows},
            known=KNOWN,
            warnings=warnings,
        )
    )


def told(lookup: Mapping[str, Any], rows: Any) -> list[str]:
    """Return what is told of rows, each with its code; a warning stands in brackets."""
    found = problems(lookup, rows)
    assert {problem.path for problem in found} <= {("lookups", "l")}
    texts = [f"{problem.message} [{problem.code}]" for problem in found]
    return [
        text if problem.severity == "error" else f"({text})"
        for text, problem in zip(texts, found, strict=True)
    ]


LAND = {"equal": {"a": "country"}}
POSTAL = {"equal": {"a": "country"}, "range": {"field": "postal_code", "from": "from", "to": "to"}}
MONTHS = {"range": {"field": "months", "from": "from", "to": "to"}}
UNTIL = {"range": {"field": "until", "from": "from", "to": "to"}}
PHONE = {"equal": {"a": "country"}, "prefix": {"field": "phone", "column": "b"}}
WHO = {"equal": {"a": "country"}, "gives": {"owner": "owner", "pool": "pool", "role": "role"}}


@pytest.mark.parametrize(
    ("lookup", "rows", "messages"),
    [
        (LAND, [], ["the table 't' has no rows; it gives nobody a lead [empty]"]),
        (LAND, [row(a="DE"), row(a="AT")], []),
        # --- cells
        (
            LAND,
            [5, None, ["DE"]],
            [
                "row 1 is '5'; expected values by column [wrong-type]",
                "row 2 is 'null'; expected values by column [wrong-type]",
                "row 3 is '[...]'; expected values by column [wrong-type]",
            ],
        ),
        (
            LAND,
            [{"a": "DE"}, {"pool": "dach"}],
            ["row 1 has no 'pool' [missing-column]", "row 2 has no 'a' [missing-column]"],
        ),
        (
            LAND,
            [row(a={"x": 1}), row(a={1}), row(a=b"DE")],
            [
                "row 1: a: '{'x': 1}' is of no type that a field can have [wrong-type]",
                "row 2: a: '{1}' is of no type that a field can have [wrong-type]",
                "row 3: a: 'b'DE'' is of no type that a field can have [wrong-type]",
            ],
        ),
        (
            LAND,
            [row(a=5), row(a=True), row(a=("DE",)), row(a=Decimal(1))],
            [
                "row 1: a: '5' is not a text, as 'country' is [wrong-type]",
                "row 2: a: 'true' is not a text, as 'country' is [wrong-type]",
                "row 3: a: '[...]' is not a text, as 'country' is [wrong-type]",
                "row 4: a: '1' is not a text, as 'country' is [wrong-type]",
            ],
        ),
        (
            MONTHS,
            [row(start=1.5, end="9"), row(start=2**60, end=float("inf"))],
            [
                "row 1: from: '1.5' is not an integer, as 'months' is [wrong-type]",
                "row 1: to: '9' is not an integer, as 'months' is [wrong-type]",
                (
                    "row 2: from: '1152921504606846976' is not finite, or an integer beyond 2^53 "
                    "[wrong-type]"
                ),
                "row 2: to: 'inf' is not finite, or an integer beyond 2^53 [wrong-type]",
            ],
        ),
        (
            {"equal": {"a": "segment"}},
            [row(a="smal"), row(a="medium")],
            [
                "row 1: a: 'smal' is no choice of 'segment'; did you mean 'small'? [unknown-name]",
                "row 2: a: 'medium' is no choice of 'segment' [unknown-name]",
            ],
        ),
        # --- who
        (
            WHO,
            [row(a="DE", owner="ana"), row(a="AT", pool="dahc"), row(a="CH", role="both")],
            [
                "row 1: owner: no member 'ana'; did you mean 'anna'? [unknown-name]",
                "row 2: pool: no pool 'dahc'; did you mean 'dach'? [unknown-name]",
                (
                    "row 3: role: 'both' is a role and a pool; expected another name for one of "
                    "them [duplicate]"
                ),
            ],
        ),
        (
            WHO,
            [row(a="DE", owner=5), row(a="AT", owner=float("nan")), row(a="CH", owner="")],
            [
                "row 1: owner: '5' is not a text [wrong-type]",
                "row 2 gives nobody; expected a name in 'owner', 'pool' or 'role' [empty]",
                "row 3 gives nobody; expected a name in 'owner', 'pool' or 'role' [empty]",
            ],
        ),
        # --- rows that hold for the same leads
        (
            LAND,
            [row(a="DE"), row(a="AT"), row(a="DE"), row(), row(a="")],
            [
                "rows 1 and 3 hold for the same leads of country 'DE'; expected one [overlap]",
                "rows 4 and 5 hold for the same leads; expected one [overlap]",
            ],
        ),
        (
            PHONE,
            [row(a="DE", b="+49"), row(a="DE", b="+491"), row(a="DE", b="+49")],
            [
                (
                    "rows 1 and 3 hold for the same leads of country 'DE', prefix '+49'; "
                    "expected one [overlap]"
                ),
            ],
        ),
        (
            POSTAL,
            [row(a="DE", start="1", end="5"), row(a="DE", start="5", end="9")],
            ["rows 1 and 2 of country 'DE' overlap; expected one row for every value [overlap]"],
        ),
        (
            MONTHS,
            [row(start=1, end=90), row(start=2, end=3), row(start=50, end=60)],
            [
                "rows 1 and 2 overlap; expected one row for every value [overlap]",
                "rows 1 and 3 overlap; expected one row for every value [overlap]",
            ],
        ),
        (
            MONTHS,
            [row(end=3), row(start=5), row(start=4, end=4), row(), row(start=9, end=9)],
            [
                "rows 1 and 4 overlap; expected one row for every value [overlap]",
                "rows 4 and 3 overlap; expected one row for every value [overlap]",
                "rows 4 and 2 overlap; expected one row for every value [overlap]",
                "rows 4 and 5 overlap; expected one row for every value [overlap]",
            ],
        ),
        (
            MONTHS,
            [row(start=9, end=1), row(start=20, end=19)],
            [
                "row 1: '9' comes after '1' [wrong-value]",
                "row 2: '20' comes after '19' [wrong-value]",
            ],
        ),
        # --- what has no row
        (
            MONTHS,
            [row(start=1, end=5), row(start=9), row(start=7, end=7)],
            [
                "(no row for '6', between rows 1 and 3 [gap])",
                "(no row for '8', between rows 3 and 2 [gap])",
            ],
        ),
        (
            POSTAL,
            [row(a="DE", start="01000", end="09999"), row(a="DE", start="20000", end="29999")],
            ["(no row for '10000' to '19999' of country 'DE', between rows 1 and 2 [gap])"],
        ),
        (
            UNTIL,
            [row(start=date(2026, 1, 1), end=date(2026, 1, 31)), row(start=date(2026, 2, 3))],
            ["(no row for '2026-02-01' to '2026-02-02', between rows 1 and 2 [gap])"],
        ),
        (UNTIL, [row(start=date(2026, 1, 1), end=date.max)], []),
        (
            {"range": {"field": "rate", "from": "from", "to": "to"}},
            [row(start=1, end=1.5), row(start=3.5, end=4)],
            [],
        ),
        (POSTAL, [row(a="UK", start="AB1", end="AB9"), row(a="UK", start="CD1", end="CD9")], []),
        (
            POSTAL,  # the rest of a country is covered by the row without one, or by one of any
            [
                row(a="DE", start="10000", end="19999"),
                row(a="DE", start="30000", end="39999"),
                row(),
            ],
            [],
        ),
        (
            POSTAL,  # of the gap, only a part is covered
            [
                row(a="DE", start="10000", end="19999"),
                row(a="DE", start="30000", end="39999"),
                row(start="20000", end="24999"),
            ],
            ["(no row for '20000' to '29999' of country 'DE', between rows 1 and 2 [gap])"],
        ),
        ({"equal": {"a": "segment"}}, [row(a="small")], ["(no row for segment 'large' [gap])"]),
        ({"equal": {"a": "segment"}}, [row(a="small"), row()], []),
        ({"equal": {"a": "segment"}}, [row(a="small"), row(a="large")], []),
    ],
)  # fmt: skip
def test_what_is_wrong_with_rows_is_told(lookup: Any, rows: Any, messages: list[str]) -> None:
    assert told(lookup, rows) == messages


def test_gaps_are_not_looked_for_if_nobody_wants_warnings() -> None:
    assert problems(MONTHS, [row(start=1, end=5), row(start=7)], warnings=False) == []


def test_of_many_gaps_the_first_are_told() -> None:
    found = told(MONTHS, [row(start=2 * n, end=2 * n) for n in range(30)])
    assert len(found) == 21
    assert found[19] == "(no row for '39', between rows 20 and 21 [gap])"
    assert found[20] == "(9 more gaps between the rows of its table [gap])"


def test_of_many_overlaps_the_first_are_told() -> None:
    found = told(LAND, [row(a="DE")] * 30)
    assert found[19:] == [
        "rows 1 and 21 hold for the same leads of country 'DE'; expected one [overlap]",
        "more is wrong with the rows; these are the first 20 [overlap]",
    ]


# --- which row holds


def index(lookup: Mapping[str, Any], rows: list[dict[str, Any]]) -> LookupIndex:
    return LookupIndex(
        Lookup.model_validate({"gives": {"owner": "owner", "pool": "pool"}, **lookup}), rows
    )


def test_a_row_that_states_more_goes_before_one_that_leaves_it_open() -> None:
    found = index(
        {"equal": {"a": "country", "b": "segment"}},
        [
            row(owner="any"),
            row(b="small", owner="small"),
            row(a="DE", owner="german"),
            row(a="DE", b="small", owner="small german"),
        ],
    )
    assert found.find({"country": "DE", "segment": "small"}) == Found("owner", "small german", 4)
    assert found.find({"country": "DE", "segment": "large"}) == Found("owner", "german", 3)
    assert found.find({"country": "DE"}) == Found("owner", "german", 3)
    assert found.find({"country": "AT", "segment": "small"}) == Found("owner", "small", 2)
    assert found.find({}) == Found("owner", "any", 1)


def test_the_first_column_that_is_compared_counts_most() -> None:
    rows = [row(b="small", owner="small"), row(a="DE", owner="german")]
    lead = {"country": "DE", "segment": "small"}
    by_country = index({"equal": {"a": "country", "b": "segment"}}, rows).find(lead)
    by_segment = index({"equal": {"b": "segment", "a": "country"}}, rows).find(lead)
    assert (by_country, by_segment) == (Found("owner", "german", 2), Found("owner", "small", 1))


def test_the_first_column_that_is_filled_says_who() -> None:
    found = index(LAND, [row(a="DE", owner="anna", pool="dach"), row(a="AT", pool="dach")])
    assert found.find({"country": "DE"}) == Found("owner", "anna", 1)
    assert found.find({"country": "AT"}) == Found("pool", "dach", 2)


@pytest.mark.parametrize(
    ("value", "place"),
    [("0999", None), ("1", None), ("1000", 1), ("1500", 1), ("15", 1), ("1999", 1), ("19990", None),
     ("2000", None), ("3000", 2), ("zzz", 2), (None, None)],
)  # fmt: skip
def test_a_range_holds_from_its_first_to_its_last_value(
    value: str | None, place: int | None
) -> None:
    rows = [row(a="DE", start="1000", end="1999"), row(a="DE", start="3000")]
    found = index(POSTAL, rows).find({"country": "DE", **({"postal_code": value} if value else {})})
    assert (found and found.row) == place


def test_the_longest_prefix_holds() -> None:
    rows = [row(a="DE", b="+49"), row(a="DE", b="+4930"), row(a="DE")]
    found = index(PHONE, rows)
    assert [
        found.find({"country": "DE", "phone": phone})
        for phone in ("+493012", "+4930", "+493", "+49", "+4", "")
    ] == [Found("pool", "dach", place) for place in (2, 2, 1, 1, 3, 3)]
    assert found.find({"country": "DE"}) == Found("pool", "dach", 3)
    assert found.find({"country": "AT", "phone": "+493012"}) is None


def test_a_value_of_another_type_is_refused() -> None:
    with pytest.raises(EvaluationError) as caught:
        index(MONTHS, [row(start=1, end=5)]).find({"months": "x"})
    assert caught.value.message == "months: 'x' is of another type than the table's"
    assert caught.value.field == "months"


CELLS = st.sampled_from([None, "", "x", "y"])
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "country": st.sampled_from(["x", "y", "z"]),
        "segment": st.sampled_from(["x", "y", "z"]),
        "phone": st.text("12", max_size=4),
    },
)


@given(
    st.lists(
        st.tuples(CELLS, CELLS, st.text("12", max_size=3)), max_size=12, unique_by=lambda x: (
            x[0] or None, x[1] or None, x[2])
    ),
    VALUES,
)  # fmt: skip
def test_the_row_that_is_found_is_the_one_that_a_scan_would_find(
    cells: list[tuple[str | None, str | None, str]], lead: dict[str, Any]
) -> None:
    """Law: a lookup finds what a scan of all rows finds, by what they state and their prefix."""
    rows = [row(a=a, b=b, start=prefix) for a, b, prefix in cells]
    found = index(
        {
            "equal": {"a": "country", "b": "segment"},
            "prefix": {"field": "phone", "column": "from"},
        },
        rows,
    ).find(lead)
    holding = [
        (not a, not b, -len(prefix), place)
        for place, (a, b, prefix) in enumerate(cells, start=1)
        if (not a or a == lead.get("country"))
        and (not b or b == lead.get("segment"))
        and (not prefix or str(lead.get("phone", "")).startswith(prefix))
    ]
    assert (found.row if found else None) == (min(holding)[-1] if holding else None)


@given(
    st.lists(st.integers(0, 40), min_size=2, max_size=12, unique=True).map(sorted),
    st.integers(-1, 41),
)
def test_a_value_has_a_row_or_is_in_a_gap_that_is_told(ends: list[int], value: int) -> None:
    """Law: between the first and the last value, each has its row or is told to have none."""
    pairs = list(zip(ends[::2], ends[1::2], strict=False))
    rows = [row(start=first, end=last) for first, last in pairs]
    found = index(MONTHS, rows).find({"months": value})
    inside = [place for place, (first, last) in enumerate(pairs, 1) if first <= value <= last]
    assert ([found.row] if found else []) == inside
    told_of = " ".join(told(MONTHS, rows))
    gaps = [
        f"'{low}' to '{high}'" if low < high else f"'{low}'"
        for low, high in ((a + 1, b - 1) for (_, a), (b, _) in pairwise(pairs))
        if low <= high
    ]
    assert all(gap in told_of for gap in gaps)
    assert told_of.count("no row") == len(gaps)


# --- a router that is made of rows


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row(a="DE"), 5], "row 2 is '5'; expected values by column"),
        ([row(a="DE"), {"a": "AT"}], "row 2 has no 'pool'"),
        ([row(a="DE"), row(a=5)], "row 2: a: '5' is not a text, as 'country' is"),
    ],
)
def test_a_router_refuses_rows_that_are_none(rows: Any, message: str) -> None:
    routing = Routing.model_validate(
        {
            "queue": "q",
            "rules": [{"when": "always", "to": {"lookup": "t"}}],
            "lookups": {"t": {**LAND, "gives": {"pool": "pool"}}},
            "pools": {"dach": {"members": ["anna"]}},
            "members": {"anna": {}},
        }
    )
    with pytest.raises(PolicyError) as caught:
        Router(routing, tables={"t": rows})
    assert [(issue.path, issue.message) for issue in caught.value.issues] == [
        ("lookups.t", message)
    ]
