"""The shape of wedgate.yml as pydantic models: what may stand where, and the source of the JSON Schema.

Validation turns each value into its normal spelling, so a dumped model is plain data that ``build`` reads without
pydantic. Names that refer to other parts of the file, and what must hold between keys, are ``references`` and
``consistency``: a model with errors skips such checks. This is the one module of the loader that imports pydantic;
only a configuration that was not validated before needs it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    WithJsonSchema,
    create_model,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from wedgate.calendars.durations import parse_duration, spell_duration
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.weekday_sets import WeekdaySet
from wedgate.config import extends, scalars, schema_words
from wedgate.config import override_scalars as given
from wedgate.config.rule_keys import fields_of, kind_keys_in
from wedgate.config.schema import RULE_MARK
from wedgate.gate.decision import Mode
from wedgate.overrides.policy import Audience, NeverCount, Requirement
from wedgate.rollout.notices import Occasion
from wedgate.rollout.values import ReportFails, StrategyKind, WindowCloses

# Whatever else is installed has no say in what a configuration may hold, and looking for it takes longer than the file.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


@dataclass(frozen=True)
class Spelling:
    """Tells pydantic how a value is read by ``parse`` and kept as ``spell`` writes it, and its JSON Schema."""

    parse: Callable[[Any], Any]
    schema: Mapping[str, object]
    spell: Callable[[Any], object] | None = None

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate by ``parse``, with its two phrases kept apart."""
        return core_schema.no_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the schema that was given."""
        return dict(self.schema)

    def _validate(self, raw: object) -> object:
        try:
            value = self.parse(raw)
        except SpellingError as error:
            context = {"what": error.what, "remedy": error.remedy}
            raise PydanticCustomError("spelling", "{what}; {remedy}", context) from None
        return self.spell(value) if self.spell else value


def _word_of(words: Iterable[str], synonyms: dict[str, str] | None = None) -> Spelling:
    known = tuple(words)
    return Spelling(lambda raw: scalars.parse_word(raw, known, synonyms=synonyms), {"enum": list(known)})


def _words_of(words: Iterable[str]) -> Spelling:
    known = tuple(words)
    return Spelling(given.words_of(known), given.list_schema(words=known))


_BLUE_GREEN = {"bluegreen": "blue-green", "blue/green": "blue-green"}
_OBSERVE = {"audit": "observe", "dry-run": "observe", "warn": "observe"}

Name = Annotated[str, Spelling(scalars.parse_name, schema_words.NAME)]
Text = Annotated[str, Spelling(scalars.parse_text, schema_words.TEXT)]
Argument = Annotated[str, Spelling(scalars.parse_argument, schema_words.ARGUMENT)]
PlaceText = Annotated[str, Spelling(scalars.parse_place_text, schema_words.ARGUMENT)]
Duration = Annotated[str, Spelling(parse_duration, schema_words.DURATION, spell_duration)]
Percent = Annotated[str, Spelling(scalars.parse_percent, schema_words.PERCENT, scalars.spell_percent)]
Load = Annotated[float, Spelling(scalars.parse_load, schema_words.LOAD, scalars.spell_load)]
Count = Annotated[int, Spelling(scalars.parse_count, schema_words.COUNT)]
Weight = Annotated[int, Spelling(scalars.parse_weight, schema_words.WEIGHT)]
Zone = Annotated[str, Spelling(scalars.parse_zone, schema_words.ZONE)]
Country = Annotated[str, Spelling(scalars.parse_country, schema_words.COUNTRY)]
Countries = Annotated[list[str], Spelling(scalars.parse_countries, schema_words.COUNTRIES)]
Names = Annotated[list[str], Spelling(scalars.parse_names, schema_words.NAMES)]
Weekdays = Annotated[Any, Spelling(scalars.parse_weekdays, WeekdaySet.json_schema())]
Extends = Annotated[Any, Spelling(extends.parse_extends, extends.SCHEMA)]
RuleId = Annotated[str, Spelling(extends.parse_rule_id, schema_words.NAME)]
PlaceWord = Annotated[str, Spelling(scalars.parse_place_word, schema_words.PLACE_WORD)]
ModeWord = Annotated[str, _word_of(Mode, _OBSERVE)]
StrategyWord = Annotated[str, _word_of(StrategyKind, _BLUE_GREEN)]
AgainstWord = Annotated[str, _word_of(("stable", "limits"))]
WindowWord = Annotated[str, _word_of(WindowCloses)]
FailWord = Annotated[str, _word_of(ReportFails)]
VerdictWord = Annotated[str, _word_of(("open", "caution"))]
TargetWord = Annotated[str, _word_of(scalars.TARGET_KINDS)]
EvidenceWord = Annotated[str, _word_of(scalars.EVIDENCE_KINDS)]
UnitWord = Annotated[str, _word_of(scalars.EVIDENCE_UNITS)]
LabelName = Annotated[str, Spelling(scalars.parse_label, schema_words.LABEL)]
MetricName = Annotated[str, Spelling(scalars.parse_metric, schema_words.METRIC)]
RefText = Annotated[str, Spelling(scalars.parse_ref, schema_words.REF)]
DatabaseText = Annotated[str, Spelling(scalars.parse_database, schema_words.DATABASE)]
VariableText = Annotated[str, Spelling(scalars.parse_variable, schema_words.VARIABLE)]
TokenText = Annotated[str, Spelling(scalars.parse_token, schema_words.TOKEN)]
Variables = Annotated[list[str], Spelling(given.parse_variables, given.list_schema(given.NAME_OF_VARIABLE))]
Occasions = Annotated[list[str], _words_of(Occasion)]
StateWord = Annotated[str, _word_of(scalars.STATE_KINDS)]
Logins = Annotated[list[str], Spelling(given.parse_logins, given.list_schema(given.LOGIN_PATTERN))]
Teams = Annotated[list[str], Spelling(given.parse_teams, given.list_schema(given.TEAM_PATTERN))]
Paths = Annotated[list[str], Spelling(given.parse_paths, given.list_schema())]
Links = Annotated[list[str], Spelling(given.parse_links, given.list_schema(given.LINK_PATTERN))]
RuleIds = Annotated[list[str], Spelling(given.parse_rule_ids, given.list_schema())]
Quorum = Annotated[Any, Spelling(given.parse_quorum, given.QUORUM_SCHEMA)]
NeverCounts = Annotated[
    list[str], Spelling(given.words_of(tuple(NeverCount)), given.list_schema(words=tuple(NeverCount)))
]
Requirements = Annotated[
    list[str], Spelling(given.words_of(tuple(Requirement)), given.list_schema(words=tuple(Requirement)))
]
AudienceWord = Annotated[str, _word_of((Audience.WRITE, Audience.APPROVERS))]
ReporterWord = Annotated[str, _word_of(Audience)]
ForkWord = Annotated[str, _word_of(("refuse", "allow"))]
FormatVersion = Annotated[int, Spelling(scalars.parse_version, {"const": 1})]


def left_out(description: str, *, min_length: int | None = None) -> Any:
    """Return the field of a key that may be left out; what that means is for ``build``."""
    return Field(None, description=description, min_length=min_length)


def _kebab(name: str) -> str:
    return name.replace("_", "-")


class Section(BaseModel):
    """A mapping of wedgate.yml: no key but the ones named here."""

    model_config = ConfigDict(extra="forbid", alias_generator=_kebab, defer_build=True)


class MarketSection(Section):
    """A market: one time zone with a country; the unit in which a local day exists."""

    zone: Zone = Field(description="IANA time zone, such as `Europe/Berlin`.")
    country: Country = Field(description="Country, two letters of ISO 3166-1: whose public holidays apply.")
    subdivision: Text = left_out("State, province or Land, as the `holidays` library names it: `BE`, `NY`.")
    wedding_days: Weekdays = left_out("On which weekdays people marry there; `saturday` by default.")


class RegionSection(Section):
    """A deployment region: closed while any of its markets is closed."""

    extends: Extends = left_out("A preset, `wedding/us-east`, a shared calendar, `org/repo//path@sha`, or a list.")
    markets: dict[Name, MarketSection] = Field(min_length=1, description="The markets of the region, by name.")


class LoadsSection(Section):
    """What a load alone means for the gate."""

    caution_from: Load = Field(2, description="From this load on a region is `caution`.")
    block_from: Load = Field(6, description="From this load on a region is `closed`.")


class StepSection(Section):
    """One candidate weight with its bake."""

    weight: Weight = Field(description="The candidate's share of traffic in percent; the last step is 100.")
    bake: Duration = left_out("How long to observe this weight. Needed below 100.")


class StrategySection(Section):
    """A named way to release one region."""

    kind: StrategyWord = Field(
        description="`canary` (growing weights), `linear` (equal steps), `blue-green` (one switch) or `all-at-once`."
    )
    steps: list[StepSection] = left_out("Of a canary: strictly rising weights.", min_length=1)
    step: Weight = left_out("Of linear: by how much the weight rises each time.")
    bake: Duration = left_out("Of blue-green: how long to observe after the switch; of linear: each step.")
    against: AgainstWord = left_out(
        "What the candidate is held to: `stable` and the limits (default), or `limits` alone, where stable is broken."
    )


class ChoiceSection(Section):
    """One line of `choose`: it holds when all its conditions hold."""

    use: Name = Field(description="The strategy to use.")
    verdict: VerdictWord = left_out("Only when the gate says so: `open` or `caution`.")
    where: Names = left_out("Only in this region, or these.")


class OrderSection(Section):
    """What comes before what, in whatever order the waves are."""

    first: Names = Field(description="This region, or these.")
    then: Names = Field(description="Only when all of those run the release.")


class ClustersSection(Section):
    """Envoy's cluster of each colour."""

    blue: Text = Field("blue", description="Cluster of the blue side.")
    green: Text = Field("green", description="Cluster of the green side.")


