"""What people see of a policy and of scores: tables that fit the terminal they are shown in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from leadrules.conditions.format import format_condition
from leadrules.conditions.tree import Always
from leadrules.intake import Reject
from leadrules.policy import Policy
from leadrules.scoring.bands import Band
from leadrules.scoring.document import Scoring
from leadrules.scoring.engagement import Engagement
from leadrules.scoring.points import Limits
from leadrules.scoring.qualification import Qualification, Readiness
from leadrules.scoring.questions import Question
from leadrules.scoring.score import Score
from leadrules.scoring.scorecard import Fit
from leadrules.sections import ParamRef, plain

__all__ = [
    "best_first",
    "distribution",
    "leads_table",
    "policy_brief",
    "questions_table",
    "rejects_table",
    "show_leads",
]

LINES_BESIDE = 4
"""Lines of a terminal that are not the table's: the command, the notes, the next prompt."""


def best_first(scores: Sequence[Score]) -> list[Score]:
    """Return scores from the best to the worst, equals in the order of the source."""
    return sorted(scores, key=lambda score: (-score.score, -(score.fit or 0)))


def show_leads(scores: Sequence[Score], console: Console) -> None:
    """Show the best leads that a terminal has room for, or all where there is none."""
    ranked = best_first(scores)
    room = console.size.height - LINES_BESIDE if console.is_terminal else None
    shown = len(ranked) if room is None else min(len(ranked), max(1, room))
    while room is not None and shown > 1 and _height(ranked[:shown], console) > room:
        shown -= 1
    console.print(leads_table(ranked[:shown]))
    if shown < len(ranked):
        more = f"the best {shown} of {len(ranked)} leads; --format csv gives all"
        console.print(more, soft_wrap=True)


def _height(scores: Sequence[Score], console: Console) -> int:
    return len(console.render_lines(leads_table(scores), console.options, pad=False))


def leads_table(scores: Sequence[Score], *, worst: Sequence[Score] = ()) -> Table:
    """Return a table of leads in the order given, and after a gap the worst."""
    every = [*scores, *worst]
    told = {
        name: label
        for name, label in _TOLD.items()
        if any(getattr(score, name) not in {None, ()} for score in every)
    }
    if "band" in told:  # there is no room for all; the other formats have it
        told.pop("uncertain", None)
    table = _table()
    table.add_column("Lead", overflow="fold")
    table.add_column("Score", justify="right", no_wrap=True)
    for name, label in told.items():
        if name == "fired":
            table.add_column(label, ratio=3, overflow="fold")
        elif name == "uncertain":
            table.add_column(label, ratio=2, overflow="fold", style="dim")
        else:
            table.add_column(label, justify="left" if name == "band" else "right", no_wrap=True)
    for score in scores:
        table.add_row(*_cells(score, told))
    if worst:
        table.add_row("...")
    for score in worst:
        table.add_row(*_cells(score, told))
    return table


_TOLD = {
    "band": "Band",
    "fit": "Fit",
    "engagement": "Engaged",
    "ready": "Ready",
    "fired": "Fired",
    "uncertain": "Uncertain",
}
"""What a table of leads tells of a score, if any lead has it, and what the column is called."""


def _cells(score: Score, told: Iterable[str]) -> Iterator[Text]:
    yield Text(score.lead_id)
    yield Text(f"{score.score}", style="bold")
    for name in told:
        value = getattr(score, name)
        match value:
            case bool():
                yield Text("yes" if value else "no")
            case float():
                yield Text(f"{plain(round(Decimal(repr(value)), 1))}")
            case tuple():
                yield Text(", ".join(value))
            case _:
                yield Text(value or "")


def questions_table(questions: Sequence[Question]) -> Table:
    """Return a table of what to ask, with what knowing it could do."""
    table = _table()
    table.add_column("Ask", ratio=1, overflow="fold")
    table.add_column("What it could do", ratio=1, overflow="fold")
    for question in questions:
        table.add_row(Text(question.ask), Text(question.effect))
    return table


def rejects_table(rejects: Sequence[Reject]) -> Table:
    """Return a table of rejected rows with their reasons."""
    table = _table()
    table.add_column("Line", justify="right", no_wrap=True)
    table.add_column("Code", no_wrap=True)
    table.add_column("Reason", ratio=1, overflow="fold")
    for reject in rejects:
        table.add_row(str(reject.line), reject.code, Text(reject.reason))
    return table


