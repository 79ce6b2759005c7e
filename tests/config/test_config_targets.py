"""What a rollout section comes to: targets filled in per region, strategies spelled out, defaults."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from wedgate.cli.rollout_wiring import open_target, placed
from wedgate.config.configuration import Configuration
from wedgate.config.load import parse_configuration
from wedgate.config.spell import spell_configuration
from wedgate.rollout.values import Colour, ReportFails, Step, StrategyKind, TargetSettings

HERE = Path(__file__).parent
HEAD = "version: 1\nservice: x\nregions: {eu: {markets: {b: {zone: UTC, country: DE}}}}\n"


def example(name: str) -> Configuration:
    """Read one of the good examples."""
    return parse_configuration((HERE / "positive" / f"{name}.yml").read_bytes(), name="f")


def test_templates_are_filled_in_per_region_and_late_words_are_left() -> None:
    """``{region}`` and the words of places are known when the file is read; the others depend on the call."""
    rollout = example("rollout").rollout
    assert rollout is not None
    assert rollout.targets["us-east"].kind == "envoy"
    assert rollout.targets["us-east"].options == {
        "admin": "http://127.0.0.1:9901",
        "routes": "/srv/us-east/routes.json",
        "clusters": {"blue": "b-us-east", "green": "g-us-east"},
        "deploy": ("./deploy", "{colour}", "{digest}"),
        "deploy-timeout": 5400,
        "verify": {"url": "http://{address}/version", "field": "digest"},
        "addresses": {"blue": "127.0.0.1:1", "green": "127.0.0.1:2"},
    }
    # A word of places may hold what is filled in later.
    assert rollout.targets["eu"].options["admin"] == "http://127.0.0.1:{colour}1"
    assert rollout.report_fails is ReportFails.HOLD


def test_the_envoy_target_takes_what_the_loader_leaves() -> None:
    """The options are those that the target itself checks."""
    from wedgate.adapters._envoy.settings import parse_settings

    rollout = example("rollout").rollout
    assert rollout is not None
    settings = parse_settings(rollout.targets["us-east"])
    assert settings.service.deploy_timeout == timedelta(minutes=90)
    assert settings.service.verify_field == "digest"


def test_each_kind_takes_what_the_loader_leaves_and_what_is_printed() -> None:
    """The options are those that the target itself checks; printed and read again they are the same."""
    from wedgate.adapters._command.settings import parse_settings as parse_command
    from wedgate.adapters._haproxy.settings import parse_settings as parse_haproxy
    from wedgate.adapters._nginx.settings import parse_settings as parse_nginx

    def targets(kind: str) -> Mapping[str, TargetSettings]:
        configuration = example(f"rollout-{kind}")
        again = parse_configuration(spell_configuration(configuration).encode(), name="f")
        assert configuration.rollout is not None
        assert again.rollout is not None
        assert again.rollout.targets == configuration.rollout.targets
        return configuration.rollout.targets

    haproxy = parse_haproxy(targets("haproxy")["eu"])
    assert (haproxy.socket, haproxy.variable) == ("/run/haproxy/eu.sock", "edge_b")
    assert haproxy.weights == Path("weights/eu.cfg")
    assert haproxy.backends == {Colour.BLUE: "eu-blue", Colour.GREEN: "eu-green"}
    assert (haproxy.service.scale, haproxy.service.scale_timeout) == (
        ("./scale", "eu", "{colour}"),
        timedelta(minutes=3),
    )
    nginx = parse_nginx(targets("nginx")["eu"])
    assert (nginx.weights, nginx.read_back) == (Path("/srv/eu/weights"), "http://127.0.0.1:8082/weights.json")
    command = parse_command(targets("command")["eu"])
    assert (command.command, command.limit) == (("./switch", "eu", "--rack=b"), timedelta(seconds=90))
    assert command.fence_file == Path("state/eu.fence.json")
    assert command.service.deploy_timeout == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("kind", "placed_options"),
    [
        ("haproxy", {"weights": "/home/x/weights/eu.cfg", "scale": ["/home/x/scale", "eu", "{colour}"]}),
        ("nginx", {"weights": "/srv/eu/weights"}),
        ("command", {"command": ["/home/x/switch", "eu", "--rack=b"], "fence-file": "/home/x/state/eu.fence.json"}),
    ],
)
def test_paths_start_from_the_directory_of_the_file(kind: str, placed_options: Mapping[str, object]) -> None:
    """What is relative means the same from every directory, and each kind opens."""
    rollout = example(f"rollout-{kind}").rollout
    assert rollout is not None
    settings = placed(rollout.targets["eu"], Path("/home/x"))
    assert {key: settings.options[key] for key in placed_options} == placed_options
    assert open_target(settings).region == "eu"


def test_a_socket_that_is_host_and_port_stays_so() -> None:
    """It is no path."""
    settings = TargetSettings(kind="haproxy", region="eu", options={"socket": "127.0.0.1:9999", "weights": "w.cfg"})
    assert placed(settings, Path("/home/x")).options["socket"] == "127.0.0.1:9999"


def test_a_canary_ends_with_all_traffic() -> None:
    """100 is appended without a bake where it is missing, and kept with its bake where it is written."""
    short = f"{HEAD}rollout: {{target: {{kind: simulated}}, strategies: {{s: {{kind: canary, steps: [WEIGHTS]}}}}}}\n"
    bake = timedelta(minutes=5)
    for written, last in (
        ("{weight: 5, bake: 5m}", Step(weight=100, bake=timedelta(0))),
        ("{weight: 5, bake: 5m}, {weight: 100, bake: 5m}", Step(weight=100, bake=bake)),
    ):
        rollout = parse_configuration(short.replace("WEIGHTS", written).encode(), name="f").rollout
        assert rollout is not None
        assert rollout.strategies["s"].steps == (Step(weight=5, bake=bake), last)


def test_blue_green_is_one_step() -> None:
    """All traffic at once, then the bake."""
    text = f"{HEAD}rollout: {{target: {{kind: simulated}}, strategies: {{s: {{kind: blue-green, bake: 45m}}}}}}\n"
    rollout = parse_configuration(text.encode(), name="f").rollout
    assert rollout is not None
    assert rollout.strategies["s"].kind is StrategyKind.BLUE_GREEN
    assert rollout.strategies["s"].steps == (Step(weight=100, bake=timedelta(minutes=45)),)


def test_what_is_left_out_has_a_default() -> None:
    """Each region alone in order, one at a time, the only strategy; 20 minutes kept for a rollback."""
    text = (
        HEAD.replace("DE}}}}", "DE}}}, us: {markets: {c: {zone: UTC, country: US}}}}")
        + "rollout: {target: {kind: simulated}, strategies: {s: {kind: blue-green, bake: 45m}}}\n"
    )
    configuration = parse_configuration(text.encode(), name="f")
    rollout = configuration.rollout
    assert rollout is not None
    assert rollout.waves == (("eu",), ("us",))
    assert (rollout.in_flight, rollout.reserve) == (1, timedelta(minutes=20))
    assert [(line.use, line.verdict, line.where) for line in rollout.choose] == [("s", None, None)]
    assert rollout.report_fails is ReportFails.ROLLBACK
    assert (configuration.evidence, configuration.state) == (None, None)


def test_a_number_in_a_command_stays_as_it_is_written() -> None:
    """``010`` is the word 010 of a command, not ten."""
    text = f"""{HEAD}rollout:
  strategies: {{s: {{kind: blue-green, bake: 45m}}}}
  target: {{kind: simulated, deploy: [./deploy, "{{digest}}", 010, 1.50, "{{port}}"], places: {{eu: {{port: 0x1F}}}}}}
"""
    rollout = parse_configuration(text.encode(), name="f").rollout
    assert rollout is not None
    assert rollout.targets["eu"].options["deploy"] == ("./deploy", "{digest}", "010", "1.50", "0x1F")
