from __future__ import annotations

from leadrules import load_policy, presets
from tests.cli.runs import POLICY, Command, Run, written

SMALL = """\
leadrules: 1
policy: {id: acme, version: 1, effective: 2026-01-01}
lifecycle:
  stages:
    inquiry: {owner: marketing, update_every: 5 days}
    sal:
      owner: sales
      requires: [draft, offer]
      approvals: [sales_manager, legal]
    closed: {kind: won}
    lost: {kind: lost, reasons: [price]}
  moves:
    - {from: inquiry, to: sal, automatic: true, when: known(budget)}
    - {from: sal, to: closed, by: [sales]}
    - {from: [inquiry, sal], to: lost, by: [sales]}
  touches:
    calls: {in: inquiry, count: {demo: 3, default: 1}, within: 5 days}
"""


def test_it_prints_the_diagram(leadrules: Command) -> None:
    written("policy.yaml", presets.demo_policy())
    lifecycle = load_policy(presets.demo_policy()).lifecycle
    assert lifecycle
    diagram = f"{lifecycle.diagram()}\n"
    assert leadrules("lifecycle", "policy.yaml") == Run(0, diagram, "")
    brief = f"{lifecycle.diagram(guards=False)}\n"
    assert brief != diagram
    assert leadrules("lifecycle", "policy.yaml", "--brief") == Run(0, brief, "")


def test_it_prints_a_table_of_the_stages(leadrules: Command) -> None:
    written("policy.yaml", SMALL)
    code, out, err = leadrules("lifecycle", "policy.yaml", "--stages")
    assert (code, err) == (0, "")
    assert [" ".join(line.split()) for line in out.splitlines() if line.strip(" ─")] == [
        "Stage Owner Owed there Leads on to",
        "inquiry marketing touches calls, up to 3 within 5 sal, lost",
        "days; an update every 5 days",
        "sal sales required: draft, offer; closed, lost",
        "approved by sales_manager and",
        "legal",
        "closed (won)",
        "lost",
    ]


def test_a_policy_without_a_lifecycle_has_none_to_show(leadrules: Command) -> None:
    written("policy.yaml", POLICY)
    assert leadrules("lifecycle", "policy.yaml") == Run(
        2, "", "error: policy.yaml: the policy has no lifecycle; expected lifecycle: stages\n"
    )