class BackendsSection(Section):
    """HAProxy's backend of each colour."""

    blue: Text = Field("blue", description="Backend of the blue side.")
    green: Text = Field("green", description="Backend of the green side.")


class VerifySection(Section):
    """Where the digest that a colour runs is read back."""

    url: Text = Field(description="URL that answers with JSON; `{colour}` and `{address}` are filled in.")
    field: Text = Field("digest", description="The field of that JSON which holds the digest; dots go deeper.")


class TargetSection(Section):
    """How each region's traffic is switched; `{region}` and the words of `places` are filled in per region."""

    kind: TargetWord = Field(description="`envoy`, `haproxy`, `nginx`, a `command`, or `simulated` for trying out.")
    admin: Text = left_out("URL of Envoy's admin interface.")
    routes: Text = left_out("Path of the routes file that Envoy watches.")
    clusters: ClustersSection = left_out("Envoy's clusters; `blue` and `green` by default.")
    socket: Text = left_out("HAProxy's admin socket: a path, or HOST:PORT.")
    weights: Text = left_out("Of `haproxy`: path of the file it is started with. Of `nginx`: directory of `current`.")
    variable: Text = left_out("Of `haproxy`: the beginning of its variables' names; `wedgate` by default.")
    backends: BackendsSection = left_out(
        "Of `haproxy`: its backends, for their capacity; `blue` and `green` by default."
    )
    read_back: Text = left_out("Of `nginx`: URL at which it serves current/weights.json.")
    command: list[Argument] = left_out("Of `command`: what is asked in JSON, word by word.", min_length=1)
    command_timeout: Duration = left_out("How long one question to it may take; 30 seconds by default.")
    fence_file: Text = left_out("Of `command`: where wedgate keeps the fence, if the command does not.")
    deploy: list[Argument] = left_out("Command that puts a release on a colour, word by word.", min_length=1)
    deploy_timeout: Duration = left_out("How long that command may take; 10 minutes by default.")
    scale: list[Argument] = left_out(
        "Command that brings a colour up to the instances it is meant to have, word by word.", min_length=1
    )
    scale_timeout: Duration = left_out("How long that command may take; 10 minutes by default.")
    verify: VerifySection = left_out("Where the running digest is read back.")
    path: Text = left_out("Of `simulated`: the file in which the regions live; `.wedgate/state/simulated.json` else.")
    running: Text = left_out("Of `simulated`: the digest that blue answers with before anything was deployed.")
    places: dict[Name, dict[PlaceWord, PlaceText]] = left_out(
        "Words of each region for templates; `blue` and `green` are addresses."
    )


