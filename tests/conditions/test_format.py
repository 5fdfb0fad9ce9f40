from __future__ import annotations

import pytest

from leadrules.conditions import format_condition, parse


@pytest.mark.parametrize(
    "text",
    [
        "always",
        "not not vip",
        "not (a and b)",
        "a and (b or c)",
        "(a and b) and c",
        "(a or b) or c",
        "a or b and c",
        "all(a)",
        "any(all(a))",
        "at_least(2, a, b or c, not d)",
        "x - (y - z) > 0",
        "x - y - z > 0",
        "x / (y * z) < 0.5",
        "(x + y) * z >= -2",
        "1e+16 > x",
        'note == "say \\"no\\"\\n"',
        'note == "Ünïcode \U0001f600"',
        'not "a" in tags',
        'note not in ["a", title]',
        'within(seen, "1 day")',
        "within(seen, param.grace)",
        'idle > duration("90 minutes")',
        'idle > duration("0.000001 seconds")',
        'seen > datetime("0001-01-01T00:00:00+00:00")',
        'renews == date("2024-02-29")',
        'deal in [money("1.5 EUR"), money("100 JPY")]',
        "known(days_since(seen))",
        'contains(lower(note), "a")',
        "vip == true or vip == false",
    ],
)
def test_a_text_in_its_shortest_form_stays_as_it_is(text: str) -> None:
    assert format_condition(parse(text)) == text


def test_a_chain_of_comparisons_is_spelt_out() -> None:
    assert format_condition(parse("0 < x <= 5")) == "0 < x and x <= 5"