def distribution(scores: Sequence[Score], console: Console) -> Table:
    """Return how many leads have which score, in steps of ten points."""
    counts = Counter(int(score.score // 10) for score in scores)
    most = max(counts.values())
    room = max(10, console.width - 24)
    mark = "#" if console.options.ascii_only else "█"
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right")
    table.add_column(justify="right")
    table.add_column()
    best = int(max(score.score for score in scores))
    for step in range(max(counts), min(counts) - 1, -1):
        low, high, count = step * 10, min(step * 10 + 9, best), counts[step]
        label = f"{low} to {high}" if low < high else f"{low}"
        table.add_row(label, str(count), Text(mark * -(-count * room // most), style="cyan"))
    return table


def policy_brief(policy: Policy) -> RenderableType:
    """Return who agreed to a policy, what it declares, and each of its rules with its reason."""
    parts: list[RenderableType] = [_facts_table(_facts(policy))]
    if policy.scoring:
        if policy.scoring.fit:
            parts += ["", _rules(policy.scoring.fit)]
        if policy.scoring.engagement:
            parts += ["", _activities(policy.scoring.engagement)]
        if policy.scoring.qualification:
            parts += ["", _criteria(policy.scoring.qualification)]
        parts += ["", _facts_table(_sums(policy.scoring))]
    return Group(*parts)


def _facts_table(facts: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    said = ""
    for label, text in facts:
        table.add_row("" if label == said else label, Text(text))
        said = label
    return table


def _facts(policy: Policy) -> Iterator[tuple[str, str]]:
    header, agreed = policy.policy, policy.agreed
    yield "policy", f"{header.id}, version {header.version}, from {header.effective}"
    if agreed:
        yield "agreed", f"{agreed.sales.who}, {agreed.sales.on}"
        yield "agreed", f"{agreed.marketing.who}, {agreed.marketing.on}"
    if agreed and agreed.review_by:
        yield "review", f"by {agreed.review_by}"
    for name, found in policy.fields.items():
        declared = found.declaration
        unit = f", in {declared.unit}" if declared.unit else ""
        yield "fields", f"{name}: {' | '.join(declared.choices) or declared.type.noun}{unit}"
    for name, parameter in policy.parameters.items():
        values = ", ".join(f"{value} from {day}" for day, value in parameter.values.items())
        yield "parameters", f"{name}: {values}"


def _points_table() -> Table:
    """Return a table of what gives points: its name, how many, when, and why."""
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(overflow="fold", style="cyan")
    table.add_column(justify="right", no_wrap=True)
    table.add_column(ratio=3, overflow="fold")
    table.add_column(ratio=2, style="dim")
    return table


def _activities(engagement: Engagement) -> Table:
    table = _points_table()
    for name, rule in engagement.rules.items():
        always = isinstance(rule.when, Always)
        what = rule.activity if always else f"{rule.activity}: {format_condition(rule.when)}"
        decay = None if rule.decay.kind == "none" else rule.decay
        said = [what, *(str(part) for part in (rule.limit, decay) if part is not None)]
        text = ", ".join(said) + _limits(rule)
        table.add_row(name, _points(rule.points), Text(text), Text(rule.why or ""))
    return table


def _criteria(qualification: Qualification) -> Table:
    table = _points_table()
    for name, criterion in qualification.criteria.items():
        conditions = (("met", criterion.met), ("not met", criterion.not_met))
        said = [f"{word} by {format_condition(found)}" for word, found in conditions if found]
        asked = Text("; ".join(said) or "asked")
        table.add_row(name, _points(criterion.points), asked, Text(criterion.ask or ""))
    return table


def _rules(fit: Fit) -> Table:
    table = _points_table()
    for characteristic, rules in fit.characteristics.items():
        for number, rule in enumerate(rules.rules):
            table.add_row(
                "" if number else characteristic,
                _points(rule.points),
                Text(format_condition(rule.when)),
                Text(rule.why or ""),
            )
    return table


def _sums(scoring: Scoring) -> Iterator[tuple[str, str]]:
    fit = scoring.fit
    if fit:
        grouped = {member for group in fit.groups.values() for member in group.of}
        rest = [name for name in fit.characteristics if name not in grouped]
        for name, group in fit.groups.items():
            yield name, f"{' + '.join(group.of)}{_limits(group)}"
        yield "fit", f"{' + '.join([*fit.groups, *rest])}{_limits(fit)}"
    if scoring.engagement:
        yield "engagement", f"{' + '.join(scoring.engagement.rules)}{_limits(scoring.engagement)}"
    yield "score", f"{' + '.join(scoring.added)}{_limits(scoring.total)}"
    if scoring.qualification and scoring.qualification.ready:
        yield "ready", _ready(scoring.qualification, scoring.qualification.ready)
    for band in scoring.bands.levels if scoring.bands else ():
        yield "bands", f"{band.name}{_entry(band)}"


def _ready(qualification: Qualification, ready: Readiness) -> str:
    among = f", {' and '.join(ready.mandatory)} among them" if ready.mandatory else ""
    return f"{ready.at_least} of {len(qualification.criteria)} criteria met{among}"


def _entry(band: Band) -> str:
    if band.enter is None:
        return ": all others"
    leave = "" if band.leave is None else f", until below {_limit(band.leave)}"
    needs = f", if {' and '.join(band.needs)} is known" if band.needs else ""
    return f" from {_limit(band.enter)}{leave}{needs}"


def _points(points: Decimal | ParamRef) -> str:
    return f"param.{points.param}" if isinstance(points, ParamRef) else f"{plain(points):+}"


def _limits(limits: Limits) -> str:
    words = (("at least", limits.min), ("at most", limits.max))
    return "".join(f", {word} {_limit(limit)}" for word, limit in words if limit is not None)


def _limit(limit: Decimal | ParamRef) -> str:
    return f"param.{limit.param}" if isinstance(limit, ParamRef) else str(plain(limit))


def _table() -> Table:
    return Table(
        box=box.SIMPLE_HEAD,
        collapse_padding=True,
        expand=True,
        header_style="bold",
        pad_edge=False,
    )
