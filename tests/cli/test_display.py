from __future__ import annotations

import io

from rich.console import Console

from leadrules import load_policy
from leadrules.cli.display import policy_brief
from tests.cli.runs import stripped


def _shown(policy: str) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(policy_brief(load_policy(policy)))
    assert isinstance(console.file, io.StringIO)
    return stripped(console.file.getvalue())


def test_a_policy_that_nobody_signed_and_that_scores_nothing() -> None:
    text = "leadrules: 1\npolicy: {id: acme, version: 1, effective: 2026-01-01}\n"
    assert _shown(text) == "policy  acme, version 1, from 2026-01-01\n"


def test_points_and_limits_may_be_parameters() -> None:
    assert (
        _shown("""
leadrules: 1
policy: {id: acme, version: 1, effective: 2026-01-01}
agreed: {sales: Ada 2025-12-01, marketing: Bo 2025-12-02}
parameters: {top: {2026-01-01: 50}, some: {2026-01-01: 2.5, 2027-01-01: 3}}
scoring:
  total: {min: -5.5, max: {param: top}}
  fit:
    characteristics:
      size: [{when: company.employees >= 50, points: {param: some}}]
      mail: [{when: missing(email), points: -0.5, why: '[bold]'}]
""")
        == """\
policy      acme, version 1, from 2026-01-01
agreed      Ada, 2025-12-01
            Bo, 2025-12-02
parameters  top: 50 from 2026-01-01
            some: 2.5 from 2026-01-01, 3 from 2027-01-01

size param.some company.employees >= 50
mail       -0.5 missing(email)                         [bold]

fit    size + mail
score  fit, at least -5.5, at most param.top
"""
    )
