"""The files of an example are read once, for all that is measured on them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from examples import measure_ich_crm
from leadrules import Intake, load_policy


@pytest.fixture(scope="session")
def ich_intakes(data_dir: Path) -> Mapping[str, Intake]:
    """Return the deals, people, calls and spending of a school's CRM."""
    policy = load_policy(measure_ich_crm.HERE / "ich_crm.policy.yaml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure_ich_crm, "DATA", data_dir)
        return measure_ich_crm.read(policy)
