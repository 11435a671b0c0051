"""The command that measures the same again, as far as a saved run knows it.

What a run folder says comes from outside, so each word is cleaned, quoted for a shell, and the value of an
option that is named here. What isn't known is to be filled in, and can't be run before.
"""

import shlex
from collections.abc import Iterator

from packaging.version import InvalidVersion, Version

from cachekit_memprobe.metrics import INSTRUMENTS, NAMES, QUICK, metric_of
from cachekit_memprobe.model import RunOptions, Scenario, Target
from cachekit_memprobe.report.clean import clean
from cachekit_memprobe.report.view import public_spec
from cachekit_memprobe.report.words.asked import asked_for
from cachekit_memprobe.report.words.left import axes_left, sizes_left
from cachekit_memprobe.request import Request
from cachekit_memprobe.result import Report
from cachekit_memprobe.sweep import STORED
from cachekit_memprobe.units import format_exactly
from cachekit_memprobe.variables import TO_FILL_IN, UNRECORDED, is_name, is_recorded

_DEFAULTS = RunOptions(instruments=INSTRUMENTS)
_BUNDLED = "bundled:"
_CACHING = ("serializer", "tier", "route", "backend", "compression", "encryption")
_FLAGS = ("--use-own-cache", "--allow-code")
_WITH_VALUE = ("--call", "--arg", "--kwarg", "--setup", "--backend-override")
_BUILT = ("source tree ", "file ")
"""What the state of a cachekit begins with that was built for the run."""

_COMMIT = "commit "

_Words = Iterator[str]


def command_words(report: Report) -> str:
    """``cachekit-memprobe run arrow-l1-hit --cachekit 0.9.1``, quoted for a shell."""
    if any(one.value.call is not None and one.value.call.here for one in report.run.scenarios):
        return "pytest  # the function only exists in the test that measured it"
    settings = report.run.options.kept_environment.items()
    kept = [
        f"{name}={shlex.quote(_cleaned(value))}"
        for name, value in settings
        if is_name(name) and value != UNRECORDED
    ]
    command = report.run.request.command if report.run.request else "run"
    words = ("cachekit-memprobe", command, *_arguments(report))
    return " ".join([*kept, shlex.join(map(_cleaned, words))])


def _cleaned(word: str) -> str:
    return clean(word).replace("\n", " ")


def _arguments(report: Report) -> _Words:
    run = report.run
    request = run.request or asked_for(run)
    yield from _chosen(run.scenarios, request)
    if request.configuration:
        yield from ("--config", request.configuration)
    yield from _target(run.target)
    yield from _each("--with", request.extras)
    yield from _multiplied(report, request)
    yield from _each("--budget", request.limits)
    for name, value in request.environment.items():
        yield from ("--env", f"{name}={TO_FILL_IN if value == UNRECORDED else value}")
    if run.shard:
        yield from ("--shard", run.shard.words)
    yield from _options(run.options)


def _chosen(scenarios: tuple[Scenario, ...], request: Request) -> _Words:
    """The user's own data, or the scenarios: as they were named, or those that are in the report."""
    if request.payload:
        yield from ("--payload", request.payload)
        for option in _CACHING:
            if option in request.caching:
                yield from (f"--{option}", request.caching[option])
        return
    if request.called:
        yield from _calling(request)
    patterns = () if "--call" in request.called else request.patterns
    named = _named_in_a_project if request.command == "check" else _name
    for word in dict.fromkeys(map(named, scenarios) if patterns is None else patterns):
        # None is an option, whatever a run folder says.
        yield f"./{word}" if _cleaned(word).lstrip().startswith("-") else word


def _calling(request: Request) -> _Words:
    """The options of the user's own function: none but those that there are, whatever a run folder says."""
    words = iter(request.called)
    for option in words:
        if option in _FLAGS:
            yield option
        elif option in _WITH_VALUE:
            # Together: a value may begin with a dash.
            yield f"{option}={next(words, '')}"
    if "tier" in request.caching:
        yield from ("--tier", request.caching["tier"])


def _name(scenario: Scenario) -> str:
    """How a scenario is named on the command line: a bundled one, or a file."""
    source = scenario.source
    if source.startswith(_BUNDLED) or not source:
        return scenario.variant.of if scenario.variant else scenario.name.partition("@")[0]
    return source if source.endswith(".toml") else f"./{source}"


def _named_in_a_project(scenario: Scenario) -> str:
    return scenario.name


def _target(target: Target) -> _Words:
    """Which cachekit; the latest of that day by its number."""
    spec = public_spec(target)
    release = target.versions.get("cachekit", "") if spec == "latest" else spec
    if target.versions.get("cachekit_state", "").startswith(_BUILT):
        yield from ("--cachekit", f"./{spec}")
    elif target.versions.get("cachekit_state", "").startswith(_COMMIT) and "@" in spec:
        yield from ("--cachekit", f"git+{TO_FILL_IN}/{spec}")
    elif _is_release(release):
        yield from ("--cachekit", release)
    elif spec != "installed":
        yield from ("--python", f"{TO_FILL_IN}/{spec}")


def _is_release(spec: str) -> bool:
    try:
        return bool(Version(spec))
    except InvalidVersion:
        return False


def _each(option: str, values: tuple[str, ...]) -> _Words:
    for value in values:
        yield from (option, value)


def _multiplied(report: Report, request: Request) -> _Words:
    run = report.run
    sizes = sizes_left(run)
    if sizes or request.size:
        yield from ("--size", ",".join(sizes) or request.size)
    if len(sizes) > 1 and sizes == run.sweep.sizes and (wanted := _predicted(report)):
        yield from ("--predict", ",".join(wanted))
    for axis, values in axes_left(run).items():
        # Of a variable, whose names look like no key of a scenario.
        name = f"env.{axis}" if is_recorded(axis) else axis
        yield from ("--matrix", f"{name}={','.join(values)}")
    if run.sweep.axes and (run.sweep.sort == STORED or _is_measured(run.sweep.sort, run.options)):
        yield from ("--sort", run.sweep.sort)
    if run.sweep.workers and _is_measured("rss.total", run.options):
        yield from ("--workers", str(run.sweep.workers))


def _predicted(report: Report) -> tuple[str, ...]:
    """What the run was to predict, and what the report does besides."""
    found = [one for scaling in report.scaling for one in scaling.predictions]
    sizes = (*report.run.sweep.predict_bytes, *(one.logical_bytes for one in found if one.rows is None))
    rows = (*report.run.sweep.predict_rows, *(one.rows for one in found if one.rows is not None))
    return (*map(format_exactly, dict.fromkeys(sizes)), *map(str, dict.fromkeys(rows)))


def _is_measured(metric: str, options: RunOptions) -> bool:
    return metric in NAMES and set(metric_of(metric).instruments) <= set(options.instruments)


def _options(options: RunOptions) -> _Words:
    if options.instruments == QUICK:
        yield "--quick"
    elif options.instruments != INSTRUMENTS:
        yield from _each("--instrument", options.instruments)
    for name in ("reads", "repeat", "jobs", "isolation"):
        if getattr(options, name) != getattr(_DEFAULTS, name):
            yield from (f"--{name}", str(getattr(options, name)))
    if options.timeout_s != _DEFAULTS.timeout_s:
        yield from ("--timeout", repr(options.timeout_s).removesuffix(".0"))
    if options.as_deployed:
        yield "--as-deployed"
    yield from _each("--stage", options.stages)
