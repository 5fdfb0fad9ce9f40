"""Read a YAML or JSON document strictly, knowing the place of every node.

Plain scalars mean what YAML 1.2's core schema says, so `NO`, `9:00` and `2026-01-01` are text,
and a key is its text as written. What readers overlook (equal keys, merge keys, leading zeros,
tags) is an issue. Nothing here recurses, and every size has a bound, so no document is costly.
"""

from __future__ import annotations

import codecs
import os
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path as FilePath
from typing import Any

import yaml

from leadrules.errors import DocumentError, Issue, as_written

__all__ = [
    "Document",
    "Path",
    "Place",
    "document_of",
    "open_document",
    "path_text",
    "read_document",
]

Path = tuple[str | int, ...]

LOADER: Any = getattr(yaml, "CLoader", yaml.Loader)  # without libyaml the same, but slow

MOST_CHARACTERS = 20_000_000
MOST_VALUES = 500_000
MOST_LEVELS = 64
MOST_LEVELS_OF_DATA = 2 * MOST_LEVELS  # a condition as data is twice as deep as its text
MOST_KEY_CHARACTERS = 1_024  # what YAML allows a key on one line
MOST_DIGITS = 400
MOST_ISSUES = 1_000
MOST_SHOWN = 60
EXPANSION, FREE_EXPANSION = 10, 1_000  # values with aliases <= 10 x values written + 1,000

KEYWORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
WHOLE = re.compile(r"[-+]?[0-9]++|0x[0-9a-fA-F]++|0o[0-7]++")
DECIMAL = re.compile(r"[-+]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][-+]?[0-9]++)?")
NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
LEADING_ZERO = re.compile(r"[-+]?0[0-9]")

LINE_BREAK = re.compile(r"\r\n?|\n")
REFUSED_CHARACTER = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
TAG_DIRECTIVE = re.compile(r"(?:\A|[\r\n])%TAG")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
BEFORE_TEXT = re.compile(r"\A(?:&\S+\s+)?(?:[\"']|[|>][^\r\n]*)?")
PLAIN_STEP = re.compile(r"[^\s.\[\]\"']+")
CONDITION = re.compile(r"\bwhen[\"']?\s*:")

