"""Phone numbers: the same number, however it is written."""

from __future__ import annotations

import sys

import pytest

from leadrules import EvaluationError, Lead
from leadrules.identity import match_keys
from leadrules.identity.phones import phone_number


@pytest.mark.parametrize(
    "text",
    [
        "+4930123456",
        "0049 30 123456",
        "+49 (0) 30 / 12-34-56",
        " +49\N{NO-BREAK SPACE}30.123.456 ",
        "\N{FULLWIDTH PLUS SIGN}49 (30) 123\N{EN DASH}456",
    ],
)
def test_a_number_with_its_country_code_is_one_number(text: str) -> None:
    assert phone_number(text) == "+4930123456"


@pytest.mark.parametrize(
    "text", ["", "n/a", "030 123456", "+", "+49", "+0301234567", "+49 30 123456 ext. 7", "+4" * 8]
)
def test_what_has_no_country_code_is_no_key(text: str) -> None:
    assert phone_number(text) is None


@pytest.mark.parametrize(
    ("text", "region", "found"),
    [
        ("030 123456", "DE", "+4930123456"),
        ("+49 (0)30 123456", "US", "+4930123456"),
        ("0049 30 123456", "US", "+4930123456"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("415-555-2671 x7", "US", "+14155552671 ext. 7"),
        ("06 1234 5678", "IT", "+390612345678"),
        ("110", "DE", None),
        ("n/a", "DE", None),
    ],
)
def test_a_region_tells_the_country_code(text: str, region: str, found: str | None) -> None:
    pytest.importorskip("phonenumbers")
    assert phone_number(text, region=region) == found


def test_an_unknown_region_is_said() -> None:
    pytest.importorskip("phonenumbers")
    with pytest.raises(EvaluationError) as caught:
        match_keys(Lead(id="17", phone="030 123456"), region="Germany")
    assert str(caught.value) == "region: 'Germany' is no region; expected a code such as 'DE'"
    assert caught.value.field == "region"


def test_a_region_without_the_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    with pytest.raises(ModuleNotFoundError) as caught:
        phone_number("030 123456", region="DE")
    message = "region needs the package 'phonenumbers'; install leadrules[phones]"
    assert str(caught.value) == message
    assert caught.value.name == "phonenumbers"
    assert phone_number("+49 30 123456") == "+4930123456"