class HookSection(Section):
    """A command that runs at a point of a region's way."""

    command: list[Argument] = Field(min_length=1, description="The command, word by word; no shell.")
    timeout: Duration = left_out("How long it may take: 30s by default, 2s before a rollback; at most 10m, and 5s.")
    env: Variables = left_out("Variables that it gets besides the usual: by name.")


class HooksSection(Section):
    """Commands that run at points of each region's way."""

    before_deploy: HookSection = left_out("Before the deploy, which does not happen when it fails.")
    after_deploy: HookSection = left_out("After the deploy.")
    before_shift: HookSection = left_out("Before each increase, which does not happen when it fails.")
    after_shift: HookSection = left_out("After each increase was read back.")
    before_promote: HookSection = left_out("Before a region is promoted, which does not happen when it fails.")
    after_promote: HookSection = left_out("After it was promoted.")
    before_rollback: HookSection = left_out("Before traffic goes back, which happens whatever it does.")
    after_rollback: HookSection = left_out("After traffic is back on stable.")


class RolloutSection(Section):
    """How a release moves through the regions."""

    waves: list[Names] = left_out(
        "Regions that move together; waves run in order. By default one by one.", min_length=1
    )
    order: list[OrderSection] = left_out(
        "What no order of the waves may break: those `first`, and only `then` these.", min_length=1
    )
    in_flight: Count = Field(1, description="How many regions may move at one time.")
    window_closes: WindowWord = Field(
        WindowCloses.HOLD.value, description="What a region in flight does when its window closes. Nothing increases."
    )
    reserve: Duration = Field("20m", description="Runway kept free for a rollback.")
    max_unwatched: Duration = Field(
        "10m", description="How long a candidate may have traffic that nobody judged before it goes back to stable."
    )
    strategies: dict[Name, StrategySection] = Field(min_length=1, description="Ways to release one region, by name.")
    choose: list[ChoiceSection] = left_out("Which strategy: the first line that matches.", min_length=1)
    target: TargetSection = Field(description="How traffic is switched, one target per region.")
    hooks: HooksSection = left_out("Commands that run at points of each region's way.")