MAPPING_EXPECTED = "expected a mapping of keys such as 'policy:'"
NO_VALUE = ("empty", f"the document is empty, {MAPPING_EXPECTED}")
SINGLE_VALUE = ("not-a-mapping", f"the document is a single value, {MAPPING_EXPECTED}")
LIST = ("not-a-mapping", f"the document is a list, {MAPPING_EXPECTED}")
QUOTE_IT = "quote the text"
BAD_ESCAPE = "an escape that means no character; write the character itself"
PROBLEMS = {  # what libyaml says: what we say, and the hint
    "mapping values are not allowed in this context": ("':' is not allowed here", QUOTE_IT),
    "block sequence entries are not allowed in this context": ("'-' is not allowed here", QUOTE_IT),
    "could not find expected ':'": ("a key without ':'", "write 'key: value'"),
    "did not find expected key": ("expected a key", "check the indentation and the quotes"),
    "did not find expected '-' indicator": ("expected a list item", "check the indentation"),
    "did not find expected ',' or ']'": ("expected ',' or ']'", "close the list of line {line}"),
    "did not find expected ',' or '}'": ("expected ',' or '}'", "close the mapping of line {line}"),
    "did not find expected node content": ("expected a value", QUOTE_IT),
    "did not find expected comment or line break": ("'|' or '>' must end its line", QUOTE_IT),
    "found character that cannot start any token": ("text cannot start with this", QUOTE_IT),
    "did not find expected alphabetic or numeric character": ("'*' or '&' needs a name", QUOTE_IT),
    "did not find expected <document start>": ("the document ends before this", "remove it"),
    "found undefined tag handle": ("a tag is not allowed", QUOTE_IT),
    "found incompatible YAML document": ("only YAML 1.2 is read", "remove the '%YAML' line"),
    "found unexpected end of stream": ("a quote that is never closed", "close it"),
    "found unknown escape character": ("an unknown escape", "use single quotes"),
    "found invalid Unicode character escape code": BAD_ESCAPE.split("; "),
}
TOLD_WHERE_IT_STARTS = {"could not find expected ':'", "found unexpected end of stream"}


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a text.

    Attributes:
        line: Line, from 1.
        column: Column in that line, in characters (code points), from 1.
    """

    line: int
    column: int


TOP = Place(1, 1)


@dataclass(slots=True)
class _Node:
    """A value with the marks of its start, end and key, and what it comes to without aliases."""

    value: Any
    start: Any
    end: Any
    key: Any = None
    parts: dict[str | int, _Node] | None = None
    size: int = 1
    height: int = 0

    @property
    def place(self) -> Place:
        return _place(self.start)


@dataclass(frozen=True, slots=True)
class Document:
    """The data of a document, and where in the text each part of it stands.

    A document made from data, as in `Document({"policy": {}})`, has no places: all are None.
    An alias gives the very object of its anchor. It has the place where the alias stands; what
    is inside it has the place where it is written, below the anchor.

    Attributes:
        data: Dictionaries with text keys, lists, texts, numbers, booleans and None.
        source: The name of the document, such as its file's; None if it has none.
    """

    data: Any
    source: str | None = None
    _text: str = field(default="", repr=False, compare=False)
    _root: _Node | None = field(default=None, repr=False, compare=False)

    def place(self, path: Path) -> Place | None:
        """Return where the value at `path` starts, or the nearest value around it."""
        node, _ = self._nearest(path)
        return node.place if node else None

    def key_place(self, path: Path) -> Place | None:
        """Return where the key that leads to `path` starts; where there is none, as `place`."""
        node, found = self._nearest(path)
        return _place(node.key) if node and found and node.key else self.place(path)

    def text_place(self, path: Path, offset: int) -> Place | None:
        """Return where the character `offset` of the text at `path` stands.

        Exact for text without escapes, also on several lines or folded. Otherwise, and for an
        alias, it is the place where the text starts.
        """
        node, found = self._nearest(path)
        if node is None or not found or not isinstance(node.value, str):
            return self.place(path)
        raw = self._text[node.start.index : node.end.index]
        return _moved(node.place, raw[: _raw_offset(raw, node.value, offset)])

    def _nearest(self, path: Path) -> tuple[_Node | None, bool]:
        """Return the last node there is on the way to `path`, and whether it is at `path`."""
        node = self._root
        for step in path:
            below = node.parts.get(step) if node and node.parts else None
            if below is None:
                return node, False
            node = below
        return node, True


def read_document(text: str | bytes, *, source: str | None = None) -> Document:
    """Read one YAML or JSON document whose top level is a mapping.

    Args:
        text: The document; bytes must be UTF-8, with or without a byte order mark.
        source: The name of the document for its errors, such as its file's.

    Raises:
        DocumentError: The document cannot be used; carries all issues, up to the first that
            ends the reading, such as wrong syntax or the thousandth.

    Examples:
        >>> document = read_document("policy: {id: acme, opens: 9:00}")
        >>> document.data
        {'policy': {'id': 'acme', 'opens': '9:00'}}
        >>> document.place(("policy", "opens"))
        Place(line=1, column=27)
    """
    return _Reader(source).read(text)


def open_document(source: object, *, noun: str) -> Document:
    """Return the document of a path, a text or data.

    Args:
        source: The path of a YAML or JSON file; or the document itself, as a mapping or as a
            text, which has more than one line or starts with `{`.
        noun: What the document is, for the error.

    Raises:
        DocumentError: If it cannot be read, or is none of these.
        OSError: If the file cannot be read.
    """
    if isinstance(source, Mapping):
        return document_of(source)
    if isinstance(source, str) and ("\n" in source or source.startswith("{")):
        return read_document(source)
    if isinstance(source, str | os.PathLike):
        return read_document(FilePath(source).read_bytes(), source=os.fspath(source))
    message = f"'{as_written(source)}' is no {noun}; expected a path, a text or a mapping"
    raise DocumentError([Issue("wrong-type", message)])


def document_of(data: Mapping[str, Any]) -> Document:
    """Return the document that plain data is; it shares no mapping and no list with the data.

    Raises:
        DocumentError: The data is too deep, as is what contains itself, or too large.

    Examples:
        >>> document_of({"policy": {"id": "acme"}}).data
        {'policy': {'id': 'acme'}}
    """
    path: list[Any] = []
    values, walks = 0, [_parts(data)]
    while walks:
        found = next(walks[-1], None)
        if found is None:
            walks.pop()
            del path[-1:]
            continue
        values += 1
        if values > MOST_VALUES:
            message = f"the document has more than {MOST_VALUES:,} values; split it"
            raise DocumentError([Issue("too-large", message)])
        step, value = found
        if not isinstance(value, Mapping | list | tuple):
            continue
        path.append(step)
        walks.append(_parts(value))
        if len(walks) > MOST_LEVELS_OF_DATA:
            message = f"nested more than {MOST_LEVELS_OF_DATA} levels deep; flatten it"
            raise DocumentError([Issue("too-deep", message, path_text(tuple(path)))])
    return Document(_copied(data))


def _parts(data: Any) -> Iterator[tuple[Any, Any]]:
    return iter(data.items() if isinstance(data, Mapping) else enumerate(data))


def _copied(data: Any) -> Any:
    """Return data with mappings and lists of its own, whatever kinds of them it has."""
    match data:
        case Mapping():
            return {key: _copied(inner) for key, inner in data.items()}
        case list() | tuple():
            return [_copied(inner) for inner in data]
    return data


def path_text(path: Path) -> str:
    """Return a path as messages show it.

    Examples:
        >>> path_text(("fit", "characteristics", "size", 0, "when"))
        'fit.characteristics.size[0].when'
        >>> path_text(("domains", "acme.com"))
        "domains['acme.com']"
    """
    steps = [
        f".{step}" if isinstance(step, str) and PLAIN_STEP.fullmatch(step) else f"[{step!r}]"
        for step in path
    ]
    return "".join(steps).removeprefix(".")


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end is not read yet, and the key of the value that comes next.

    The key is None where a mapping's key is due. A value whose key is refused is not kept.
    """

    node: _Node
    parts: dict[str | int, _Node]
    key: str | int | None
    key_mark: Any = None
    kept: bool = True

    def take(self, node: _Node) -> None:
        """Put a finished value under the key, and turn to the next key."""
        if isinstance(self.key, int):
            self.node.value.append(node.value)
            self.parts[self.key] = node
            self.key += 1
            return
        if self.kept and self.key is not None:
            self.node.value[self.key] = node.value
            self.parts[self.key] = node
            node.key = self.key_mark
        self.key = None


