"""The commands and their options; what each does stands in a module of its own name."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup
from typer.main import get_command

from leadrules import __version__
from leadrules.cli.consoles import refuse, silence
from leadrules.cli.formats import Format, Told
from leadrules.cli.options import (
    At,
    Events,
    EventsMapping,
    EventsRejects,
    LeadsFile,
    LeadsMapping,
    Output,
    PolicyFile,
    Rejects,
    Tables,
    percent,
)
from leadrules.errors import LeadRulesError

__all__ = ["app", "run"]

INTERRUPTED = 130
UNREAD = 141  # as a process that SIGPIPE ends


class Commands(TyperGroup):
    """The commands. What stops one is told in a message, and never by a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the arguments name."""
        try:
            found = super().invoke(ctx)
            sys.stdout.flush()
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            silence()
            raise typer.Exit(UNREAD) from None
        except (LeadRulesError, OSError, UnicodeEncodeError) as error:
            refuse(error)
            raise typer.Exit(2) from None
        return found


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def run(argv: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name, and return the exit status."""
    try:
        get_command(app)(args=argv, prog_name="leadrules")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 0
    return 0  # pragma: no cover - typer always exits


def _version(value: bool) -> None:  # noqa: FBT001 - typer passes it so
    if value:
        typer.echo(f"leadrules {__version__}")
        raise typer.Exit


