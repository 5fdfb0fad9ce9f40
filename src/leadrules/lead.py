"""The lead: who may become a customer, where they came from, and what the policy adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from math import isfinite
from types import UnionType
from typing import Annotated, Any, ClassVar, Self, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PlainSerializer,
    SkipValidation,
    ValidationError,
    model_validator,
)

from leadrules.errors import EvaluationError, as_written, did_you_mean
from leadrules.values import Money, Type, Value, instant_of, settle

__all__ = [
    "LEAD_TYPES",
    "LEAST",
    "Account",
    "Company",
    "FieldValue",
    "Lead",
    "LeadField",
    "Moment",
    "Values",
    "lead_fields",
]

LEAD_TYPES = (
    "contact_form",
    "landing_page",
    "trade_show",
    "direct_mail_card",
    "inbound_call",
    "download",
    "white_paper",
    "webinar",
    "demo",
    "referral",
)
"""The usual spellings of `lead_type`; a policy may narrow the field to its own choices."""

FieldValue = (
    str | bool | int | float | Decimal | date | datetime | timedelta | Money | tuple[str, ...]
)
"""What a field that a policy declares may hold."""


class _Personal:
    """Marks a field that tells who a person is."""


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        moment = None
    if not isinstance(moment, datetime):
        message = f"'{value}' is not a datetime"
        raise ValueError(message)  # noqa: TRY004 - pydantic collects it
    if moment.utcoffset() is None:
        message = "has no time zone; expected an aware datetime"
        raise ValueError(message)
    instant_of(moment)  # it is one that UTC has
    return moment


def _count(value: object) -> object:
    """Return a number as a file may hold it (missing is NaN, whole is 120.0) as an integer."""
    if not isinstance(value, float):
        return value
    if not isfinite(value):
        return None
    return int(value) if value.is_integer() else value


def _by_name(values: object) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        message = f"'{as_written(values)}' is not a mapping of names to values"
        raise ValueError(message)  # noqa: TRY004 - pydantic collects it
    for name in values:
        if not isinstance(name, str):
            message = f"'{name}' is not a name; expected a text"
            raise ValueError(message)  # noqa: TRY004 - pydantic collects it
    return dict(values)


def _in_json(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(x) if isinstance(x, Money) else x for name, x in values.items()}


Text = Annotated[str | None, Field(strict=True)]
PersonalText = Annotated[str | None, Field(strict=True), _Personal()]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Values = Annotated[
    Mapping[str, FieldValue | None],
    SkipValidation,
    BeforeValidator(_by_name),
    PlainSerializer(_in_json, when_used="json"),
]
"""Values by name. Their types are declared elsewhere, so `settle` is what checks them."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @model_validator(mode="wrap")
    @classmethod
    def _speak_of_fields(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as error:
            raise _explained(error, data, cls._GROUP) from error

    _GROUP: ClassVar[str] = ""

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Show what is known, and nothing else."""
        return [(name, value) for name, value in super().__repr_args__() if not _empty(value)]


class Company(_Part):
    """The company that the lead speaks for.

    Raises:
        EvaluationError: If a value is not of its field's type. It names the field.
    """

    _GROUP = "company."

    name: Text = None
    domain: Text = None
    website: Text = None
    industry: Text = None
    employees: Annotated[int | None, Field(ge=0, strict=True), BeforeValidator(_count)] = None
    revenue: Money | None = None


class Account(_Part):
    """The customer or named account that the lead was matched to.

    Raises:
        EvaluationError: If a value is not of its field's type. It names the field.
    """

    _GROUP = "account."

    id: Text = None
    name: Text = None
    owner: Text = None


class Lead(_Part):
    """A possible customer, at the time when somebody looked.

    A field is known or missing; missing is `None`. Fields that a policy declares beyond these
    stand in `fields` under their declared names.

    Attributes:
        id: What the source of record calls the lead. Digits stay text.
        contact_id: What the source calls the person; a person may have several leads.
        lead_type: How the lead arose, such as `white_paper`; see `LEAD_TYPES`.
        created: When the lead arose; with a time zone.
        budget: What they can spend, with its currency.
        consent: Whether they agreed to be contacted.
        account: The customer or named account that the lead was matched to.
        fields: Values of the fields that a policy declares.

    Raises:
        EvaluationError: If a value is not of its field's type. It names the field.

    Examples:
        >>> lead = Lead(id="17", email="ada@example.org", company=Company(employees=120))
        >>> lead.company.employees
        120
        >>> lead
        Lead(id='17', email='ada@example.org', company=Company(employees=120))
    """

    id: Annotated[str, Field(strict=True, min_length=1)]
    contact_id: Text = None
    name: PersonalText = None
    email: PersonalText = None
    phone: PersonalText = None
    title: Text = None
    function: Text = None
    seniority: Text = None
    company: Company = Field(default_factory=Company)
    country: Text = None
    region: Text = None
    postal_code: Text = None
    city: Text = None
    time_zone: Text = None
    language: Text = None
    lead_type: Text = None
    source: Text = None
    campaign: Text = None
    channel: Text = None
    channel_partner: Text = None
    created: Moment | None = None
    budget: Money | None = None
    consent: Annotated[bool | None, Field(strict=True)] = None
    owner: Text = None
    account: Account = Field(default_factory=Account)
    fields: Values = Field(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _speak_of_fields(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            lead = handler(data)
        except ValidationError as error:
            raise _explained(error, data) from error
        except EvaluationError as error:  # of a part, which does not know whose it is
            raise EvaluationError(error.message, field=error.field, lead_id=_id(data)) from error
        lead.record  # noqa: B018 - a value that cannot be settled is an error here, not later
        return lead

    @cached_property
    def record(self) -> Mapping[str, Value]:
        """The known fields by name, settled: the flat mapping that evaluations read."""
        return _settled(self)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return the lead with other values, checked as at first.

        Raises:
            EvaluationError: If a new value is not of its field's type.
        """
        del deep  # every part is frozen
        known = {name: getattr(self, name) for name in self.model_fields_set}
        return type(self)(**(known | dict(update or {})))


@dataclass(frozen=True, slots=True)
class LeadField:
    """A field of every lead.

    Attributes:
        name: Its name in conditions.
        type: Its type.
        personal: Whether it tells who a person is.
        least: The least number that it may be, if there is one.
    """

    name: str
    type: Type
    personal: bool = False
    least: int | None = None


def lead_fields() -> tuple[LeadField, ...]:
    """Return the fields that every lead has, under the names that conditions use.

    Examples:
        >>> [field.name for field in lead_fields()][:3]
        ['id', 'contact_id', 'name']
    """
    return tuple(_fields_of(Lead, ""))


def _fields_of(model: type[BaseModel], prefix: str) -> list[LeadField]:
    found: list[LeadField] = []
    for name, info in model.model_fields.items():
        annotation = _known(info.annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found += _fields_of(annotation, f"{name}.")
        elif annotation in _TYPES:
            personal = any(isinstance(mark, _Personal) for mark in info.metadata)
            least = next((mark.ge for mark in info.metadata if hasattr(mark, "ge")), None)
            found.append(LeadField(prefix + name, _TYPES[annotation], personal, least))
    return found


_TYPES: Mapping[Any, Type] = {
    str: Type.STRING,
    int: Type.INTEGER,
    bool: Type.BOOLEAN,
    datetime: Type.DATETIME,
    Money: Type.MONEY,
}


def _known(annotation: Any) -> Any:
    """Return what an annotation says apart from "or None" and its marks."""
    if get_origin(annotation) in {Union, UnionType}:
        (annotation,) = (part for part in get_args(annotation) if part is not type(None))
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _settled(lead: Lead) -> dict[str, Value]:
    known: dict[str, Value] = {}
    for name, value in _values(lead):
        if value is None:
            continue
        try:
            settled = settle(value)
        except ValueError as error:
            raise EvaluationError(f"{name}: {error}", field=name, lead_id=lead.id) from error
        if settled is not None:
            known[name] = settled
    return known


def _values(lead: Lead) -> Iterator[tuple[str, object]]:
    for prefix, part in (("", lead), ("company.", lead.company), ("account.", lead.account)):
        for name in part.model_fields_set - _GROUPS:
            yield prefix + name, getattr(part, name)
    for name, value in lead.fields.items():
        if name in _BUILT_IN:
            message = f"{name}: belongs to every lead; give it as Lead({_argument(name)})"
            raise EvaluationError(message, field=name, lead_id=lead.id)
        yield name, value


_GROUPS = {"company", "account", "fields"}
_BUILT_IN = _GROUPS | {field.name for field in lead_fields()}


def _argument(name: str) -> str:
    """Return how a field of every lead is given.

    Examples:
        >>> _argument("company.employees")
        "company={'employees': ...}"
    """
    group, _, rest = name.rpartition(".")
    return f"{group}={{'{rest}': ...}}" if group else f"{name}=..."


def _empty(value: object) -> bool:
    return value is None or value == {} or (isinstance(value, _Part) and not value.model_fields_set)


def _explained(error: ValidationError, data: Any, group: str = "") -> EvaluationError:
    """Return the first thing that is wrong with a lead, in the words of its fields."""
    first = error.errors(include_url=False)[0]
    path = [str(part) for part in first["loc"]]
    name = group + ".".join(path) if path else group.rstrip(".") or "lead"
    given = first.get("input")
    match first["type"]:
        case "missing":
            wrong = "is missing; expected a text"
        case "extra_forbidden":
            hint = did_you_mean(name, _BUILT_IN)
            wrong = (
                f"no such field{hint or '; fields that a policy declares stand in fields={...}'}"
            )
        case "value_error":
            wrong = str(first["ctx"]["error"])
        case "string_too_short":
            wrong = "is empty; expected a text"
        case "greater_than_equal":
            wrong = f"'{given}' is not possible; expected at least {first['ctx']['ge']}"
        case _:
            wrong = f"'{as_written(given)}' is not {_expected(name)}"
    return EvaluationError(f"{name}: {wrong}", field=name, lead_id=None if group else _id(data))


def _id(data: Any) -> str | None:
    found = data.get("id") if isinstance(data, Mapping) else None
    return found if isinstance(found, str) else None


def _expected(name: str) -> str:
    types = {field.name: field.type for field in lead_fields()}
    return types[name].noun if name in types else "a mapping of names to values"


LEAST: Mapping[str, int] = {
    found.name: found.least for found in lead_fields() if found.least is not None
}
"""The least that a count of every lead can be, by its name."""