class _Refused(Exception):  # noqa: N818 - never leaves this module
    """A key or value that a document may not hold: code and message."""

    def __init__(self, code: str, message: str) -> None:
        self.problem = (code, message)
        super().__init__(code, message)


class _Reader:
    """Turns the events of one text into nodes, and notes the issues."""

    def __init__(self, source: str | None) -> None:
        self.source = source
        self.issues: list[Issue] = []
        self.open: list[_Open] = []
        self.anchors: dict[str, _Node] = {}
        self.root: _Node | None = None
        self.values = 0
        self.largest_alias: _Node | None = None

    def read(self, text: str | bytes) -> Document:
        """Return the document, or raise with all of its issues."""
        text = self.accepted(text)
        for event in self.events(text):
            match event:
                case yaml.ScalarEvent():
                    self.read_scalar(event)
                case yaml.MappingStartEvent():
                    self.read_start(event, {}, None)
                case yaml.SequenceStartEvent():
                    self.read_start(event, [], 0)
                case yaml.CollectionEndEvent():
                    self.add(self.open.pop().node)
                case yaml.AliasEvent():
                    self.read_alias(event)
                case yaml.DocumentStartEvent() if self.root:
                    message = "a second document starts here; keep one document in a file"
                    raise self.stop("many-documents", message, _place(event.start_mark))
        if self.root is None:
            raise self.stop(*NO_VALUE, TOP)
        self.check_expansion(self.root)
        if self.issues:
            raise self.error()
        return Document(self.root.value, self.source, text, self.root)

    def accepted(self, text: str | bytes) -> str:
        """Return the text without its byte order mark, or refuse what the parser should not see."""
        text = self.decoded(text) if isinstance(text, bytes) else text
        text = text.removeprefix("\ufeff")
        if len(text) > MOST_CHARACTERS:
            message = f"the document has {len(text):,} characters, expected at most "
            raise self.stop("too-large", f"{message}{MOST_CHARACTERS:,}", TOP)
        if refused := REFUSED_CHARACTER.search(text):
            message = f"character U+{ord(refused[0]):04X} is not allowed in a document; remove it"
            raise self.stop("encoding", message, _moved(TOP, text[: refused.start()]))
        if directive := TAG_DIRECTIVE.search(text):  # a million of them would take hours
            message = "tag directive '%TAG' is not allowed; remove it"
            raise self.stop("tag", message, _moved(TOP, text[: directive.end() - len("%TAG")]))
        return text

    def decoded(self, text: bytes) -> str:
        if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise self.stop("encoding", "the document is UTF-16; save it as UTF-8", TOP)
        try:
            return text.decode("utf-8")
        except UnicodeDecodeError as error:
            at = error.start
            place = _moved(TOP, text[:at].decode("utf-8").removeprefix("\ufeff"))
            message = f"byte {at} (0x{text[at]:02x}) is not UTF-8; save the document as UTF-8"
            raise self.stop("encoding", message, place) from None

    def events(self, text: str) -> Iterator[Any]:
        """Yield the events of the text, and stop at a syntax error."""
        try:
            yield from yaml.parse(text, Loader=LOADER)
        except yaml.MarkedYAMLError as error:
            raise self.stop("syntax", *_syntax_problem(text, error)) from None
        except ValueError:  # only without libyaml, where `chr` may refuse an escape
            raise self.stop("syntax", BAD_ESCAPE, TOP) from None

    def read_start(self, event: Any, value: Any, key: int | None) -> None:
        node = self.node(event, value)
        node.height, node.parts = 1, {}
        self.check_depth(node)
        if not self.open and key is not None:
            self.note(*LIST, node.place)
        self.open.append(_Open(node, node.parts, key))

    def read_scalar(self, event: Any) -> None:
        node = self.node(event, event.value)
        if LONE_SURROGATE.search(event.value):  # only without libyaml, from an escape
            self.note("syntax", BAD_ESCAPE, node.place)
        if self.open and self.open[-1].key is None:
            self.read_key(event, self.open[-1])
            return
        if not self.open:
            empty = node.start.index == node.end.index
            self.note(*(NO_VALUE if empty else SINGLE_VALUE), node.place)
        try:
            node.value = _plain_value(event.value) if event.implicit[0] else event.value
        except _Refused as refused:
            self.note(*refused.problem, node.place)
        self.add(node)

    def read_key(self, event: Any, mapping: _Open) -> None:
        """Take the text of a key as written, whatever it looks like."""
        mapping.key, mapping.key_mark = event.value[:MOST_KEY_CHARACTERS], event.start_mark
        mapping.kept = True
        try:
            _check_key(event.value, mapping.parts, plain=event.implicit[0])
        except _Refused as refused:
            mapping.kept = False
            self.note(*refused.problem, _place(event.start_mark))

    def read_alias(self, event: Any) -> None:
        node, shown = _Node(None, event.start_mark, event.end_mark), _shown(f"*{event.anchor}")
        anchored = self.anchors.get(event.anchor)
        if anchored is None:
            self.note("syntax", f"alias {shown} has no anchor before it", node.place)
        elif any(anchored is collection.node for collection in self.open):
            self.note("alias-cycle", f"alias {shown} stands inside its own anchor", node.place)
        else:
            node.value, node.parts = anchored.value, anchored.parts
            node.size, node.height = anchored.size, anchored.height
            self.check_depth(node)
            self.largest_alias = max(self.largest_alias or node, node, key=lambda each: each.size)
        self.add(node)

    def node(self, event: Any, value: Any) -> _Node:
        """Return the node that an event starts; refuse its tag and remember its anchor."""
        node = _Node(value, event.start_mark, event.end_mark)
        if event.tag is not None:
            tag = _shown(event.tag.replace("tag:yaml.org,2002:", "!!"))
            hint = "quote the text, or write 'not' for '!'"
            self.note("tag", f"tag {tag} is not allowed; {hint}", node.place)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def add(self, node: _Node) -> None:
        """Put a finished value into what is open; where a key is due, refuse it."""
        self.values += 1
        if self.values > MOST_VALUES:
            message = f"the document has more than {MOST_VALUES:,} values; split it"
            raise self.stop("too-large", message, node.place)
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        parent.node.size += node.size
        parent.node.height = max(parent.node.height, node.height + 1)
        if parent.key is None:
            message = "a key must be text, not a mapping, a list or an alias"
            self.note("bad-key", message, node.place)
            parent.key, parent.kept = "?", False
        else:
            parent.take(node)

    def check_depth(self, node: _Node) -> None:
        if len(self.open) + node.height > MOST_LEVELS:
            message = f"nested more than {MOST_LEVELS} levels deep; flatten it"
            raise self.stop("too-deep", message, node.place)

    def check_expansion(self, root: _Node) -> None:
        most = EXPANSION * self.values + FREE_EXPANSION
        if self.largest_alias and root.size > most:
            message = f"aliases expand {self.values:,} values to more than {most:,}; write them out"
            self.note("alias-bomb", message, self.largest_alias.place)

    def note(self, code: str, message: str, place: Place) -> None:
        path = path_text(tuple(each.key for each in self.open if each.key is not None))
        self.issues.append(Issue(code, message, path, place.line, place.column))
        if len(self.issues) == MOST_ISSUES:
            raise self.error()

    def stop(self, code: str, message: str, place: Place) -> DocumentError:
        self.note(code, message, place)
        return self.error()

    def error(self) -> DocumentError:
        """Return the error with the issues so far, in document order."""
        issues = sorted(self.issues, key=lambda issue: (issue.line or 0, issue.column or 0))
        return DocumentError(issues, source=self.source)


