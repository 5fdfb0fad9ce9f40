"""Match keys: what counts as the same, and what is no key."""

from __future__ import annotations

import pickle
import sys
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import Company, EvaluationError, Lead
from leadrules.identity import MatchKey, match_keys
from leadrules.identity.keys import domain_of, folded

COMPANY = Company(domain="example.org")


def values(**given: Any) -> dict[str, str]:
    return {key.kind: key.value for key in match_keys(Lead(id="17", **given))}


def test_a_lead_has_a_key_of_each_kind() -> None:
    ada = Lead(
        id="17",
        name="Ada  ADLER",
        email=" Ada.Adler+fair@Example.org ",
        phone="+49 (0)30 123-456",
        company=Company(website="https://www.Acme.example/about?x=1"),
    )
    found = match_keys(ada)
    assert found == (
        MatchKey("email", "ada.adler+fair@example.org"),
        MatchKey("phone", "+4930123456"),
        MatchKey("company_and_name", "acme.example ada adler"),
    )
    assert pickle.loads(pickle.dumps(found)) == found
    assert match_keys(Lead(id="17")) == ()


@pytest.mark.parametrize(
    "email", ["", "n/a", "ada", "@example.org", "ada@", "ada@localhost", "a@b@c.de", "Ada <a@b.de>"]
)
def test_what_is_no_address_is_no_key(email: str) -> None:
    assert values(email=email) == {}


@pytest.mark.parametrize(
    ("domain", "website", "found"),
    [
        ("Example.org", None, "example.org"),
        ("example.org.", "other.example", "example.org"),
        ("www.example.org", None, "example.org"),
        ("www.de", None, "www.de"),
        (None, "http://shop.example.org:8080/a#b", "shop.example.org"),
        ("gmail.com", "https://example.org", "example.org"),
        ("mail.gmail.com", None, None),
        (None, "https://de.linkedin.com/company/acme", None),
        ("n/a", None, None),
        ("example", "", None),
        ("two words.org", None, None),
    ],
)
def test_a_domain_tells_a_company_unless_many_share_it(
    domain: str | None, website: str | None, found: str | None
) -> None:
    assert domain_of(domain, website) == found


def test_a_name_needs_a_company_and_a_company_a_name() -> None:
    assert values(name="Ada") == values(company=COMPANY) == values(name=" ", company=COMPANY) == {}
    assert values(name="Ada", email="ada@example.org") == {"email": "ada@example.org"}
    assert values(name="Ada", company=COMPANY) == {"company_and_name": "example.org ada"}


def test_what_is_no_lead_is_said() -> None:
    with pytest.raises(EvaluationError) as caught:
        match_keys({"id": "17"})  # type: ignore[arg-type]
    assert str(caught.value) == "lead: '{...}' is no lead; make one with Lead(...)"
    assert caught.value.field == "lead"


@pytest.mark.large
def test_one_name_in_either_case_is_one_name() -> None:
    """Every character of Unicode; a Greek iota below a letter becomes one beside it."""
    iota = "\N{COMBINING GREEK YPOGEGRAMMENI}"
    for code in range(sys.maxunicode + 1):
        text = chr(code)
        if unicodedata.category(text) == "Cs" or iota in unicodedata.normalize("NFKD", text):
            continue
        found = folded(text)
        assert found == folded(text.upper()) == folded(text.lower()) == folded(found), text


def either_case(text: str) -> st.SearchStrategy[str]:
    return st.lists(st.booleans(), min_size=len(text), max_size=len(text)).map(
        lambda large: "".join(
            one.upper() if up else one.lower() for one, up in zip(text, large, strict=True)
        )
    )


spaces = st.text(" \t\n\N{NO-BREAK SPACE}\N{EM SPACE}", max_size=3)


@given(either_case("Ada.Adler@Example.org"), either_case("Jörg Äser"), spaces, spaces)
def test_case_and_spaces_are_no_difference(
    email: str, name: str, before: str, between: str
) -> None:
    """Law: keys are the same whatever the case, the spaces and the Unicode form."""
    spelt = name.replace(" ", f" {between}")
    found = match_keys(Lead(id="17", email=f"{before}{email}{between}", name=f"{before}{spelt}",
                            company=Company(domain=f"{before}EXAMPLE.org")))  # fmt: skip
    assert [key.value for key in found] == ["ada.adler@example.org", "example.org jörg äser"]
    decomposed = unicodedata.normalize("NFD", spelt)
    assert values(name=decomposed, company=COMPANY)["company_and_name"] == found[1].value
