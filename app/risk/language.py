"""The language of rules: readable conditions, checked for types before they are kept, evaluated without surprises.

    amount > 500.00 EUR and card.country != ip.country and not email.domain in @trusted
    card.payments[1h] > 3 or (device.cards[1d] >= 3 and customer.age < 1d)

What is not known (no IP address came with the order) makes a comparison neither true nor false; a rule fires only on
what is true. `is known` and `is unknown` ask for that.
"""

from __future__ import annotations

import difflib
import functools
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Protocol

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from app.money import Money, UnknownCurrency, currency_codes, parse_amount
from app.risk.fields import FIELDS, LONGEST, Field, Type

LONGEST_RULE = 2000
_MOST_PARTS = 200

_GRAMMAR = r"""
?start: either
?either: both ("or"i both)*
?both: negated ("and"i negated)*
?negated: "not"i negated -> negation | comparison
?comparison: value COMPARE value -> compare
    | value "in"i set -> among
    | value "not"i "in"i set -> not_among
    | value "is"i "known"i -> known
    | value "is"i "unknown"i -> unknown
    | value
?value: "(" either ")" | field | literal
field: NAME window?
window: "[" DURATION "]"
?literal: MONEY -> money | DURATION -> duration | NUMBER -> number | TEXT -> text | TRUTH -> truth
set: "(" literal ("," literal)* ","? ")" -> literals | LIST -> listed

COMPARE: ">=" | "<=" | "!=" | "==" | "=" | ">" | "<"
TRUTH.3: /(true|false)\b/i
MONEY.3: /-?\d+(\.\d+)?\s*(?!(?:AND|NOT)\b)[A-Z]{3}\b/
DURATION.2: /\d+[mhd]\b/
NUMBER.1: /-?\d+(\.\d+)?/
TEXT: /"[^"\n]*"/ | /'[^'\n]*'/
LIST: /@[a-z][a-z0-9_]*/
NAME: /(?!(?:and|or|not|in|is|known|unknown|true|false)\b)[a-z_]+(\.[a-z_]+)*/i
%import common.WS
%ignore WS
"""

Truth = bool | None
Key = tuple[str, timedelta | None]
"""A field's name and how far it looks back."""
Facts = Mapping[Key, Any]
"""What is known of one payment; what is missing or None is not known."""


class Lists(Protocol):
    """The value lists at hand: whether a list holds a text now."""

    def __contains__(self, name: object) -> bool: ...

    def holds(self, name: str, text: str) -> bool: ...


