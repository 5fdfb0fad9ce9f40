import runpy
import sys
from pathlib import Path

import pytest

from leadrules import presets
from leadrules.presets import generate
from leadrules.presets.generate import HEADER, generated_events, generated_leads


def test_the_sample_is_what_the_generator_makes() -> None:
    assert presets.demo_leads() == generated_leads()
    assert presets.demo_events() == generated_events()


def test_the_generator_makes_the_same_each_time() -> None:
    assert generated_leads() == generated_leads()
    assert generated_events() == generated_events()


def test_the_generator_writes_the_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["generate", str(tmp_path)])
    runpy.run_path(generate.__file__, run_name="__main__")
    assert (tmp_path / "demo_leads.csv").read_text(encoding="utf-8") == presets.demo_leads()
    assert (tmp_path / "demo_events.csv").read_text(encoding="utf-8") == presets.demo_events()


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
