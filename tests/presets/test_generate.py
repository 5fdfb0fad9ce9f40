import runpy

import pytest

from leadrules import presets
from leadrules.presets import generate
from leadrules.presets.generate import HEADER, generated_leads


def test_the_sample_is_what_the_generator_makes() -> None:
    assert presets.demo_leads() == generated_leads()


def test_the_generator_makes_the_same_each_time() -> None:
    assert generated_leads() == generated_leads()


def test_the_generator_prints_the_sample(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(generate.__file__, run_name="__main__")
    assert capsys.readouterr().out == presets.demo_leads()


def test_nobody_has_an_address_of_the_sample() -> None:
    column = HEADER.index("Email")
    rows = presets.demo_leads().splitlines()[1:]
    hosts = set()
    for row in rows:
        name, _, host = row.split(";")[column].lower().partition("@")
        assert "-" in name
        hosts.add(host)
    free = {"gmail.com", "yahoo.com"}  # neither admits a hyphen before the at sign
    assert free < hosts
    assert all(host.endswith(".example") for host in hosts - free)