class RuleError(ValueError):
    """What is wrong with a condition, in words, and where: `start` and `end` count letters of its text."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.message, self.start, self.end = message, start, max(end, start + 1)


@dataclass(frozen=True)
class _Part:
    """One part of a condition with its type and its place, and how it is found out."""

    type: Type
    start: int
    end: int
    evaluate: Callable[[Facts, Lists], Any]


@dataclass(frozen=True)
class Condition:
    """A checked condition. `needs` are the facts that it asks for, `lists` the value lists, `currencies` those of the
    amounts that are written in it."""

    text: str
    needs: frozenset[Key]
    lists: frozenset[str]
    currencies: frozenset[str]
    _root: _Part

    def holds(self, facts: Facts, lists: Lists) -> bool:
        """Whether it is true of a payment; what cannot be known is not true."""
        return self._root.evaluate(facts, lists) is True


@functools.cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def parse(text: str, known_lists: Lists | None = None) -> Condition:
    """Read and check a condition; RuleError says what is wrong and where. Lists are checked where they are given."""
    if len(text) > LONGEST_RULE:
        raise RuleError(f"A condition has at most {LONGEST_RULE} letters.", LONGEST_RULE, len(text))
    if not text.strip():
        raise RuleError("Write a condition, like amount > 500.00 EUR.", 0, len(text))
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise _misread(text, error) from None
    reader = _Reader(known_lists)
    root = reader.read(tree)
    if root.type is not Type.TRUTH:
        raise RuleError(f"This is {root.type}; compare it with something, so that it is true or false.", 0, len(text))
    return Condition(text, frozenset(reader.needs), frozenset(reader.lists), frozenset(reader.currencies), root)


_CALLED = {
    "NAME": "a field",
    "COMPARE": "a comparison such as > or =",
    "MONEY": "an amount like 50.00 EUR",
    "NUMBER": "a number",
    "TEXT": 'a text in "quotes"',
    "DURATION": "a span like 1h",
    "LIST": "a list like @blocked",
    "AND": "and",
    "OR": "or",
    "LPAR": "(",
    "RPAR": ")",
    "IN": "in",
}


def _misread(text: str, error: UnexpectedInput) -> RuleError:
    if isinstance(error, UnexpectedCharacters):
        start: int = error.pos_in_stream  # type: ignore[assignment]  # always set by the lexer
        if text[start] in "\"'":
            return RuleError("This text has no closing quote.", start, len(text))
        return RuleError(f"The letter {text[start]!r} means nothing here.", start, start + 1)
    wanted = getattr(error, "expected", ())
    hints = [_CALLED[name] for name in _CALLED if name in wanted]
    hint = f" Expected {', '.join(hints[:-1])}{' or ' if hints[:-1] else ''}{hints[-1]}." if hints else ""
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        start = error.token.start_pos or 0
        return RuleError(f"{str(error.token)!r} cannot stand here.{hint}", start, start + len(error.token))
    return RuleError(f"The condition ends too soon.{hint}", len(text), len(text))


class _Reader:
    """Turns the tree into parts whose types fit."""

    def __init__(self, known_lists: Lists | None) -> None:
        self.needs: set[Key] = set()
        self.lists: set[str] = set()
        self.currencies: set[str] = set()
        self._known_lists = known_lists
        self._parts = 0

    def read(self, tree: Tree[Token]) -> _Part:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise RuleError(f"A condition has at most {_MOST_PARTS} parts; make two rules of it.", 0, LONGEST_RULE)
        part: _Part = getattr(self, f"_{tree.data}")(tree)
        return part

    def _either(self, tree: Tree[Token]) -> _Part:
        return self._joined(tree, _any)

    def _both(self, tree: Tree[Token]) -> _Part:
        return self._joined(tree, _all)

    def _joined(self, tree: Tree[Token], join: Callable[[list[Truth]], Truth]) -> _Part:
        parts = [self._truth_of(child) for child in tree.children]
        return _made(tree, lambda facts, lists: join([part.evaluate(facts, lists) for part in parts]))

    def _negation(self, tree: Tree[Token]) -> _Part:
        part = self._truth_of(tree.children[0])

        def evaluate(facts: Facts, lists: Lists) -> Truth:
            found = part.evaluate(facts, lists)
            return None if found is None else not found

        return _made(tree, evaluate)

    def _truth_of(self, child: Any) -> _Part:
        part = self.read(child)
        if part.type is not Type.TRUTH:
            raise RuleError(f"This is {part.type}, where true or false is needed. Compare it.", part.start, part.end)
        return part

    def _compare(self, tree: Tree[Token]) -> _Part:
        left, right = self.read(_tree(tree.children[0])), self.read(_tree(tree.children[2]))
        sign = str(tree.children[1])
        if left.type is not right.type:
            raise RuleError(f"This is {right.type}, but {left.type} is compared with it.", right.start, right.end)
        if sign in _ORDERED and left.type in (Type.TEXT, Type.TRUTH):
            raise RuleError(f"{left.type.capitalize()} is neither more nor less; use = or !=.", left.start, right.end)
        compare = _SIGNS[sign]

        def evaluate(facts: Facts, lists: Lists) -> Truth:
            one, other = left.evaluate(facts, lists), right.evaluate(facts, lists)
            if one is None or other is None:
                return None
            if isinstance(one, Money) and isinstance(other, Money):
                if one.currency != other.currency:
                    return None  # what an amount is worth in another currency is not known here
                one, other = one.amount_minor, other.amount_minor
            return bool(compare(one, other))

        return _made(tree, evaluate)

    def _among(self, tree: Tree[Token]) -> _Part:
        return self._member(tree, wanted=True)

    def _not_among(self, tree: Tree[Token]) -> _Part:
        return self._member(tree, wanted=False)

    def _member(self, tree: Tree[Token], *, wanted: bool) -> _Part:
        value, members = self.read(_tree(tree.children[0])), _tree(tree.children[1])
        if members.data == "listed":
            contains = self._list(members, value)
        else:
            literals = [self.read(_tree(child)) for child in members.children]
            for literal in literals:
                if literal.type is not value.type:
                    wrong = f"This is {literal.type}, but {value.type} is looked for."
                    raise RuleError(wrong, literal.start, literal.end)
            known = [literal.evaluate({}, _NO_LISTS) for literal in literals]

            def contains(one: Any, _lists: Lists) -> bool:
                return one in known

        def evaluate(facts: Facts, lists: Lists) -> Truth:
            one = value.evaluate(facts, lists)
            return None if one is None else contains(one, lists) is wanted

        return _made(tree, evaluate)

    def _list(self, tree: Tree[Token], value: _Part) -> Callable[[Any, Lists], bool]:
        name = str(tree.children[0])[1:]
        if value.type is not Type.TEXT:
            raise RuleError(f"Lists hold texts; this is {value.type}.", value.start, value.end)
        if self._known_lists is not None and name not in self._known_lists:
            raise RuleError(f"There is no list {name}. Make it first, under Lists.", *_place(tree))
        self.lists.add(name)
        return lambda one, lists: lists.holds(name, one)

    def _known(self, tree: Tree[Token]) -> _Part:
        value = self.read(_tree(tree.children[0]))
        return _made(tree, lambda facts, lists: value.evaluate(facts, lists) is not None)

    def _unknown(self, tree: Tree[Token]) -> _Part:
        value = self.read(_tree(tree.children[0]))
        return _made(tree, lambda facts, lists: value.evaluate(facts, lists) is None)

    def _field(self, tree: Tree[Token]) -> _Part:
        token = tree.children[0]
        name = str(token).lower()
        field = FIELDS.get(name)
        start, end = _place(tree)
        if field is None:
            near = difflib.get_close_matches(name, FIELDS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise RuleError(f"There is no field {name}.{hint}", start, end)
        key = (name, self._window(tree, field))
        self.needs.add(key)
        return _Part(field.type, start, end, lambda facts, _lists: facts.get(key))

    def _window(self, tree: Tree[Token], field: Field) -> timedelta | None:
        start, end = _place(tree)
        if len(tree.children) == 1:
            if field.windowed:
                raise RuleError(f"Say how far {field.name} looks back, like {field.name}[1h].", start, end)
            return None
        if not field.windowed:
            raise RuleError(f"{field.name} does not look back; leave out the [ ].", start, end)
        window = _span(_tree(tree.children[1]).children[0])
        if not timedelta(0) < window <= LONGEST:
            raise RuleError(f"A window reaches from 1m to {LONGEST.days}d.", *_place(_tree(tree.children[1])))
        return window

    def _money(self, tree: Tree[Token]) -> _Part:
        text = str(tree.children[0])
        number, code = text[:-3].strip(), text[-3:]
        if code not in currency_codes():
            raise RuleError(f"{code} is no ISO 4217 currency.", *_place(tree))
        try:
            value = parse_amount(number, code)
        except (ValueError, UnknownCurrency) as error:
            raise RuleError(str(error), *_place(tree)) from None
        self.currencies.add(code)
        return _fixed(tree, Type.MONEY, value)

    def _duration(self, tree: Tree[Token]) -> _Part:
        return _fixed(tree, Type.DURATION, _span(tree.children[0]))

    def _number(self, tree: Tree[Token]) -> _Part:
        return _fixed(tree, Type.NUMBER, Decimal(str(tree.children[0])))

    def _text(self, tree: Tree[Token]) -> _Part:
        return _fixed(tree, Type.TEXT, str(tree.children[0])[1:-1])

    def _truth(self, tree: Tree[Token]) -> _Part:
        return _fixed(tree, Type.TRUTH, str(tree.children[0]).lower() == "true")


_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
}
_ORDERED = {">", "<", ">=", "<="}


class _Nothing:
    def __contains__(self, name: object) -> bool:
        return False

    def holds(self, name: str, text: str) -> bool:
        raise AssertionError(f"{name} is asked for {text} where no list is")


_NO_LISTS = _Nothing()


def _any(truths: list[Truth]) -> Truth:
    return True if True in truths else None if None in truths else False


def _all(truths: list[Truth]) -> Truth:
    return False if False in truths else None if None in truths else True


def _tree(child: Any) -> Tree[Token]:
    assert isinstance(child, Tree)
    return child


def _place(tree: Tree[Token]) -> tuple[int, int]:
    return tree.meta.start_pos, tree.meta.end_pos


def _made(tree: Tree[Token], evaluate: Callable[[Facts, Lists], Truth]) -> _Part:
    return _Part(Type.TRUTH, *_place(tree), evaluate)


def _fixed(tree: Tree[Token], type_: Type, value: Any) -> _Part:
    return _Part(type_, *_place(tree), lambda _facts, _lists: value)


_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def _span(token: Any) -> timedelta:
    text = str(token)
    return min(int(text[:-1][:9]), 10**6) * _UNITS[text[-1]]
