"""Turns a section `scoring` into Python code: the fit of one lead, and what all parts add up to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, NoReturn

from leadrules.conditions.compiler import Code
from leadrules.errors import EvaluationError
from leadrules.scoring.document import Scoring
from leadrules.scoring.points import Limits, step_of
from leadrules.scoring.scorecard import Fit
from leadrules.sections import ParamRef, millionths
from leadrules.values import Value
from leadrules.vocabulary import Vocabulary

__all__ = ["compile_scoring", "no_value", "with_points"]

_FEW = 100
"""How many summands are written with plus signs, which is faster than `sum`."""


def compile_scoring(scoring: Scoring, vocabulary: Vocabulary) -> Callable[..., Any]:
    """Return the function that gives the score of a lead, its fit, and what fired.

    The function takes a settled record, the moment in microseconds, the parameters in effect,
    from `with_points`, and what the parts beside the fit add to the total in millionths of a
    point. It gives the score in the smallest steps that are shown, the fit in millionths, the ids
    of the rules that fired, and the characteristics that are uncertain.
    """
    code = Code(vocabulary)
    body = ["fired = []", "unsure = []", "fit = 0"]
    if scoring.fit is not None:
        body += _fit(scoring.fit, code)
    body.append("total = fit + rest" if "fit" in scoring.added else "total = rest")
    body += _limited("total", scoring.total, code)
    step = step_of(scoring.total.decimals)
    body.append(f"shown = (total + {step // 2}) // {step}")
    body.append("return shown, fit, tuple(fired), tuple(unsure) if unsure else ()")
    found: Callable[..., Any] = code.function(body, "rest")
    return found


def _fit(fit: Fit, code: Code) -> list[str]:
    body: list[str] = []
    points: dict[str, str] = {}
    ids = fit.rules()
    for index, (name, characteristic) in enumerate(fit.characteristics.items()):
        points[name] = found = f"p{index}"
        body += ["while True:", "    unknown = False"]
        for rule in characteristic.rules:
            fired = code.constant(next(ids)[0])
            body += [
                f"    if not {code.false(rule.when)}:",
                f"        if {code.true(rule.when)}:",
                f"            {found} = {_number(rule.points, code)}",
                f"            fired.append({fired})",
                "            break",
                "        unknown = True",
            ]
        body += [f"    {found} = {_number(characteristic.default, code)}", "    break"]
        body += ["if unknown:", f"    unsure.append({code.constant(name)})"]
    return body + _sums(fit, points, code)


def _sums(fit: Fit, points: Mapping[str, str], code: Code) -> list[str]:
    lines: list[str] = []
    grouped: set[str] = set()
    summands: list[str] = []
    for index, group in enumerate(fit.groups.values()):
        lines.append(f"g{index} = {_sum(points[member] for member in group.of)}")
        lines += _limited(f"g{index}", group, code)
        summands.append(f"g{index}")
        grouped |= set(group.of)
    summands += [found for name, found in points.items() if name not in grouped]
    lines.append(f"fit = {_sum(summands)}")
    return lines + _limited("fit", fit, code)


def _sum(summands: Iterable[str]) -> str:
    """Return the code of a sum; one of many is not nested, since Python's compiler recurses."""
    found = list(summands)
    return (
        " + ".join(found)
        if 0 < len(found) <= _FEW
        else f"sum(({''.join(f'{x}, ' for x in found)}))"
    )


def _limited(name: str, limits: Limits, code: Code) -> list[str]:
    lines: list[str] = []
    for limit, function in ((limits.min, "max"), (limits.max, "min")):
        if limit is not None:
            sign = "<" if function == "max" else ">"
            lines.append(f"limit = {_number(limit, code)}")
            lines.append(f"if {name} {sign} limit: {name} = limit")
    return lines


def _number(number: Decimal | ParamRef, code: Code) -> str:
    if isinstance(number, ParamRef):
        key = code.constant(_points_of(number.param))
        absent = code.constant(partial(_absent, name=number.param))
        return f"parameters[{key}] if {key} in parameters else {absent}(record)"
    return code.constant(millionths(number))


def _points_of(name: str) -> str:
    """Return the key of a parameter's value in millionths; no name has a blank in it."""
    return f"points of {name}"


def with_points(parameters: Mapping[str, Value], named: Iterable[str]) -> Mapping[str, Value]:
    """Return parameters together with those named in millionths of a point."""
    known = {name: parameters[name] for name in named if name in parameters}
    points = {_points_of(name): millionths(value) for name, value in known.items()}  # type: ignore[arg-type]  # checked: a number
    return {**parameters, **points}


def _absent(record: Mapping[str, Value], *, name: str) -> NoReturn:
    raise no_value(name, str(record.get("id")))


def no_value(parameter: str, lead_id: str) -> EvaluationError:
    """Return the error for points that depend on a parameter without a value yet."""
    message = f"at: parameter '{parameter}' has no value yet at that moment"
    return EvaluationError(message, field="at", lead_id=lead_id)
