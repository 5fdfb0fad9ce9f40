"""Members: their absences, and what they have."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from leadrules import EvaluationError, Money
from leadrules.errors import Problem
from leadrules.routing.members import Absence, Attribute, Member
from leadrules.values import Cash, Instant, Span, Type, instant_of

MORNING = datetime(2026, 1, 31, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "absence", "shown"),
    [
        ("2026-12-24", Absence(date(2026, 12, 24), date(2026, 12, 24)), "2026-12-24"),
        (
            " 2026-08-03   to 2026-08-14 ",
            Absence(date(2026, 8, 3), date(2026, 8, 14)),
            "2026-08-03 to 2026-08-14",
        ),
        ("2026-12-24 to 2026-12-24", Absence(date(2026, 12, 24), date(2026, 12, 24)), "2026-12-24"),
    ],
)
def test_absences_are_read_and_written(written: str, absence: Absence, shown: str) -> None:
    member = Member.model_validate({"absent": written})
    assert member.absent == (absence,)
    assert member.model_dump()["absent"] == (shown,)
    assert Member.model_validate({"absent": absence}) == member
    assert Member.model_validate({"absent": [written, absence]}).absent == (absence, absence)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("2026-08-14 to 2026-08-03", "2026-08-14 to 2026-08-03"),
        ("2026-08-03 until 2026-08-14", "2026-08-03 until 2026-08-14"),
        ("2026-08-03 to", "2026-08-03 to"),
        ("2026-08-03 to 2026-08-04 to 2026-08-05", "2026-08-03 to 2026-08-04 to 2026-08-05"),
        ("2026-02-30", "2026-02-30"),
        ("20260803", "20260803"),
        ("", ""),
        (5, "5"),
        (True, "true"),
        (None, "null"),
        ({"from": "2026-08-03"}, "{...}"),
        ([[]], "[...]"),
    ],
)
def test_what_is_no_absence_is_told(written: Any, shown: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Member.model_validate({"absent": written})
    assert [error["msg"] for error in caught.value.errors()] == [
        f"'{shown}' is no absence; expected '2026-08-03 to 2026-08-14' or a day"
    ]


def test_an_absence_lasts_to_the_end_of_its_last_day_in_a_zone() -> None:
    spring = Absence(date(2026, 3, 28), date(2026, 3, 29))
    start, end = spring.instants("Europe/Berlin")
    assert start == instant_of(datetime(2026, 3, 27, 23, tzinfo=UTC))
    assert end - start == 47 * 3600 * 1_000_000  # clocks go forward
    assert spring.instants("UTC")[1] == instant_of(datetime(2026, 3, 30, tzinfo=UTC))


# --- attributes


def attribute(kind: Type) -> Attribute:
    choices = ("a", "b") if kind is Type.ENUM else ()
    return Attribute.model_validate({"type": kind.value, "choices": choices})


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        (Type.STRING, "de", "de"),
        (Type.STRING, "", ""),
        (Type.ENUM, "b", "b"),
        (Type.INTEGER, 3, 3),
        (Type.NUMBER, 3, 3),
        (Type.NUMBER, 1.5, 1.5),
        (Type.NUMBER, Decimal("1.5"), 1.5),
        (Type.BOOLEAN, False, False),
        (Type.DATE, "2026-01-31", date(2026, 1, 31)),
        (Type.DATE, date(2026, 1, 31), date(2026, 1, 31)),
        (Type.DATETIME, "2026-01-31T09:00Z", instant_of(MORNING)),
        (Type.DATETIME, MORNING, instant_of(MORNING)),
        (Type.DURATION, "36 hours", Span(36 * 3600 * 1_000_000)),
        (Type.DURATION, timedelta(hours=36), Span(36 * 3600 * 1_000_000)),
        (Type.MONEY, "5 EUR", Cash(500, "EUR")),
        (Type.MONEY, Money.parse("5 EUR"), Cash(500, "EUR")),
        (Type.STRINGS, "de", ("de",)),
        (Type.STRINGS, ["de", "en"], ("de", "en")),
        (Type.STRINGS, ("de",), ("de",)),
        (Type.STRINGS, [], ()),
    ],
)
def test_a_value_is_read_as_its_type(kind: Type, written: Any, value: Any) -> None:
    found = attribute(kind).value(written)
    assert found == value
    assert type(found) is type(value)
    assert kind is not Type.DATETIME or type(found) is Instant


def test_texts_with_choices_are_an_enum() -> None:
    found = Attribute.model_validate({"choices": ["a", "b"]})
    assert (found.type, found.declaration.type) == (Type.STRING, Type.ENUM)
    assert found.value("a") == "a"
    with pytest.raises(EvaluationError) as caught:
        found.value("c")
    assert caught.value.message == "value: 'c' is not a choice; expected 'a' or 'b'"


MOMENT = "is not a moment; expected '2026-01-31T09:00:00+01:00'"
DURATION = "is not a duration; expected a number and a unit from seconds to weeks: '30 days'"


@pytest.mark.parametrize(
    ("kind", "written", "message"),
    [
        *((kind, None, f"'null' is not {kind.noun}") for kind in Type),
        *((kind, {"a": 1}, "'{'a': 1}' is of no type that a field can have") for kind in Type),
        *((kind, b"x", "'b'x'' is of no type that a field can have") for kind in Type),
        *((kind, [1], "'(1,)' is of no type that a field can have") for kind in Type),
        *(
            (kind, float("nan"), "'nan' is not finite, or an integer beyond 2^53")
            for kind in (Type.INTEGER, Type.NUMBER)
        ),
        (Type.INTEGER, 2**60, "'1152921504606846976' is not finite, or an integer beyond 2^53"),
        (Type.STRING, 5, "'5' is not a text"),
        (Type.STRING, ["de"], "'[...]' is not a text"),
        (Type.INTEGER, "5", "'5' is not an integer"),
        (Type.INTEGER, True, "'true' is not an integer"),
        (Type.INTEGER, 5.0, "'5.0' is not an integer"),
        (Type.NUMBER, True, "'true' is not a number"),
        (Type.BOOLEAN, 1, "'1' is not a boolean"),
        (Type.BOOLEAN, "true", "'true' is not a boolean"),
        (Type.DATE, "31.1.2026", "'31.1.2026' is not a date; expected '2026-01-31'"),
        (Type.DATE, MORNING, "'2026-01-31 09:00:00+00:00' is not a date"),
        (Type.DATETIME, "2026-01-31", f"'2026-01-31' {MOMENT}"),
        (
            Type.DATETIME,
            datetime(2026, 1, 31, 9),  # noqa: DTZ001 - it has no zone
            "'2026-01-31T09:00:00' has no time zone; expected an aware datetime",
        ),
        (Type.DURATION, "3", f"'3' {DURATION}"),
        (Type.DURATION, 3, "'3' is not a duration"),
        (
            Type.MONEY,
            "EUR 5",
            "'EUR 5' is not money; expected an amount and a currency: '50000 EUR'",
        ),
        (Type.MONEY, 5, "'5' is not an amount of money"),
        (Type.STRINGS, 5, "'5' is not a list of texts"),
        (Type.ENUM, 5, "'5' is not one of the choices"),
    ],
)
def test_a_value_that_is_none_of_its_type_is_told(kind: Type, written: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        attribute(kind).value(written)


@pytest.mark.parametrize(
    ("data", "problems"),
    [
        ({"choices": ["a", "b"]}, []),
        ({"type": "enum"}, [("missing-key", "an enum needs its choices: [...]", ())]),
        (
            {"type": "strings", "choices": ["a"]},
            [("wrong-value", "a list of texts has no choices", ())],
        ),
        (
            {"type": "integer", "choices": ["a", "a"]},
            [
                ("wrong-value", "an integer has no choices", ()),
                ("duplicate", "'a' stands here twice", ("choices", 1)),
            ],
        ),
    ],
)
def test_what_is_wrong_with_an_attribute_is_told(data: Any, problems: list[Any]) -> None:
    assert list(Attribute.model_validate(data).check(("attributes", "x"))) == [
        Problem(code, message, ("attributes", "x", *path)) for code, message, path in problems
    ]


def test_what_is_wrong_with_a_member_is_told() -> None:
    member = Member.model_validate(
        {"calendar": "ofice", "attributes": {"langs": "de", "desk": "north", "floor": "2"}}
    )
    attributes = {
        "languages": Attribute(type=Type.STRINGS),
        "desk": Attribute(choices=("left", "right")),
        "floor": Attribute(type=Type.INTEGER),
    }
    assert list(member.check(("members", "anna"), attributes, {})) == [
        Problem(code, message, ("members", "anna", *path))
        for code, message, path in (
            ("unknown-name", "no calendar 'ofice'", ("calendar",)),
            (
                "unknown-name",
                "no attribute 'langs'; did you mean 'languages'?",
                ("attributes", "langs"),
            ),
            (
                "wrong-value",
                "'north' is not a choice; expected 'left' or 'right'",
                ("attributes", "desk"),
            ),
            ("wrong-type", "'2' is not an integer", ("attributes", "floor")),
        )
    ]
