"""Conditions by chance: such as people write, and such as somebody writes who means harm."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from app.core.events import COMPLETED, EVERY_VARIABLE
from app.core.rules import MENTION, WEEKDAYS

_TEXTS = [name for name, type_ in EVERY_VARIABLE.items() if type_ is str]
_NUMBERS = [name for name, type_ in EVERY_VARIABLE.items() if type_ is float]
_COUNTS = [name for name, type_ in EVERY_VARIABLE.items() if type_ is int]
_LISTS = [name for name, type_ in EVERY_VARIABLE.items() if type_ is list]
_FLAGS = [name for name, type_ in EVERY_VARIABLE.items() if type_ is bool]
_WORDS = (
    "refund", "late", "gold", "negative", "complaint", "smoke", "x", "email", "en", "vip", "a",
    "lawyer", "lost", "bag", "größe", "é", "",
)  # fmt: skip
_WORD_PATTERNS = (
    r"\b(bill|invoice|charged?)\b", r"lost|missing|never", r"\bsue\b", r"caught fire|smoke in",
    r"(cancel|close) my (contract|account)", r"\d{4,8}", r"[A-Z]{2}\d{3}", r"^(hi|hello)\b",
    r"not (from me|again)", r"r.fund(s|ed)?", r"@\w+", r"[[:alpha:]]{3}",
)  # fmt: skip


def event(when: str) -> str:
    """An event at which a rule may have this condition: there is a task only after the mention."""
    return COMPLETED if "task." in when else MENTION


def condition(chance: Random, depth: int = 3) -> str:
    """One that is right, such as people write."""
    if depth and chance.random() < 0.7:
        sign = chance.choice((" && ", " || "))
        parts = [condition(chance, depth - 1) for _ in range(chance.randint(2, 3))]
        joined = sign.join(parts)
        return chance.choice((f"({joined})", f"({joined})", f"!({joined})"))
    return chance.choice(_TESTS)(chance)


def at_mention(chance: Random, depth: int = 3) -> str:
    """One that is right where there is no task yet."""
    while event(found := condition(chance, depth)) != MENTION:
        pass
    return found


def _compared(chance: Random) -> str:
    return f"{chance.choice(_TEXTS)} {chance.choice(('==', '!='))} {_word(chance)}"


def _one_of(chance: Random) -> str:
    words = ", ".join(_word(chance) for _ in range(chance.randint(1, 5)))
    return f"{chance.choice(_TEXTS)} in [{words}]"


def _number(chance: Random) -> str:
    sign = chance.choice(("<", "<=", ">", ">=", "=="))
    if chance.random() < 0.5:
        return f"{chance.choice(_NUMBERS)} {sign} {chance.randint(-1, 5)}.{chance.randint(0, 99)}"
    return f"{chance.choice(_COUNTS)} {sign} {chance.choice((0, 1, 7, 1000, 100000))}"


def _reckoned(chance: Random) -> str:
    """May fail at run time: a division by nothing, a number too large."""
    sign = chance.choice(("+", "-", "*", "/", "%"))
    return f"{chance.choice(_COUNTS)} {sign} {chance.choice(_COUNTS)} > {chance.randint(0, 9)}"


def _searched(chance: Random) -> str:
    subject = chance.choice((*_TEXTS, *["mention.text"] * 9))
    return f'{subject}.says(r"{chance.choice(_WORD_PATTERNS)}")'


def _found(chance: Random) -> str:
    function = chance.choice(("contains", "startsWith", "endsWith"))
    return f"{chance.choice(_TEXTS)}.{function}({_word(chance)})"


def _sized(chance: Random) -> str:
    return f"{chance.choice((*_TEXTS, *_LISTS))}.size() > {chance.randint(0, 300)}"


def _in_list(chance: Random) -> str:
    name = chance.choice(_LISTS)
    body = chance.choice((
        f"l == {_word(chance)}",
        f"l.startsWith({_word(chance)})",
        f"l in [{_word(chance)}, {_word(chance)}]",
        "mention.text.contains(l)",
        f"l.size() > {chance.randint(0, 9)} && {chance.choice(_FLAGS)}",
        f'l.says(r"{chance.choice(_WORD_PATTERNS)}")',
    ))  # fmt: skip
    loop = chance.choice(("exists", "all", "exists_one"))
    filtered = f"{name}.filter(l, {body}).size() > {chance.randint(0, 3)}"
    return chance.choice((f"{_word(chance)} in {name}", f"{name}.{loop}(l, {body})", filtered))


def _timed(chance: Random) -> str:
    return chance.choice((
        f"time.weekday in ['{chance.choice(WEEKDAYS)}', '{chance.choice(WEEKDAYS)}']",
        f"time.minute_of_day >= {chance.randint(0, 1440)}",
        'calendar.open["office"]',
        '"office" in calendar.open && !calendar.open.office',
        "duration(string(time.hour) + 'h') > duration('90m')",
        "timestamp('2026-11-22T10:00:00Z').getHours('Europe/Berlin') == time.hour",
    ))  # fmt: skip


def _queued(chance: Random) -> str:
    """Of a queue of which something is known, or nothing."""
    name = f'"{chance.choice(("urgent", "service", "nowhere"))}"'
    return chance.choice((
        f"queue.waiting[{name}] > {chance.randint(0, 30)}",
        f"queue.free[{name}] == 0 && queue.oldest_wait_s[{name}] > {chance.randint(0, 900)}.0",
        f"{name} in queue.late_share && queue.late_share[{name}] >= 0.{chance.randint(0, 9)}",
        f"queue.waiting.exists(q, queue.waiting[q] > {chance.randint(0, 9)})",
        "queue.free.all(q, queue.free[q] == 0) || queue.waiting.urgent == 0",
        "queue.waiting[mention.lang] > 3",
    ))  # fmt: skip


def _chosen(chance: Random) -> str:
    parts = (chance.choice(_FLAGS), _compared(chance), _number(chance))
    return f"({parts[0]} ? {parts[1]} : {parts[2]})"


def _flag(chance: Random) -> str:
    return chance.choice(_FLAGS)


def _word(chance: Random) -> str:
    return f'"{chance.choice(_WORDS)}"'


_TESTS: tuple[Callable[[Random], str], ...] = (
    _compared, _one_of, _number, _reckoned, _searched, _found, _sized, _in_list, _timed, _queued,
    _chosen, _flag,
)  # fmt: skip


def hostile(chance: Random) -> str:
    """One that means harm, alone or behind something that looks harmless."""
    harm = chance.choice(_HARM)(chance)
    if chance.random() < 0.3:
        return f"{chance.choice(_TESTS)(chance)} {chance.choice(('&&', '||'))} {harm}"
    return harm


def _bomb(chance: Random) -> str:
    """Patterns that make engines slow: many states, nested repeats, large counts."""
    n, m = chance.randint(2, 300), chance.randint(2, 60)
    letters = chance.choice(("ab", "a-z", r"\w", ".", r"\pL", "aeé", "0-9a", "xyz😡"))
    some = letters if letters in (r"\w", ".", r"\pL") else f"[{letters}]"
    bomb = chance.choice((
        f"{some}*a{some}{{{n}}}c", f"({some}{{1,{n}}}){{{m}}}q", f"((a{{1,{m}}}){{1,{m}}})q",
        "(a+)+$", "(x+x+)+y", f"(?:a?){{{n}}}a{{{n}}}q", f"{some}*" * min(m, 30) + "q",
        f"a.{{{n}}}b.{{{m}}}c", f"({some}|a){{{n}}}q", f"(a|{some}|b)*{some}{{{m}}}(c|d)",
        "a" * n, f"({'|'.join('a' * i for i in range(1, m))})+q", f"a{some * min(m, 40)}c",
        f"(?s:.*){some}a(?s:.{{{m}}})b", "(" * m + "a" + ")*" * m + "q", r"\b" * m + "q",
        f"(.*)(.*)(.*)({some}*)*{n}", f"[^a]{{{n}}}[^b]{{{m}}}q", "(", "a**", "[z-a]", "\\1",
    ))  # fmt: skip
    return f'mention.text.says(r"{bomb}")'


def _nested_loops(chance: Random) -> str:
    names = [chance.choice(_LISTS) for _ in range(chance.randint(2, 5))]
    inner = "true"
    for number, name in enumerate(names):
        function = chance.choice(("exists", "all", "map", "filter"))
        inner = f"{name}.{function}(i{number}, {inner})"
        if function in ("map", "filter"):
            inner += ".size() > 0"
    return inner


def _grown(chance: Random) -> str:
    """Texts that grow: added up, in loops, in chains."""
    added = "+".join(["mention.text"] * chance.randint(2, 120))
    return chance.choice((
        f"({added}).size() > 3", f"labels.map(l, {added}).size() > 0",
        f"labels.map(l, l + mention.text).map(l, l + l).map(l, {added}).size() > 1",
        f"[{','.join(['mention.text'] * 100)}].map(t, t + t).exists(t, t.contains('q'))",
        f"labels.exists(l, ({added}).contains(l))",
        f"labels.map(l, labels).map(l, l + l).map(l, l + l + l).exists(l, '{'q' * 9}' in l)",
        f"labels.all(l, mention.text.says(r'{'[a-z]*' * 9}q'))",
        f"({added}) == ({added})", "profile.products.map(p, labels).exists(l, 'q' in l)",
        "labels.map(l, {l: mention.text + mention.text}).exists(m, 'q' in m)",
        f"queue.waiting.exists(q, ({added}).contains(q))",
        "queue.free.all(q, mention.text.says('[a-z]*[a-z]*q'))",
        "mention.text.says('a') && " * 60 + "true",
    ))  # fmt: skip


def _deep(chance: Random) -> str:
    n = chance.choice((5, 23, 25, 31, 33, 100, 600))
    open_, close = chance.choice((
        ("(", ")"), ("!", ""), ("-", ""), ("[", "][0]"), ("size([", "]) > 0"), ("true ?", ": true"),
        ("{1: ", "}[1]"), ("true && (", ")"), ("labels.exists(l, ", ")"), ("{'a':", "}"),
    ))  # fmt: skip
    return open_ * n + chance.choice(("true", "1", "labels", "")) + close * n


def _huge(chance: Random) -> str:
    n = chance.choice((50, 300, 900))
    numbers = ",".join(str(i) for i in range(n))
    return chance.choice((
        f"[{numbers}].map(x, [{numbers[:200]}0].map(y, x * y)).size() > 0",
        f"[{numbers}].exists(x, x == mention.followers)",
        f"[{numbers}].all(x, [1,2,3].map(y, y).size() > 0)",
        "9" * n + " > 1", "1e" + "9" * n + " > 0.0", "0x" + "f" * n + " > 1",
        "9223372036854775807 + mention.followers > 0", "-9223372036854775808 / -1 > 0",
        "mention.followers % 0 == 0", "1 / 0 == 1 || 1 % 0 == 1", "true && " * n + "true",
        f"mention.text == '{'q' * n}'", "int('9" + "9" * n + "') > 1", "double('1e999') > 1.0",
        "duration('" + "9" * 30 + "h') > duration('1s')", "int(score.urgency * 1e300) > 1",
        "timestamp('9999-12-31T23:59:59Z') + duration('999999h') > timestamp('x')",
        "string(score.urgency) == 'x'", "timestamp(mention.followers).getHours('No/Where') > 1",
        "lists.range(1000000000).size() > 0", "mention.text.split('').size() > 0",
        "mention.text.replace('a', mention.text).size() > 0", "optional.of(1).hasValue()",
        "'%s'.format([mention.text]) == ''", "base64.encode(b'a') == ''",
    ))  # fmt: skip


def _odd(chance: Random) -> str:
    """What is no condition, or not of our language."""
    return chance.choice((
        "", " ", "//", "'", '"""', "\x00", "\ud7ff", "true // yes", "mention", "labels", "1",
        "null",
        "dyn(mention.text) > 3", "mention.text.says()", "size() > 1", "type(1) == int",
        "google.protobuf.Struct{}", "a.b.c.d",
        "mention.text.matches('(a+)+$')", "has(mention.text)", "[][0] == 1", "{}.a == 1",
        "labels[9999999999] == 'a'", "labels[-1] == 'a'", "mention.text[0] == 'a'",
        "calendar.open[mention.text]", "mention.text.says(mention.url)", "__import__('os')",
        "b'\\377' == b'a'", "'\\ud800' == 'a'", "'\\U00110000' == 'a'", "r'\\' == 'a'", "in in in",
        "labels.exists(mention, mention == 'a')", "labels.exists(labels, labels == 'a')",
        "labels.map(l, l, l).size() > 0", "labels.exists(1, true)", "exists(labels, true)",
        "time.hour > 1u", "mention.?text == 'a'", "[?1].size() > 0", ".mention.text == 'a'",
    ))  # fmt: skip


def _mutated(chance: Random) -> str:
    text = list(condition(chance))
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text))
        change = chance.choice(("cut", "double", "swap", "put"))
        if change == "cut":
            del text[at : at + chance.randint(1, 5)]
        elif change == "double":
            text[at:at] = text[at : at + 20]
        elif change == "swap":
            text[at] = chance.choice("()[]{}\"'.,!&|?:+-*/%<>= \nab0😡")
        else:
            text.insert(at, chance.choice("()[]{}\"'.,!&|?:+-*/%<>= \nab0😡"))
        if not text:
            break
    return "".join(text)


_HARM: tuple[Callable[[Random], str], ...] = (
    _bomb, _bomb, _bomb, _nested_loops, _grown, _grown, _deep, _huge, _odd, _mutated, _mutated,
)  # fmt: skip


def fuzzed(seed: int) -> str:
    """The condition of this number: as many that are right as that mean harm."""
    chance = Random(seed)
    return condition(chance) if chance.random() < 0.5 else hostile(chance)
