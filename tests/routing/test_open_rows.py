"""Rows that leave the range or the prefix open hold for leads whose field is missing, too."""

from __future__ import annotations

import pytest

from leadrules.routing.lookups import Lookup, LookupIndex

ROWS = [
    {"country": "DE", "from": "01000", "to": "99999", "team": "north"},
    {"country": "AT", "from": "", "to": "", "team": "south"},
    {"country": "CH", "from": "", "to": "4999", "team": "south"},
]
RANGE = {"field": "postal_code", "from": "from", "to": "to"}
PREFIX = {"field": "postal_code", "column": "from"}


@pytest.mark.parametrize(
    ("part", "given"),
    [({"range": RANGE}, [None, 2, None]), ({"prefix": PREFIX}, [None, 2, 3])],
)
def test_only_a_row_that_is_open_holds_for_what_is_missing(
    part: dict[str, object], given: list[int | None]
) -> None:
    lookup = Lookup.model_validate(
        {"equal": {"country": "country"}, "gives": {"pool": "team"}, **part}
    )
    index = LookupIndex(lookup, ROWS)
    found = [index.find({"country": country}) for country in ("DE", "AT", "CH")]
    assert [each and each.row for each in found] == given