def _check_key(key: str, known: Mapping[str | int, _Node], *, plain: bool) -> None:
    """Refuse a key that is not text, or that its mapping already has."""
    if plain and key == "":
        raise _Refused("bad-key", "a key is missing here, expected text")
    if plain and key == "<<":
        raise _Refused("merge-key", "merge key '<<' is not allowed; write the keys out")
    if len(key) > MOST_KEY_CHARACTERS:
        message = f"key {_shown(key)} has {len(key):,} characters, expected at most "
        raise _Refused("bad-key", f"{message}{MOST_KEY_CHARACTERS:,}")
    if first := known.get(key):
        message = f"key {_shown(key)} is given twice, first on line {first.key.line + 1}"
        raise _Refused("duplicate-key", f"{message}; keep one of them")


def _plain_value(text: str) -> str | float | None:
    """Return what a plain scalar means in the core schema of YAML 1.2.

    Examples:
        >>> [_plain_value(text) for text in ("0x1F", "1e3", "true", "NO", "9:00", "~")]
        [31, 1000.0, True, 'NO', '9:00', None]
    """
    if text in KEYWORDS:
        return KEYWORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    whole, infinite = WHOLE.fullmatch(text), NOT_FINITE.fullmatch(text)
    if not (whole or infinite or DECIMAL.fullmatch(text)):
        return text
    if len(text) > MOST_DIGITS:
        message = f"a number of {len(text):,} characters, expected at most {MOST_DIGITS}"
        raise _Refused("long-number", message)
    if LEADING_ZERO.match(text):
        message = f"number {_shown(text)} has a leading zero; quote it if it is text"
        raise _Refused("leading-zero", message)
    if whole:
        return int(text, 0)
    if infinite or not isfinite(float(text)):
        raise _Refused("not-finite", f"number {_shown(text)} is not finite; write a finite one")
    return float(text)


