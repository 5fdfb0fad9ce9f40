"""The benchmarks run, and what they compare is equal; how fast anything is, is not tested."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import polars as pl
import pytest

from benchmarks import (
    activities,
    engagement,
    engagement_growth,
    explanation,
    growth,
    history,
    imports,
    intake,
    lead_histories,
    lifecycle,
    lifecycle_growth,
    peers,
    routing,
    rules,
    stage_peers,
    worklist,
)
from benchmarks.hand_written import Row, score_row
from benchmarks.hand_written_frames import SQL, by_chains, by_flags
from benchmarks.own_process import in_own_process
from benchmarks.policy import AT, NOW, RULES, lead_of, make_leads, policy, record_of
from benchmarks.report import at_least, at_most
from benchmarks.timing import Timings, in_turns
from leadrules import Assignment, Engine, Score, load_mapping, load_policy
from leadrules.conditions.tree import Comparison, walk
from leadrules.scoring.scorer import Scorer

LEADS = 1_500


@pytest.fixture(scope="module")
def leads() -> pl.DataFrame:
    return make_leads(LEADS)


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Engine(policy()).scorer


@pytest.fixture(scope="module")
def scores(leads: pl.DataFrame, scorer: Scorer) -> list[Score]:
    return [scorer.score(lead_of(row), at=AT) for row in leads.to_dicts()]


def test_the_policy_has_twenty_rules_of_about_eighty_comparisons() -> None:
    scoring = policy().scoring
    assert scoring is not None
    conditions = [rule.when for _, rule in scoring.rules()]
    comparisons = [
        part for node in conditions for _, part in walk(node) if isinstance(part, Comparison)
    ]
    assert not policy().warnings
    assert len(conditions) == RULES
    assert 75 <= len(comparisons) <= 85


def test_every_rule_fires_and_leads_are_the_same_for_the_same_seed(
    leads: pl.DataFrame, scores: list[Score]
) -> None:
    fired = {rule for score in scores for rule in score.fired}
    assert len(fired) == RULES
    assert make_leads(LEADS).equals(leads)


def test_the_function_written_by_hand_agrees(leads: pl.DataFrame, scores: list[Score]) -> None:
    for row, score in zip(leads.to_dicts(), scores, strict=True):
        found = score_row(Row.of(record_of(row)), NOW)
        assert found == (score.score, score.fit, list(score.fired))


def test_frames_and_sql_written_by_hand_agree(
    leads: pl.DataFrame, scores: list[Score], scorer: Scorer
) -> None:
    wanted = by_chains(leads)
    assert wanted["score"].to_list() == [score.score for score in scores]
    assert wanted["fit"].to_list() == [score.fit for score in scores]
    assert by_flags(leads).equals(wanted)
    assert scorer.score_frame(leads, at=AT).equals(wanted)
    with duckdb.connect() as base:
        base.register("leads", leads)
        rows = pl.DataFrame(base.sql(SQL.format(leads="leads")).to_arrow_table())
    assert rows.sort(pl.col("id").cast(pl.Int64)).equals(wanted.select("id", "score", "fit"))


def test_the_engagement_written_by_hand_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    history.run(quick=True)
    assert "equal points" in capsys.readouterr().out
    assert not history.history_policy().warnings


@pytest.mark.parametrize("name", peers.judges())
def test_peers_fire_the_same_rules(name: str, leads: pl.DataFrame, scores: list[Score]) -> None:
    try:
        judge = peers.judges()[name]()
    except peers.Absent as absent:
        pytest.skip(f"{absent} is not installed")
    rows = leads.head(300).to_dicts()
    assert [judge(record_of(row)) for row in rows] == [
        list(score.fired) for score in scores[: len(rows)]
    ]


@pytest.fixture
def durable() -> Iterator[peers.Durable]:
    try:
        process = peers.Durable(300)
    except peers.Absent as absent:
        pytest.skip(f"{absent} is not installed")
    yield process
    process.close()


@pytest.mark.durable
def test_durable_rules_fires_the_same_rules(durable: peers.Durable, scorer: Scorer) -> None:
    scores = [scorer.score(lead_of(row), at=AT) for row in make_leads(300).to_dicts()]
    assert durable.fired == [list(score.fired) for score in scores]
    assert durable.seconds() > 0


@pytest.mark.parametrize("form", growth.FORMS)
def test_growth_can_be_measured(form: str) -> None:
    assert growth.measured(form, 50)["seconds"] > 0


def test_a_process_of_its_own_tells_its_memory() -> None:
    found = in_own_process("benchmarks.growth", "polars", 50)
    assert found["seconds"] > 0
    assert found["peak"] is None or found["peak"] >= found["before"] > 0


def test_engagement_of_frames_is_equal_to_what_is_written_by_hand(
    capsys: pytest.CaptureFixture[str],
) -> None:
    engagement.run(quick=True)
    printed = capsys.readouterr().out
    assert "equal but for rounding" in printed
    assert "PySpark" in printed
    assert not activities.policy().warnings


def test_no_spark_is_told_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    engagement_growth.on_spark("there is no Java")
    assert "left out, since there is no Java" in capsys.readouterr().out


def test_the_leaves_of_explanations_sum_to_scores(capsys: pytest.CaptureFixture[str]) -> None:
    explanation.run(quick=True)
    assert "leaves sum to scores" in capsys.readouterr().out


def test_the_moves_of_the_sample_are_granted_or_refused_as_they_are_said_to_be(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lifecycle.one_move(1, turns=1)
    assert "inquiry to recycled: touches met" in capsys.readouterr().out


def test_histories_are_the_same_for_the_same_seed_and_long_enough() -> None:
    found = list(lead_histories.histories(30, 10))
    assert list(lead_histories.histories(30, 10)) == found
    assert all(len(each.events) == 10 for each in found)
    assert sum(len(each.moves) for each in found) > 3 * 30


@pytest.mark.parametrize("name", stage_peers.followers())
def test_other_state_machines_come_to_the_same_stages(name: str) -> None:
    machine = lead_histories.engine().machine
    try:
        follow = stage_peers.followers()[name](lead_histories.lifecycle())
    except peers.Absent as absent:
        pytest.skip(f"{absent} is not installed")
    for lead, events, moves in lead_histories.histories(40, 10):
        assert follow(moves) == machine.replay(lead, events=events).stage


def test_the_replay_of_many_leads_can_be_measured(capsys: pytest.CaptureFixture[str]) -> None:
    lifecycle.beside_peers(5, turns=1)
    lifecycle_growth.by_length((2, 4), 8)
    printed = capsys.readouterr().out
    assert "equal last stages" in printed
    assert "Growth with the facts of a lead" in printed
    assert lifecycle_growth.measured(lifecycle_growth.REPLAY, 5)["seconds"] > 0


def test_the_worklist_of_a_frame_is_that_of_its_leads(capsys: pytest.CaptureFixture[str]) -> None:
    worklist.beside_leads(20, turns=1)
    assert "things are owed to" in capsys.readouterr().out
    assert worklist.measured("frame", 5)["seconds"] > 0


def test_a_batch_is_routed_as_its_leads_are(capsys: pytest.CaptureFixture[str]) -> None:
    found, frame = routing.router(rules=3, members=4, rows=40), routing.leads(60)
    table, state = found.route_frame(frame, at="arrived", state=found.start())
    single = found.start()
    for row, told in zip(frame.to_dicts(), table.to_dicts(), strict=True):
        answer, single = found.route(routing.lead_of(row), at=row["arrived"], state=single)
        assert isinstance(answer, Assignment)
        assert (answer.lead_id, answer.owner, answer.queue, answer.rule) == (
            told["lead_id"],
            told["owner"],
            told["queue"],
            told["rule"],
        )
    assert single == state
    assert {"territory", "rest"} >= {*table["rule"]}
    assert table["owner"].n_unique() == 5  # four, and the queue at night
    routing.one_decision(2, turns=1, rules=5)
    routing.growth((2, 3), times=2, turns=1, rules=5)
    printed = capsys.readouterr().out
    assert "One decision without its trace" in printed
    assert "rows of territories" in printed
    assert routing.measured("frame", 20, rules=5)["seconds"] > 0


def test_large_policies_load() -> None:
    policy = load_policy(rules.document(30))
    assert not policy.warnings
    assert policy.scoring is not None
    assert len(list(policy.scoring.rules())) == 30


def test_the_sections_print_their_tables(capsys: pytest.CaptureFixture[str]) -> None:
    for section in (rules, intake, imports):
        section.run(quick=True)
    printed = capsys.readouterr().out
    assert all(title in printed for title in ("Large policies", "Intake", "Imports"))


def test_the_mapping_of_the_intake_loads() -> None:
    assert load_mapping(intake.MAPPING, vocabulary=policy().vocabulary).columns


def test_ratios_are_of_the_same_turn() -> None:
    timings = Timings({"slow": [2.0, 9.0, 8.0], "fast": [1.0, 3.0, 2.0]})
    ratio = timings.ratio("slow", "fast")
    assert (ratio.low, ratio.median, ratio.high) == (2.0, 3.0, 4.0)
    assert timings.fastest("slow", "fast") == "fast"
    assert (at_most(ratio.median, 3), at_least(ratio.median, 4)) == ("<= 3: met", ">= 4: MISSED")


def test_the_first_turn_does_not_count() -> None:
    taken = iter([9.0, 1.0, 2.0])
    assert in_turns({"one": lambda: next(taken)}, 2).seconds == {"one": [1.0, 2.0]}
    assert in_turns({"one": lambda: 9.0}, 1, warm=False).seconds == {"one": [9.0]}