class ColourLabelSection(Section):
    """By which label Prometheus tells the colours apart."""

    label: LabelName = left_out("The label: `envoy_cluster_name`; `colour` where `metrics` names other requests.")
    blue: PlaceText = Field("blue", description="Its value for the blue side; `{region}` is filled in.")
    green: PlaceText = Field("green", description="Its value for the green side.")


class MetricsSection(Section):
    """What the metrics are called in Prometheus; those of Envoy where nothing is said."""

    requests: MetricName = left_out("The counter of requests, with the code of the answer as a label.")
    code_label: LabelName = left_out("That label: `envoy_response_code`; `code` where other requests are named.")
    errors: list[PlaceText] = left_out("Codes that are errors: `[5xx]` by default; `x` is any digit.", min_length=1)
    successes: list[PlaceText] = left_out(
        "Codes that are none, beside those of HTTP: such as `OK` of gRPC.", min_length=1
    )
    timeouts: MetricName = left_out("The counter of requests without an answer, where the histogram leaves them out.")
    latency: MetricName = left_out("The histogram of latency, native or classic, without `_bucket`.")
    cpu: MetricName = left_out("The counter of CPU seconds of the service's processes.")
    memory: MetricName = left_out("The gauge of their resident bytes.")
    unit: UnitWord = left_out("Its unit: `s`, `ms`, or `whole-ms` (rounded down, as Envoy's are).")


class BaselineSection(Section):
    """Instances of stable's version that are as old as the candidate."""

    name: PlaceText = Field(
        description="How they are called: the value of the label in Prometheus, the name in `colours` elsewhere."
    )
    instances: Count = left_out("Of `prometheus`: how many of them are scraped; 1 by default.")


class EvidenceSection(Section):
    """Where evidence comes from."""

    kind: EvidenceWord = Field(
        description="`envoy` (the target's own statistics), `prometheus`, a `command`, or `file` (readings by others)."
    )
    path: Text = left_out("Of `file`: the path of the readings; `{region}` is filled in.")
    url: Text = left_out("Of `prometheus`: its address; `{region}` is filled in.")
    token: TokenText = left_out("Of `prometheus`: `env/` and the variable that holds a bearer token.")
    match: dict[LabelName, PlaceText] = left_out("Of `prometheus`: labels that a series must have, by name.")
    colours: ColourLabelSection = left_out("Of `prometheus`: by which label the colours are told apart.")
    metrics: MetricsSection = left_out("Of `prometheus`: what the metrics are called; Envoy's by default.")
    instances: Count = left_out("Of `prometheus`: how many proxies are scraped per colour; 1 by default.")
    errors: list[PlaceText] = left_out(
        "Of `envoy`: codes that are errors beside 5xx, such as `[401, 404]`; `x` is any digit.", min_length=1
    )
    baseline: BaselineSection = left_out("Instances that the candidate is compared with, instead of stable's.")
    read: list[Argument] = left_out("Of `command`: what prints the readings as JSON, word by word.", min_length=1)
    env: Variables = left_out("Of `command`: variables that it gets besides the usual, by name.")
    timeout: Duration = left_out("How long one answer may take: 10 seconds by default.")