def _syntax_problem(text: str, error: Any) -> tuple[str, Place]:
    """Return what to say about a syntax error, and where."""
    mark, start = error.problem_mark, error.context_mark
    message, hint = PROBLEMS.get(error.problem, (error.problem.lower(), QUOTE_IT))
    if error.problem in TOLD_WHERE_IT_STARTS:
        mark = start
    elif "tab" in error.problem or text[mark.index : mark.index + 1] == "\t":
        message, hint = "a tab is not allowed here", "indent with spaces"
    elif CONDITION.search(_line(text, mark.index)):
        hint = "quote the condition"
    hint = hint.format(line=start.line + 1) if start else hint
    # libyaml puts the end of the text on a line of its own
    place = _place(mark) if mark.index < len(text) else _moved(TOP, text)
    return f"{message}; {hint}", place


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)


def _moved(place: Place, passed: str) -> Place:
    """Return the place after `passed`, a text that starts at `place`."""
    lines = LINE_BREAK.split(passed)
    if len(lines) == 1:
        return Place(place.line, place.column + len(passed))
    return Place(place.line + len(lines) - 1, len(lines[-1]) + 1)


def _line(text: str, index: int) -> str:
    """Return the line around `index`."""
    before, after = LINE_BREAK.split(text[:index])[-1], LINE_BREAK.split(text[index:], 1)[0]
    return before + after


def _raw_offset(raw: str, value: str, offset: int) -> int:
    """Return where in `raw`, as written, the character `offset` of `value` is; 0 if unsure.

    Folding and indentation only change white space, so it is enough to count the rest.
    """
    body = BEFORE_TEXT.sub("", raw, count=1)
    begin = len(raw) - len(body)
    if begin and raw[begin - 1] in "\"'":
        body = body[:-1]
    if "".join(body.split()) != "".join(value.split()):
        return 0
    written = [begin - 1, *(begin + at for at, each in enumerate(body) if not each.isspace())]
    meant = [-1, *(at for at, each in enumerate(value) if not each.isspace())]
    last = bisect_right(meant, offset) - 1
    return written[last] + offset - meant[last]


def _shown(text: str) -> str:
    return repr(text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}...")
