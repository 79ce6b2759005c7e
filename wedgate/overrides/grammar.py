"""Commands out of a comment: ``/wedgate VERB ...`` as the first token of a line, one line each.

Every line that counts and begins with ``/wedgate`` becomes a command or a mistake with the right words to write; what
only looks like it (another alphabet's letters, characters that cannot be seen) becomes a mistake too. Nothing is
guessed: a command that is not spelled exactly is none. The work is linear in the length of the comment.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from hashlib import sha256
from typing import assert_never

from wedgate.calendars.durations import parse_duration
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.wording import nearest
from wedgate.overrides.commands import (
    Ask,
    Command,
    Freeze,
    Override,
    Report,
    Rollback,
    Strategy,
    Thaw,
    Verb,
    Vote,
    Withdraw,
)
from wedgate.overrides.live_lines import LiveLine, Standing, live_lines

PREFIX = "/wedgate"
LONGEST_BODY = 65_536
"""Characters that GitHub takes for one comment; a longer one did not come from there."""
LONGEST_LINE = 4_000
LONGEST_REASON = 1_000
MOST_COMMANDS = 10
MOST_NAMES = 100

REQUEST_ID = re.compile(r"[0-9a-f]{32}")
"""A request is named by 128 bits of a digest of all of it."""
_SHA = re.compile(r"[0-9a-f]{40}")
_SHORT_SHA = re.compile(r"[0-9a-f]{4,39}")
_RELEASE = re.compile(r"[0-9a-f]{40}|[a-z0-9]+:[A-Za-z0-9._+-]{1,128}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,127}")
_NUMBER = re.compile(r"[0-9]{1,12}")
_LINK = re.compile(r"https://[A-Za-z0-9][A-Za-z0-9._~:/?#@!$&*+,;=%-]{0,499}")
_TOKEN = re.compile(
    r"[ \t]*(?:([A-Za-z-]+)[ \t]*=[ \t]*)?"  # a key
    r"(?:"
    r'"((?:[^"\\]|\\["\\])*)"'  # a text in quotation marks, with \" and \\
    r'|[“„]([^“”„"]*)[”“]'  # in those that a phone types
    r'|([^\s"“”„]+)'
    r")(?=[ \t]|$)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A line that was meant as a command and is none: ``what`` is wrong with it and the ``remedy``.

    ``short_sha`` is what was given for a commit where it was too short to name one.
    """

    line: int
    what: str
    remedy: str
    short_sha: str | None = None

    def __str__(self) -> str:
        """Both phrases in one."""
        return f"{self.what}; {self.remedy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a comment holds: commands with the lines they stand in, and mistakes, in the order of the comment."""

    commands: tuple[tuple[int, Command], ...] = ()
    mistakes: tuple[Mistake, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything in it was meant for wedgate."""
        return bool(self.commands or self.mistakes)


def read_comment(body: str) -> Read:
    """Read every command of a comment; at most ``MOST_COMMANDS`` of them count, and none of a body too long.

    The same comments are asked for their commands again and again in one run, strangers' too: each is read once.
    """
    if len(body) > LONGEST_BODY:
        return Read()
    kept = _kept(sha256(body.encode("utf-8", "surrogatepass")).digest())
    if not kept:
        kept.append(_read(body))
    return kept[0]


def forget_comments() -> None:
    """Forget what was read, so that the next reading takes its time."""
    _kept.cache_clear()


@lru_cache(maxsize=1_024)
def _kept(digest: bytes) -> list[Read]:
    """Return where the reading of a body is kept: by its digest, because anybody may write many bodies, and long."""
    del digest  # it is the key
    return []


def _read(body: str) -> Read:
    commands: list[tuple[int, Command]] = []
    mistakes: list[Mistake] = []
    for line in live_lines(body):
        try:
            command = _read_line(line)
        except _MistakeError as error:
            mistakes.append(Mistake(line=line.number, what=error.what, remedy=error.remedy, short_sha=error.short_sha))
            continue
        if command is None:
            continue
        if len(commands) == MOST_COMMANDS:
            what = f"one comment holds at most {MOST_COMMANDS} commands"
            mistakes.append(Mistake(line=line.number, what=what, remedy="write the others in another comment"))
            break
        commands.append((line.number, command))
    return Read(commands=tuple(commands), mistakes=tuple(mistakes[:MOST_COMMANDS]))


class _MistakeError(Exception):
    """A mistake without its line."""

    def __init__(self, what: str, remedy: str, short_sha: str | None = None) -> None:
        super().__init__(what)
        self.what, self.remedy, self.short_sha = what, remedy, short_sha


def _read_line(line: LiveLine) -> Command | None:
    """Return the command of a line, ``None`` if it was not meant as one."""
    text = line.text.strip(" \t")
    head, _, rest = text[:LONGEST_LINE].partition(" ")
    head, tab, after = head.partition("\t")
    if tab:
        rest = f"{after} {rest}"
    if head != PREFIX:
        if _looks_like_prefix(text[:64]):
            raise _MistakeError("this line looks like a command and is spelled otherwise", f"type {PREFIX} anew")
        return None
    if line.standing is Standing.CROWDED:
        what = "the text above this command may hide it (code, a link or a tag in the same paragraph)"
        raise _MistakeError(what, "put an empty line before the command")
    if line.standing is Standing.UNCLEAR:
        what = "markup further up may hide this command (a tag that is not ended in its line, or a fence in a list)"
        raise _MistakeError(what, "write the command in a comment of its own")
    if len(text) > LONGEST_LINE:
        raise _MistakeError(f"the command is longer than {LONGEST_LINE:,} characters", "write a shorter reason")
    hidden = next((char for char in text if _is_unseen(char)), None)
    if hidden is not None:
        what = f"the command holds a character that cannot be seen (U+{ord(hidden):04X})"
        raise _MistakeError(what, "type it anew instead of pasting it")
    word, arguments = _tokens_of(rest)
    return _command_of(word, arguments)


def _is_unseen(char: str) -> bool:
    """Whether a character shows nothing, or changes how others are shown (Unicode TR 36, bidirectional text)."""
    return char not in " \t" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _looks_like_prefix(text: str) -> bool:
    """Whether the first word would be read as ``/wedgate`` by a person in a hurry."""
    seen = "".join(char for char in unicodedata.normalize("NFKC", text) if not _is_unseen(char))
    word = "".join(_LOOKALIKES.get(char, char) for char in seen.lstrip().split(" ")[0].casefold())
    return word == PREFIX


_LOOKALIKES = {
    **dict.fromkeys("∕⁄⧸", "/"),
    **dict.fromkeys("ԝᴡѡ", "w"),
    **dict.fromkeys("еҽ℮ёєεë", "e"),
    **dict.fromkeys("ԁɗɖ", "d"),
    **dict.fromkeys("ɡցġğ", "g"),
    **dict.fromkeys("аαɑáàâäã", "a"),
    **dict.fromkeys("тτţť", "t"),
}
"""Letters of other alphabets that look like those of the prefix (a part of Unicode TR 39's confusables)."""


def _tokens_of(rest: str) -> tuple[str, list[tuple[str | None, str]]]:
    """Split what stands behind the prefix into its first word and the rest, as (key or ``None``, value)."""
    found: list[tuple[str | None, str]] = []
    rest, place = rest.strip(" \t"), 0
    while place < len(rest):
        token = _TOKEN.match(rest, place)
        if token is None:
            what = f"{_shown(rest[place:])} cannot be read as an argument"
            raise _MistakeError(what, 'write key=value, with quotation marks around a text with spaces: reason="..."')
        key, quoted, curly, bare = token.groups()
        value = re.sub(r'\\(["\\])', r"\1", quoted) if quoted is not None else curly if curly is not None else bare
        found.append((key and key.lower(), value))
        place = token.end()
    if not found:
        return "", []
    (key, word), *arguments = found
    return (word if key is None else f"{key}="), arguments


def _command_of(word: str, arguments: list[tuple[str | None, str]]) -> Command:
    if not word:
        raise _MistakeError("the command is missing", f"write {PREFIX} help")
    if word not in tuple(Verb):
        raise _MistakeError(f"there is no command {_shown(word)}", nearest(word[:40].lower(), tuple(Verb)))
    verb = Verb(word)
    given = _Arguments(verb, arguments)
    match verb:
        case Verb.OVERRIDE:
            return _override(given)
        case Verb.APPROVE | Verb.DENY:
            sha, request = given.sha(), given.request()
            given.end()
            return Vote(approves=verb is Verb.APPROVE, sha=sha, request=request)
        case Verb.WITHDRAW:
            withdrawn = Withdraw(sha=given.sha(), request=given.request()) if given.words else Withdraw()
            given.end()
            return withdrawn
        case Verb.STATUS | Verb.HELP | Verb.CHECK:
            given.end()
            return Ask(verb=verb)
        case Verb.FREEZE:
            regions = None if given.is_for_all("regions") else given.names("regions")
            freeze = Freeze(duration=given.duration(), reason=given.text("reason"), regions=regions)
            given.end()
            return freeze
        case Verb.THAW:
            return _thaw(given)
        case Verb.ROLLBACK:
            rollback = Rollback(rollout=given.word("the rollout's id", _NAME), reason=given.text("reason"))
            given.end()
            return rollback
        case Verb.REPORT:
            return _report(given)
        case _:
            assert_never(verb)


def _override(given: _Arguments) -> Override:
    strategy = given.take("strategy") or Strategy.NORMAL.value
    if strategy not in tuple(Strategy):
        raise _MistakeError(f"there is no strategy {_shown(strategy)}", nearest(strategy[:40], tuple(Strategy)))
    override = Override(
        sha=given.sha(),
        regions=given.names("regions"),
        rules=given.names("rules"),
        duration=given.duration(),
        reason=given.text("reason", required=False),
        link=given.link(),
        strategy=Strategy(strategy),
    )
    given.end()
    return override


def _report(given: _Arguments) -> Report:
    word = given.word("a release: the full commit (40 hexadecimal digits), or the digest as sha256:...", _RELEASE)
    regions = None if given.is_for_all("regions") else given.names("regions")
    is_digest = ":" in word
    report = Report(
        commit=None if is_digest else word,
        digest=word if is_digest else None,
        reason=given.text("reason"),
        regions=regions,
        link=given.link(),
    )
    given.end()
    return report


def _thaw(given: _Arguments) -> Thaw:
    is_for_all = given.says_all("regions")
    regions = () if is_for_all or not given.has("regions") else given.names("regions")
    thaw = Thaw(regions=regions, freezes=given.numbers("freeze"), reason=given.text("reason"), is_for_all=is_for_all)
    given.end()
    return thaw


USAGE: Mapping[Verb, str] = {
    Verb.OVERRIDE: f'{PREFIX} override SHA regions=REGION,... rules=RULE,... for=4h reason="..." [link=https://...] '
    "[strategy=emergency]",
    Verb.APPROVE: f"{PREFIX} approve SHA REQUEST",
    Verb.DENY: f"{PREFIX} deny SHA REQUEST",
    Verb.WITHDRAW: f"{PREFIX} withdraw [SHA REQUEST]",
    Verb.STATUS: f"{PREFIX} status",
    Verb.HELP: f"{PREFIX} help",
    Verb.CHECK: f"{PREFIX} check",
    Verb.FREEZE: f'{PREFIX} freeze for=2h reason="..." [regions=REGION,...]',
    Verb.THAW: f'{PREFIX} thaw reason="..." [regions=REGION,...] [freeze=NUMBER,...]',
    Verb.ROLLBACK: f'{PREFIX} rollback ROLLOUT reason="..."',
    Verb.REPORT: f'{PREFIX} report RELEASE reason="..." [regions=REGION,...] [link=https://...]',
}
"""How each command is written; SHA is the full commit, REQUEST the id that wedgate gave the request, RELEASE a commit
or a digest, each in full."""


class _Arguments:
    """The arguments of one command, taken one after another; ``end`` refuses what is left."""

    def __init__(self, verb: Verb, arguments: list[tuple[str | None, str]]) -> None:
        self._verb = verb
        self.words = [value for key, value in arguments if key is None]
        self._named: dict[str, str] = {}
        for key, value in arguments:
            if key is None:
                continue
            if key in self._named:
                raise _MistakeError(f"{key}= is given twice", "keep one of the two")
            self._named[key] = value

    def word(self, what: str, form: re.Pattern[str]) -> str:
        """Take the next word without a key."""
        if not self.words:
            raise _MistakeError(f"{what} is missing", f"write {USAGE[self._verb]}")
        word = self.words.pop(0)
        if not form.fullmatch(word):
            raise _MistakeError(f"{_shown(word)} is not {what}", f"write {USAGE[self._verb]}")
        return word

    def sha(self) -> str:
        """Take a full commit id."""
        given = self.words[0].lower() if self.words else ""
        if _SHORT_SHA.fullmatch(given):
            what = f"{given} is a part of a commit id, and several commits may begin with it"
            raise _MistakeError(what, "write all 40 digits", short_sha=given)
        if self.words:
            self.words[0] = given
        return self.word("the full commit id (40 hexadecimal digits)", _SHA)

    def request(self) -> str:
        """Take the id of a request."""
        if self.words:
            self.words[0] = self.words[0].lower()
        return self.word("a request's id (32 hexadecimal digits)", REQUEST_ID)

    def take(self, key: str) -> str | None:
        """Take the value of a key."""
        return self._named.pop(key, None)

    def _needed(self, key: str) -> str:
        value = self.take(key)
        if not value:
            self._refuse_strangers()
            raise _MistakeError(f"{key}= is missing", f"write {USAGE[self._verb]}")
        return value

    def names(self, key: str) -> tuple[str, ...]:
        """Take names between commas, sorted, each once."""
        names = self._needed(key).split(",")
        if len(names) > MOST_NAMES:
            raise _MistakeError(f"{key}= holds more than {MOST_NAMES} names", "name fewer")
        for name in names:
            if not _NAME.fullmatch(name):
                raise _MistakeError(f"{_shown(name)} is no name", f"write {key}=one,two with no space between")
        return tuple(sorted(set(names)))

    def is_for_all(self, key: str) -> bool:
        """Whether a key is left out or says ``all``."""
        return self.says_all(key) or not self.has(key)

    def says_all(self, key: str) -> bool:
        """Whether a key says ``all``; then it is taken."""
        says = self._named.get(key) == "all"
        if says:
            del self._named[key]
        return says

    def has(self, key: str) -> bool:
        """Whether a key is given."""
        return key in self._named

    def numbers(self, key: str) -> tuple[int, ...]:
        """Take the numbers of entries between commas, if there are any."""
        if not self.has(key):
            return ()
        names = self.names(key)
        for name in names:
            if not _NUMBER.fullmatch(name):
                raise _MistakeError(f"{key}={_shown(name)} is no number", "write that of the freeze: it is in the list")
        return tuple(sorted(int(name) for name in names))

    def duration(self) -> timedelta:
        """Take ``for=``."""
        try:
            return parse_duration(self._needed("for"))
        except SpellingError as error:
            raise _MistakeError(f"for=: {error.what}", error.remedy) from None

    def text(self, key: str, *, required: bool = True) -> str:
        """Take a sentence; spaces around it do not count."""
        text = (self._needed(key) if required else self.take(key) or "").strip()
        if required and not text:
            raise _MistakeError(f"{key}= is empty", "say why, in a sentence")
        if len(text) > LONGEST_REASON:
            raise _MistakeError(
                f"{key}= is longer than {LONGEST_REASON:,} characters", "say it shorter, and give link="
            )
        return text

    def link(self) -> str:
        """Take an address of the web, if there is one."""
        link = self.take("link") or ""
        if link.endswith("..."):
            what = "link= still ends with the three dots of the line to copy"
            raise _MistakeError(what, "give the whole address of the incident, such as https://HOST/PATH")
        if link and not _LINK.fullmatch(link):
            raise _MistakeError(f"{_shown(link)} is no address", "write link=https://..., at most 500 characters")
        return link

    def end(self) -> None:
        """Refuse whatever was not asked for."""
        self._refuse_strangers()
        if self.words:
            raise _MistakeError(
                f"{_shown(self.words[0])} is more than {self._verb} takes", f"write {USAGE[self._verb]}"
            )

    def _refuse_strangers(self) -> None:
        """Name the first key that the command does not know; a misspelt one is why another is missing."""
        known = re.findall(r"([a-z]+)=", USAGE[self._verb])
        for key in self._named:
            if key not in known:
                remedy = nearest(key, known) if known else f"write {USAGE[self._verb]}"
                raise _MistakeError(f"{self._verb} has no {_shown(key)}", remedy)


def _shown(text: str) -> str:
    """Return a part of a comment as it may be shown: printable ASCII only, and short."""
    plain = ascii(text[:40])[1:-1].replace("`", "'").replace("<", "(").replace("@", "(at)")
    return f'"{plain}{"..." if len(text) > 40 else ""}"'