class ErrorsSection(Section):
    """When errors are too many."""

    worse_by: Percent = Field("0.5%", description="How much higher the candidate's error ratio may be than stable's.")
    never_above: Percent = Field("2%", description="The error ratio that no candidate may exceed.")
    requests: Count = Field(400, description="Below so many candidate requests there is no answer.")


class LatencySection(Section):
    """When latency is too high."""

    worse_by: Percent = Field(
        "10%", description="How much slower the candidate's 95th percentile may be than stable's."
    )
    slices: Count = Field(20, description="Below so many usable slices there is no pass.")
    never_above_ms: Count = left_out("What it may never exceed, in milliseconds, whatever stable does.")


class UsageSection(Section):
    """When the candidate uses too much of something."""

    worse_by: Percent = Field("20%", description="How much more than stable would the candidate may use.")
    fixed: Percent = left_out("The share of stable's use that it has without requests; any share when left out.")


class JudgeSection(Section):
    """Whether the new version is good enough to go on."""

    evidence: EvidenceSection = left_out("Where evidence comes from.")
    slice: Duration = Field("30s", description="Both colours over the same stretch of time are one paired observation.")
    errors: ErrorsSection = left_out("When errors are too many.")
    latency_p95: LatencySection = left_out("When latency is too high.")
    cpu: UsageSection = left_out("When CPU seconds for the same requests are too many; not judged when left out.")
    memory: UsageSection = left_out("When resident memory for the same requests is too much; not judged when left out.")
    noise_lasts: Duration = left_out("How long noise lasts that the colours do not share: `wedgate bench live` says.")
    false_alarms: Percent = Field("1%", description="Per rollout: all metrics, regions and looks together.")
    report_fails: FailWord = Field(
        ReportFails.ROLLBACK.value, description="What a failed judgement or report does: `rollback` or `hold`."
    )


class ApproversSection(Section):
    """Who may approve an override: any of these."""

    people: Logins = left_out("Logins: `alice`, or `alice:1234` with the account's number, which then counts.")
    teams: Teams = left_out("Teams, `org/team`; reading them needs a token with `read:org`.")
    code_owners: Paths = left_out("Paths whose owners in CODEOWNERS may approve.")
    on_call: Text = left_out("An iCalendar file or address; whoever its running events name by login is on call.")


class DutiesSection(Section):
    """Who may do what else by a comment."""

    stop: AudienceWord = left_out("Freeze, roll back, pause: `write` by default, anyone who may push.")
    resume: AudienceWord = left_out("Let a paused or held rollout go on.")
    thaw: AudienceWord = left_out("End a freeze.")
    clear: AudienceWord = left_out("Take a digest off the poison list.")
    adopt: AudienceWord = left_out("Say which version is running.")
    abort: AudienceWord = left_out("End a rollout.")
    report: ReporterWord = left_out("Report a regression over the forge: as `stop` by default, or `signers`.")


class OverridesSection(Section):
    """Who may let one commit through in an emergency, how many of them, and what no override opens."""

    approvers: ApproversSection = Field(description="Who may approve.")
    approvers_in: dict[Name, ApproversSection] = left_out("Of some regions: others who may approve there.")
    approvals: Quorum = left_out("How many people must approve: 2 by default, or by region.")
    from_teams: Quorum = left_out("From how many of the teams they must come: 1 by default, or by region.")
    never_count: NeverCounts = left_out("Whose approval never counts.")
    longest: Duration = Field("4h", description="How long a grant may last, from the last approval needed.")
    require: Requirements = left_out("What a request must say: `reason` by default, `link`.")
    links: Links = left_out("With which of these a link must begin.")
    untouchable: RuleIds = left_out("Rules that no override opens.")
    forks: ForkWord = Field("refuse", description="Pull requests from forks: `refuse` or `allow`.")
    may: DutiesSection = left_out("Who may do what else by a comment.")
    signers: Text = left_out(
        "An `allowed_signers` file of the default branch, for SSH signatures of approvals and reports."
    )


