"""A lifecycle as a picture: the text of a state diagram that Mermaid draws."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from leadrules.conditions.format import format_condition
from leadrules.conditions.tree import Always
from leadrules.errors import in_line
from leadrules.lifecycle.moves import Move
from leadrules.lifecycle.stages import Kind, Stage

__all__ = ["Diagram", "diagram_of"]

POLICY = "policy"
"""Who takes a move that the policy takes by itself."""

_LONGEST = 80
"""The most characters of a guard; what is longer is cut, and the document has it."""
_STYLES: Mapping[Kind, str] = {
    "won": "fill:#d7f0d7,stroke:#2e7d32,color:#143d17",
    "lost": "fill:#f6dada,stroke:#b23b3b,color:#541717",
    "recycled": "fill:#fdf0cf,stroke:#b08000,color:#4d3800",
    "disqualified": "fill:#e4e4e4,stroke:#777777,color:#333333",
}
"""How the stages of each kind look, on light and on dark pages; open ones as the theme has it."""
_WORDS = frozenset(
    {"as", "class", "classDef", "click", "default", "direction", "end", "fork", "hide", "join"}
    | {"choice", "note", "scale", "state", "style", "stateDiagram", "accTitle", "accDescr"}
)
"""What Mermaid may take for something else than the id of a state."""
_ODD = re.compile(r"[#;:&%*`$\\]|<(?![ =])|(?<!\w)_|_(?!\w)|(?<=direction) (?=TB|BT|RL|LR)")
"""What would end a statement, or be read as a comment, a tag, emphasis or mathematics."""


@dataclass(frozen=True, slots=True)
class Diagram:
    """The text of a diagram, which notebooks draw.

    `print` shows the text, which goes as it is into a block ```` ```mermaid ```` of Markdown.
    """

    text: str

    def __str__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """Return what a notebook may show: Mermaid itself, or Markdown, or else the text."""
        del include, exclude
        return {
            "text/vnd.mermaid": self.text,
            "text/markdown": f"```mermaid\n{self.text}\n```\n",
            "text/plain": self.text,
        }


def diagram_of(
    stages: Mapping[str, Stage], moves: Sequence[Move], *, guards: bool = True
) -> Diagram:
    """Return the diagram of stages and the moves between them.

    An arrow says who may take it and under which condition: `sales [known(budget)]`.

    Args:
        stages: The stages, the first of which is where leads arise.
        moves: The moves between them.
        guards: Whether the arrows say under which conditions they may be taken.
    """
    lines = ["stateDiagram-v2", f"    [*] --> {_id(next(iter(stages)))}"]
    for name, stage in stages.items():
        lines.append(f"    {_id(name)} : {_escaped(name)}")
        if stage.owner:
            lines.append(f"    {_id(name)} : {_escaped(stage.owner)}")
    arrows: dict[tuple[str, str], list[str]] = {}
    for move in moves:
        for name in dict.fromkeys(move.from_):
            label = _label(move, stages[name], guards=guards)
            labels = arrows.setdefault((name, move.to), [])
            if label not in labels:
                labels.append(label)
    for (name, to), labels in arrows.items():
        shown = "<br/>".join(_escaped(label) for label in labels if label)
        lines.append(f"    {_id(name)} --> {_id(to)}{f' : {shown}' if shown else ''}")
    left = {name for name, _ in arrows}
    lines += [f"    {_id(name)} --> [*]" for name in stages if name not in left]
    lines += _styled(stages)
    return Diagram("\n".join(lines))


def _styled(stages: Mapping[str, Stage]) -> Iterator[str]:
    for kind, style in _STYLES.items():
        names = [_id(name) for name, stage in stages.items() if stage.kind == kind]
        if names:
            yield f"    classDef is_{kind} {style}"
            yield f"    class {','.join(names)} is_{kind}"


def _label(move: Move, stage: Stage, *, guards: bool) -> str:
    """Return who takes a move and when, with what has to be true in brackets."""
    needed = [*_needed(move)] if guards else []
    return " ".join([*_taken(move, stage), *([f"[{', '.join(needed)}]"] if needed else [])])


def _taken(move: Move, stage: Stage) -> Iterator[str]:
    asked = " or ".join(move.by)
    if move.accept_within is not None:
        silence = f", else {POLICY}" if move.on_timeout else ""
        asked = f"{asked} within {move.accept_within}{silence}"
    policy = ""
    if move.automatic:
        policy = POLICY
    elif move.after == "wake":
        waits = ", ".join(f"{reason} {wait}" for reason, wait in stage.wake.items())
        policy = f"{POLICY} after {waits}"
    elif move.after is not None:
        policy = f"{POLICY} after {move.after}"
    told = ", or ".join(text for text in (asked, policy) if text)
    if told:
        yield told


def _needed(move: Move) -> Iterator[str]:
    if not isinstance(move.when, Always):
        text = format_condition(move.when)
        yield text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
    if move.fields:
        yield from (f"known({name})" for name in move.fields)
    if move.touches:
        yield f"touches {', '.join(move.touches)}"


def _id(name: str) -> str:
    """Return a name that Mermaid takes for the id of a state, another for every stage."""
    return f"{name}_" if name.rstrip("_") in _WORDS else name


def _escaped(text: str) -> str:
    """Return a text in which nothing has a meaning of its own for Mermaid.

    Examples:
        >>> _escaped('points >= 5; "50%"')
        'points >= 5#59; "50#37;"'
    """
    return _ODD.sub(lambda found: f"#{ord(found[0])};", in_line(" ".join(text.split())))