@app.callback()
def leadrules(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Score sales leads by a policy that sales and marketing agree on.

    See it work:
      leadrules demo

    Exit status: 0 done; 1 done, with rejected rows or failed checks;
    2 could not run.
    """
    del version


@app.command()
def demo(
    *,
    write: Annotated[
        Path | None,
        typer.Option(
            "--write",
            metavar="DIR",
            help="Only write the policy, the mappings and the data there, to play with.",
        ),
    ] = None,
) -> None:
    """Score invented leads by a sample policy, step by step.

    It needs nothing but this package, and writes nothing unless it is told.

    Examples:
      leadrules demo
      leadrules demo --write trial
    """
    from leadrules.cli.demo import show_demo, write_demo  # noqa: PLC0415 - for a quick --help

    raise typer.Exit(show_demo() if write is None else write_demo(write))


@app.command()
def check(
    policy: PolicyFile,
    *,
    tables: Tables = None,
    at: At = None,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail too.")] = False,
) -> None:
    """Tell everything that is wrong with a policy, with line and column.

    If it can be used, tell what it holds, and what is odd about it. That the
    day is past by which it was to be reviewed is odd, too.

    Examples:
      leadrules check policy.yaml
      leadrules check policy.yaml --strict --at 2026-10-05
    """
    from leadrules.cli.check import check_policy  # noqa: PLC0415 - for a quick --help

    raise typer.Exit(check_policy(policy, tables=tables or (), at=at, strict=strict))


@app.command()
def score(  # noqa: PLR0913 - a command takes what it can be told
    policy: PolicyFile,
    *,
    leads: LeadsFile,
    mapping: LeadsMapping = None,
    events: Events = None,
    events_mapping: EventsMapping = None,
    tables: Tables = None,
    at: At = None,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="table, csv, json (one object a line) or parquet. By default as the name of "
            "the output ends, else a table.",
        ),
    ] = None,
    output: Output = None,
    rejects: Rejects = None,
    events_rejects: EventsRejects = None,
) -> None:
    """Score the leads of a file by a policy.

    One row a lead: lead_id, at, the score and whatever else the policy asks
    for (parts, band, answers), the rules that fired, the characteristics
    that missing data makes uncertain, and the policy's hash.
    Standard error tells how many rows were rejected, and why.

    Examples:
      leadrules score policy.yaml --leads leads.csv
      leadrules score policy.yaml --leads leads.csv -o scores.csv
      leadrules score policy.yaml --leads export.csv --mapping mapping.yaml
      leadrules score policy.yaml --leads leads.csv --events clicks.csv
      leadrules score policy.yaml --leads leads.jsonl --at 2026-10-05T09:00
    """
    from leadrules.cli.score import score_leads  # noqa: PLC0415 - for a quick --help

    raise typer.Exit(
        score_leads(
            policy,
            leads=leads,
            mapping=mapping,
            events=events or (),
            events_mapping=events_mapping,
            tables=tables or (),
            at=at,
            form=form,
            output=output,
            rejects=rejects,
            events_rejects=events_rejects,
        )
    )


@app.command()
def explain(  # noqa: PLR0913 - a command takes what it can be told
    policy: PolicyFile,
    *,
    leads: LeadsFile,
    lead: Annotated[str, typer.Option("--lead", metavar="ID", help="The id of the lead.")],
    mapping: LeadsMapping = None,
    events: Events = None,
    events_mapping: EventsMapping = None,
    tables: Tables = None,
    at: At = None,
    previous: Annotated[
        str | None,
        typer.Option("--previous", metavar="BAND", help="The band that the lead was in before."),
    ] = None,
    redact: Annotated[
        bool, typer.Option("--redact", help="Hide values that tell who a person is.")
    ] = False,
    form: Annotated[
        Told, typer.Option("--format", metavar="FORMAT", help="text, html or json.")
    ] = Told.TEXT,
    brief: Annotated[
        bool, typer.Option("--brief", help="In text, tell only what came to something.")
    ] = False,
    questions: Annotated[
        bool, typer.Option("--questions", help="Tell what to ask about the lead, too.")
    ] = False,
) -> None:
    """Tell why the score of a lead is what it is.

    What adds to the score and what takes from it, down to each activity and
    each value that was seen; it all sums exactly to the score. With
    --questions, what else to find out: each thing that is unknown, and what
    knowing it could do.

    Examples:
      leadrules explain policy.yaml --leads leads.csv --lead 17
      leadrules explain policy.yaml --leads leads.csv --lead 17 --questions
      leadrules explain policy.yaml --leads leads.csv --lead 17 --format html
    """
    from leadrules.cli.explain import explain_lead  # noqa: PLC0415 - for a quick --help

    raise typer.Exit(
        explain_lead(
            policy,
            lead,
            leads=leads,
            mapping=mapping,
            events=events or (),
            events_mapping=events_mapping,
            tables=tables or (),
            at=at,
            previous=previous,
            redact=redact,
            form=form,
            brief=brief,
            questions=questions,
        )
    )


@app.command()
def agenda(  # noqa: PLR0913 - a command takes what it can be told
    policy: PolicyFile,
    *,
    leads: LeadsFile,
    mapping: LeadsMapping = None,
    events: Events = None,
    events_mapping: EventsMapping = None,
    tables: Tables = None,
    at: At = None,
    role: Annotated[
        str | None,
        typer.Option("--role", metavar="ROLE", help="Only what this role may do."),
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option("--owner", metavar="NAME", help="Only of the leads that this person owns."),
    ] = None,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="table, csv, json (one object a line) or parquet. By default as the name of "
            "the output ends, else a table.",
        ),
    ] = None,
    output: Output = None,
    rejects: Rejects = None,
    events_rejects: EventsRejects = None,
) -> None:
    """List what is owed to the leads of a file: the worklist of this morning.

    One row for each thing that is owed by the policy's lifecycle, what is
    late first: what is to be done, until when, how much open time is left,
    and by whom.

    Examples:
      leadrules agenda policy.yaml --leads leads.csv --events events.csv
      leadrules agenda policy.yaml --leads leads.csv --owner anna
      leadrules agenda policy.yaml --leads leads.csv --role marketing -o today.csv
    """
    from leadrules.cli.agenda import list_agenda  # noqa: PLC0415 - for a quick --help

    raise typer.Exit(
        list_agenda(
            policy,
            leads=leads,
            mapping=mapping,
            events=events or (),
            events_mapping=events_mapping,
            tables=tables or (),
            at=at,
            role=role,
            owner=owner,
            form=form,
            output=output,
            rejects=rejects,
            events_rejects=events_rejects,
        )
    )


@app.command()
def route(  # noqa: PLR0913 - a command takes what it can be told
    policy: PolicyFile,
    *,
    leads: LeadsFile,
    mapping: LeadsMapping = None,
    events: Events = None,
    events_mapping: EventsMapping = None,
    tables: Tables = None,
    at: At = None,
    state: Annotated[
        Path | None,
        typer.Option(
            "--state",
            metavar="FILE",
            help="Where the rotation stands: read from here, and written back. Without it, all "
            "pools begin anew.",
        ),
    ] = None,
    trace: Annotated[
        str | None,
        typer.Option("--trace", metavar="ID", help="Only tell why this lead goes where it goes."),
    ] = None,
    redact: Annotated[
        bool, typer.Option("--redact", help="In a trace, hide values that tell who a person is.")
    ] = False,
    brief: Annotated[
        bool,
        typer.Option("--brief", help="Only tell how many go where; of a trace, what decided it."),
    ] = False,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="table, csv, json (one object a line) or parquet. By default as the name of "
            "the output ends, else a table.",
        ),
    ] = None,
    output: Output = None,
    rejects: Rejects = None,
    events_rejects: EventsRejects = None,
) -> None:
    """Give the leads of a file to their owners, by the routing of a policy.

    One row a lead, in the order in which they are routed: the highest score
    first, then the oldest, then by id. Nothing is written but what you name:
    with --state, the next run goes on where this one ended. With --trace,
    the leads before that one are counted, and no state is written.

    Exit status: 1 if a lead goes to nobody, or rows were rejected.

    Examples:
      leadrules route policy.yaml --leads leads.csv --table places=places.csv
      leadrules route policy.yaml --leads leads.csv --state rotation.json
      leadrules route policy.yaml --leads leads.csv -o assignments.csv
      leadrules route policy.yaml --leads leads.csv --trace 17
    """
    from leadrules.cli.route import route_leads  # noqa: PLC0415 - for a quick --help

    raise typer.Exit(
        route_leads(
            policy,
            leads=leads,
            mapping=mapping,
            events=events or (),
            events_mapping=events_mapping,
            tables=tables or (),
            at=at,
            state=state,
            trace=trace,
            redact=redact,
            brief=brief,
            form=form,
            output=output,
            rejects=rejects,
            events_rejects=events_rejects,
        )
    )


@app.command()
def report(  # noqa: PLR0913 - a command takes what it can be told
    policy: PolicyFile,
    *,
    leads: LeadsFile,
    mapping: LeadsMapping = None,
    events: Events = None,
    events_mapping: EventsMapping = None,
    tables: Tables = None,
    at: At = None,
    period: Annotated[
        str | None,
        typer.Option(
            "--period",
            metavar="PERIOD",
            help="When leads came and deals were closed: 2026-Q3, 2026-07, 2026-W31, or "
            "'2026-07-01 to 2026-08-15'. By default all there is.",
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            metavar="FIELD",
            help="Group by this, such as owner, stage, band or a field of leads. May be given "
            "several times, the coarsest first.",
        ),
    ] = None,
    costs: Annotated[
        Path | None,
        typer.Option(
            "--costs",
            metavar="FILE",
            help="What programmes cost: 'amount' such as '1200 EUR', maybe 'day', and whose costs "
            "they are: 'campaign', 'source' or 'lead_type'.",
        ),
    ] = None,
    costs_mapping: Annotated[
        Path | None,
        typer.Option(
            "--costs-mapping",
            metavar="FILE",
            help="Which columns of the costs are which: a mapping with 'rows'.",
        ),
    ] = None,
    brief: Annotated[
        bool, typer.Option("--brief", help="In text, tell only the most important of each chapter.")
    ] = False,
    form: Annotated[
        Literal["table", "json", "html"] | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="table, json or html. By default as the name of the output ends, else a table.",
        ),
    ] = None,
    output: Output = None,
    rejects: Rejects = None,
    events_rejects: EventsRejects = None,
) -> None:
    r"""Report how the process does: how far leads come, who follows up, what it brings.

    What is measured is what the lifecycle and the section 'metrics' of the
    policy say. Each number stands with what it is a share of. As html it is
    one page that needs nothing else: to mail, to print, or for a phone.

    Examples:
      leadrules report policy.yaml --leads leads.csv --events events.csv
      leadrules report policy.yaml --leads leads.csv --events events.csv \
          --period 2026-Q3 --by owner -o report.html
    """
    from leadrules.cli.report import report_leads  # noqa: PLC0415 - for a quick --help

    raise typer.Exit(
        report_leads(
            policy,
            leads=leads,
            mapping=mapping,
            events=events or (),
            events_mapping=events_mapping,
            tables=tables or (),
            at=at,
            period=period,
            by=by or (),
            costs=costs,
            costs_mapping=costs_mapping,
            brief=brief,
            form=form,
            output=output,
            rejects=rejects,
            events_rejects=events_rejects,
        )
    )


@app.command("test")
def examine(
    policy: PolicyFile,
    cases: Annotated[
        list[Path],
        typer.Argument(metavar="CASES...", help="Files of cases: YAML or JSON."),
    ],
    *,
    tables: Tables = None,
    cover: Annotated[
        bool,
        typer.Option("--coverage", help="Tell what of the policy the cases do not try."),
    ] = False,
    fail_under: Annotated[
        float | None,
        typer.Option(
            "--fail-under",
            metavar="PERCENT",
            parser=percent,
            help="Fail if the cases try less of the policy than this.",
        ),
    ] = None,
) -> None:
    """Run the cases of a policy: leads, and what it is to say of them.

    Coverage is the share of goals that the cases reach. A goal is a verdict
    that a condition can have (true, false, unknown), a side of a threshold,
    a band, a letter or a digit.

    Examples:
      leadrules test policy.yaml policy.cases.yaml
      leadrules test policy.yaml cases/*.cases.yaml --coverage --fail-under 90
    """
    from leadrules.cli.test import run_cases  # noqa: PLC0415 - for a quick --help

    raise typer.Exit(
        run_cases(policy, cases, tables=tables or (), cover=cover, fail_under=fail_under)
    )


@app.command()
def compare(  # noqa: PLR0913 - a command takes what it can be told
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The policy that holds.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The policy that may.")],
    *,
    leads: LeadsFile,
    mapping: LeadsMapping = None,
    events: Events = None,
    events_mapping: EventsMapping = None,
    tables: Tables = None,
    at: At = None,
    fail_above: Annotated[
        float | None,
        typer.Option(
            "--fail-above",
            metavar="PERCENT",
            parser=percent,
            help="Fail if more of the leads change than this, and not because of rejected rows.",
        ),
    ] = None,
    form: Annotated[
        Literal["text", "json"],
        typer.Option("--format", metavar="FORMAT", help="text or json."),
    ] = "text",
) -> None:
    """Tell what a new policy would change for the leads of a file.

    A lead changes if its band, its readiness or its letter is another; where
    no policy has any of these, if its score is. A lead is read once for both
    policies; what a policy does not declare it does not see.

    Examples:
      leadrules compare policy.yaml new.yaml --leads leads.csv
      leadrules compare old.yaml new.yaml --leads leads.csv --fail-above 5
    """
    from leadrules.cli.compare import compare_policies  # noqa: PLC0415 - for a quick --help

    raise typer.Exit(
        compare_policies(
            old,
            new,
            leads=leads,
            mapping=mapping,
            events=events or (),
            events_mapping=events_mapping,
            tables=tables or (),
            at=at,
            fail_above=fail_above,
            form=form,
        )
    )


@app.command()
def lifecycle(
    policy: PolicyFile,
    *,
    tables: Tables = None,
    brief: Annotated[
        bool, typer.Option("--brief", help="In the diagram, tell who moves leads, not when.")
    ] = False,
    stages: Annotated[
        bool, typer.Option("--stages", help="Show a table of the stages, not the diagram.")
    ] = False,
) -> None:
    """Print the lifecycle of a policy as a state diagram.

    It is Mermaid text, which GitHub, GitLab, JupyterLab and many editors draw
    from a block ```mermaid of Markdown. An arrow says who may move a lead,
    and in brackets what has to be true.

    Examples:
      leadrules lifecycle policy.yaml
      leadrules lifecycle policy.yaml --brief
      leadrules lifecycle policy.yaml --stages
    """
    from leadrules.cli.lifecycle import show_lifecycle  # noqa: PLC0415 - for a quick --help

    raise typer.Exit(show_lifecycle(policy, tables=tables or (), guards=not brief, table=stages))


@app.command()
def audit(  # noqa: PLR0913 - a command takes what it can be told
    policy: PolicyFile,
    *,
    leads: LeadsFile,
    mapping: LeadsMapping = None,
    events: Events = None,
    events_mapping: EventsMapping = None,
    tables: Tables = None,
    at: At = None,
    form: Annotated[
        Literal["text", "json"],
        typer.Option("--format", metavar="FORMAT", help="text, or json: one object a line."),
    ] = "text",
    output: Output = None,
    rejects: Rejects = None,
    events_rejects: EventsRejects = None,
) -> None:
    """Tell what the policy would have refused of what happened, and why.

    Each move is judged at its time, where the events before it had brought
    the lead, and by the score that it had then. A forced move is judged by
    who may force. Leads that arose behind a guard and facts that had no effect
    are told as well. In text, all is counted by reason; one may have several.

    Exit status: 1 if the policy would have refused some, or rows were rejected.

    Examples:
      leadrules audit policy.yaml --leads leads.csv --events moves.csv
      leadrules audit policy.yaml --leads leads.csv --events moves.csv --format json
    """
    from leadrules.cli.audit import audit_moves  # noqa: PLC0415 - for a quick --help

    raise typer.Exit(
        audit_moves(
            policy,
            leads=leads,
            mapping=mapping,
            events=events or (),
            events_mapping=events_mapping,
            tables=tables or (),
            at=at,
            form=form,
            output=output,
            rejects=rejects,
            events_rejects=events_rejects,
        )
    )


@app.command("hash")
def hash_(policy: PolicyFile, *, tables: Tables = None) -> None:
    """Print a policy's hash: 64 hex digits.

    It covers all that can change a result: conditions, points, parameters
    with all their dates, tables. Who signed, descriptions, spelling and the
    order of keys do not change it.

    Examples:
      leadrules hash policy.yaml
    """
    from leadrules.cli.inputs import read_policy  # noqa: PLC0415 - for a quick --help

    typer.echo(read_policy(policy, tables or ()).hash)


@app.command()
def schema(*, output: Output = None) -> None:
    """Print the JSON Schema of a policy.

    Editors complete and check a policy by it.

    Examples:
      leadrules schema --output policy.schema.json
    """
    from leadrules.cli.formats import write_schema  # noqa: PLC0415 - for a quick --help

    write_schema(output)