class StateSection(Section):
    """Where the ledger is kept."""

    kind: StateWord = Field(description="`file`, `git` (a ref of a repository), or `postgres`.")
    path: Text = left_out("Directory of the ledger; needed for `file`.")
    ref: RefText = left_out("Of `git`: the ref, `refs/heads/wedgate/SERVICE` by default.")
    remote: Text = left_out("Of `git`: the address of the repository; this one by default.")
    url: DatabaseText = left_out("Of `postgres`: the database, or `env/` and the variable that holds its address.")


class NotifySection(Section):
    """Where people are told, and of what."""

    to: VariableText = Field(description="`env/` and the variable that holds the address, as Apprise writes it.")
    when: Occasions = left_out("What is told there; everything by default.")


def _validated_rule(raw: object) -> Any:
    if not isinstance(raw, dict):
        raise PydanticCustomError("model_type", "a rule")
    return rule_section(kind_keys_in(raw)).model_validate(raw)


RuleSection = Annotated[Any, PlainValidator(_validated_rule), WithJsonSchema({"$comment": RULE_MARK})]


class WedgateFile(Section):
    """wedgate.yml"""

    version: FormatVersion = Field(description="Version of this file's format: 1.")
    service: Name = Field(description="What is released. Names the locks, journals, poison list and audit entries.")
    mode: ModeWord = Field(Mode.ENFORCE.value, description="`observe` asks and says everything and fails nothing.")
    regions: dict[Name, RegionSection] = Field(min_length=1, description="Deployment regions, by name.")
    loads: LoadsSection = left_out("What a load alone means for the gate.")
    rules: dict[RuleId, RuleSection] = left_out("Where, when, what: each market's own time unless `zone`.")
    rollout: RolloutSection = left_out("How a release moves through the regions.")
    judge: JudgeSection = left_out("Whether the new version is good enough to go on.")
    overrides: OverridesSection = left_out("Who may let a commit through in an emergency.")
    state: StateSection = left_out("Where the ledger is kept.")
    notify: list[NotifySection] = left_out("Where people are told what happened.", min_length=1)


class PresetFile(Section):
    """A preset or a shared calendar: rows are rules without `where`."""

    version: Argument = Field(description="Version of the calendar: for people, in messages.")
    title: Text = Field(description="What it is, in a few words.")
    description: Text = left_out("What it is for, and what it leaves out.")
    countries: Countries = left_out("The countries that it was made for; it may be extended anywhere.")
    rules: dict[Name, RuleSection] = Field(min_length=1, description="The rows, by id.")


@cache
def rule_section(kinds: tuple[str, ...]) -> type[Section]:
    """Return the model of a rule of these kinds (one; more only in a rule that is wrong; none: every day)."""

    fields: dict[str, Any] = {}
    for rule_field in fields_of(kinds):
        annotation = Annotated[Any, Spelling(rule_field.parse, rule_field.schema, rule_field.spell)]
        fields[rule_field.attribute] = (
            annotation,
            Field(... if rule_field.required else None, alias=rule_field.key, description=rule_field.description),
        )
    return create_model("Rule", __base__=Section, **fields)


def keys_at(path: tuple[str | int, ...], data: object) -> tuple[str, ...]:
    """Return the keys that may stand in the mapping at ``path``; ``data`` is the whole file, for the kind of a rule."""
    annotation: Any = WedgateFile
    for depth, part in enumerate(path):
        if depth == 2 and path[0] == "rules":
            rule = data["rules"][path[1]] if isinstance(data, dict) else {}
            annotation = rule_section(kind_keys_in(rule))
        annotation = _inside(annotation, part)
    if len(path) == 2 and path[0] == "rules" and isinstance(data, dict):
        annotation = rule_section(kind_keys_in(data["rules"][path[1]]))
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return tuple(_alias(name, field) for name, field in annotation.model_fields.items())
    return ()


def _inside(annotation: Any, part: str | int) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        for name, field in annotation.model_fields.items():
            if _alias(name, field) == part:
                return field.annotation
        return None
    if get_origin(annotation) is dict:
        return get_args(annotation)[1]
    return get_args(annotation)[0] if get_origin(annotation) is list else None


def _alias(name: str, field: FieldInfo) -> str:
    return field.alias or _kebab(name)
