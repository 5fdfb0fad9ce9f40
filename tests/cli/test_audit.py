from __future__ import annotations

import json
from pathlib import Path

from tests.cli.runs import Command, written

POLICY = """\
leadrules: 1
policy: {id: acme, version: 1, effective: 2026-01-01}
lifecycle:
  force: [boss]
  stages: {inquiry: {owner: marketing}, sql: {owner: sales}, won: {kind: won}}
  moves:
    - {from: inquiry, to: sql, by: [marketing], fields: [email]}
    - {from: sql, to: won, by: [sales]}
"""
LEADS = "id,email,created\n17,ada@example.org,2026-01-05T09:00Z\n18,,2026-01-05T09:00Z\n19,,\n"
HEAD = "lead_id,id,time,type,kind,to,role,reason,forced\n"
MOVES = """\
17,a,2026-01-05T10:00Z,,moved,sql,marketing,,
17,b,2026-01-05T11:00Z,,moved,won,sales,,
18,a,2026-01-05T10:00Z,,moved,sql,sales,,
18,b,2026-01-05T11:00Z,,moved,won,boss,so agreed,true
18,c,2026-01-05T12:00Z,,moved,sql,sales,,
19,a,2026-01-05T12:00Z,,update,,,,
"""


def arguments(moves: str, *more: str) -> tuple[object, ...]:
    files = (written("leads.csv", LEADS), written("moves.csv", HEAD + moves))
    leads, events = files
    return (
        "audit",
        written("policy.yaml", POLICY),
        "--leads",
        leads,
        "--events",
        events,
        "--at",
        "2026-02-01",
        *more,
    )


def test_refused_moves_are_counted_by_reason(leadrules: Command) -> None:
    code, out, _ = leadrules(*arguments(MOVES))
    assert code == 1
    assert out == (
        "5 moves of 2 leads, 1 of them forced: the policy would have refused 2\n"
        "Moves   Leads   Reason          Such as\n"
        f"{'─' * 80}\n"
        "    1       1   field-missing   lead 18, inquiry -> sql: 'email' is missing\n"
        "    1       1   no-move         lead 18, won -> sql: no move leads from 'won' to\n"
        "                                'sql'\n"
        "    1       1   role            lead 18, inquiry -> sql: 'sales' may not move it\n"
    )


def test_json_tells_of_every_move(leadrules: Command) -> None:
    code, out, _ = leadrules(*arguments(MOVES, "--format", "json"))
    first, second = map(json.loads, out.splitlines())
    assert code == 1
    assert first == {
        "lead_id": "18",
        "at": "2026-01-05T10:00:00+00:00",
        "stage": "inquiry",
        "to": "sql",
        "unmet": [
            {"code": "role", "message": "'sales' may not move it", "needs": "it takes 'marketing'"},
            {
                "code": "field-missing",
                "message": "'email' is missing",
                "needs": "it has to be known",
            },
        ],
    }
    assert (second["to"], second["unmet"][0]["code"]) == ("sql", "no-move")


def test_moves_that_the_policy_allows_are_told_of(leadrules: Command) -> None:
    allowed = "".join(MOVES.splitlines(keepends=True)[:2])
    code, out, _ = leadrules(*arguments(allowed))
    assert (code, out) == (0, "2 moves of 1 lead: the policy would have refused none\n")


def test_moves_after_the_moment_are_yet_to_come(leadrules: Command) -> None:
    code, out, _ = leadrules(*arguments(MOVES)[:-1], "2026-01-05T10:00Z")
    assert code == 1
    assert out.startswith("2 moves of 2 leads: the policy would have refused 1\n")


def test_a_policy_without_a_lifecycle_cannot_audit(leadrules: Command) -> None:
    files = arguments(MOVES)
    head, _, _ = POLICY.partition("lifecycle:")
    written("policy.yaml", head)
    code, out, err = leadrules(*files)
    assert (code, out) == (2, "")
    assert err == "error: policy 'acme' has no section 'lifecycle'\n"


def test_a_stage_that_the_policy_does_not_know_is_a_rejected_row(leadrules: Command) -> None:
    code, out, err = leadrules(*arguments("17,a,2026-01-05T10:00Z,,moved,lost,sales,,\n"))
    assert code == 1
    assert out == "0 moves of 0 leads: the policy would have refused none\n"
    assert "1 not-a-choice: the text is not one of the field's choices" in err


def test_facts_without_an_effect_are_counted_too(leadrules: Command) -> None:
    files = arguments("", "--format", "text")
    written(
        "moves.csv", "lead_id,id,time,kind,type,item\n17,a,2026-01-05T10:00Z,completed,,offer\n"
    )
    code, out, _ = leadrules(*files)
    assert code == 1
    assert out == (
        "0 moves of 0 leads: the policy would have refused none\n"
        "1 other fact had no effect\n"
        "Facts   Leads   Reason           Such as\n"
        f"{'─' * 80}\n"
        "    1       1   without-effect   lead 17, inquiry: completed 'a': 'inquiry'\n"
        "                                 requires no 'offer'\n"
    )
    told = json.loads(leadrules(*files[:-1], "json").out)
    assert (told["to"], told["unmet"][0]["code"]) == (None, "without-effect")


def test_it_may_be_written_to_a_file(leadrules: Command) -> None:
    for form in ("text", "json"):
        shown = leadrules(*arguments(MOVES, "--format", form))
        kept = leadrules(*arguments(MOVES, "--format", form, "-o", "audit.txt"))
        assert (kept.code, kept.out) == (1, "")
        lines = Path("audit.txt").read_text(encoding="utf-8").splitlines()
        assert [line.rstrip() for line in lines] == shown.out.splitlines()


def test_rejected_rows_are_told_and_written(leadrules: Command) -> None:
    odd = "17,a,2026-01-05T10:00Z,,moved,lost,sales,,\n"
    assert "--events-rejects FILE writes the rejected rows" in leadrules(*arguments(odd)).err
    found = leadrules(*arguments(odd, "--events-rejects", "odd.csv", "--rejects", "none.csv"))
    assert found.code == 1
    assert "not-a-choice" in Path("odd.csv").read_text(encoding="utf-8")
    found = leadrules(*arguments(odd, "--rejects", "leads.csv"))
    assert found.err == (
        "error: --rejects: 'leads.csv' is read or written already; expected another file\n"
    )
