"""Every template is clean in every combination of its options: rendered by fgctl, its conditions decided, read by cfn-lint.

Of base, task, network and deploy role all combinations that their rules allow are linted. The services' options are too many (2^19):
there each resource is linted in all its forms beside all forms of what it refers to (`template_options.py`), and some more
combinations by chance. All of that only with FGCTL_SOAK=1 (bin/test --soak); else any two options meet in all ways, and each
resource stands in all its forms.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import random
import subprocess
from concurrent.futures import ProcessPoolExecutor

import parts
import pytest
from template_options import FULL, Options, Row, cover, faults, lint_combination, options

SOAK = os.environ.get("FGCTL_SOAK") == "1"
NAMES = ["dagster-base", "dagster-services", "task", "network", "deploy-role"]
BY_CHANCE = 200

# What has no default and is no option; fgctl checks it against the template's patterns.
GIVEN = {
    "BucketName": "a-bucket", "ConfigRelease": "0123456789abcdef" * 4, "DaemonVersion": "0.1", "DatabaseHost": "db.example",
    "DatabaseSecretArn": f"arn:aws:secretsmanager:us-east-1:{'1' * 12}:secret:a", "ExternalId": "external-id", "ImageUri": "r/a:0.1",
    "PrincipalArn": f"arn:aws:iam::{'1' * 12}:root", "ProjectName": "a", "Registry": "r", "RepositoryPrefix": "a",
    "SidecarImage": "r/a/fgctl:0.1", "SubnetIds": "subnet-1,subnet-2", "TaskSecurityGroupId": "sg-1", "TaskStackName": "a",
    "UsercodeVersion": "0.1", "VpcId": "vpc-1", "WebserverVersion": "0.1"}
ENV = {
    "STACK_NAME": "a", "IMAGE_NAME": "image", "AWS_REGION": "us-east-1", "REGISTRY_URL": "r", "AWS_ACCESS_KEY_ID": "a",
    "AWS_SECRET_ACCESS_KEY": "a", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}


@pytest.fixture
def render(tmp_path, fgctl_binary):
    """cf-render, which asks nobody: (exit code, template, parameters)."""
    (tmp_path / "env").mkdir()
    (tmp_path / "env/default").write_text("".join(f"{key}={value}\n" for key, value in ENV.items()))

    def run(name: str, given: Row) -> tuple[int, str, Row]:
        words = [f"{key}={value}" for key, value in given.items()]
        done = subprocess.run(
            [fgctl_binary, "cf-render", "0.1", "--template", parts.TEMPLATES / f"{name}.yaml", "--output", "json",
             *itertools.chain(*(("--parameter", word) for word in words))],
            cwd=tmp_path, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)}, capture_output=True, text=True, timeout=240)
        if done.returncode != 0:
            return done.returncode, "", {}
        plan = json.loads(done.stdout)
        return 0, plan["templateBody"], plan["parameters"]

    return run


def template(name: str) -> Options:
    return options((parts.TEMPLATES / f"{name}.yaml").read_text())


def rows(name: str) -> list[Row]:
    found = template(name)
    chosen = found.rows(beside=SOAK)
    if not SOAK or found.count <= FULL:
        return chosen
    chance = random.Random(name)
    more = [{key: chance.choice(values) for key, values in found.values.items()} for _ in range(BY_CHANCE)]
    return chosen + [row for row in more if not found.refused(row)]


@pytest.mark.parametrize("name", NAMES)
def test_every_combination_of_options_is_clean(name, render):
    found = template(name)
    needed = {key: GIVEN[key] for key, entry in found.template["Parameters"].items()
              if "Default" not in entry and key not in found.values}
    asked = rows(name)
    if SOAK and found.count <= FULL:
        assert len(asked) == sum(not found.refused(row) for row in found.every())
    combinations = []
    for row in asked:
        code, text, parameters = render(name, needed | row)
        assert code == 0, row
        assert {key: parameters.get(key) for key in row} == row
        combinations.append((text, parameters))
    assert {text for text, _ in combinations} == {(parts.TEMPLATES / f"{name}.yaml").read_text()}
    if SOAK:
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
            results = list(pool.map(lint_combination, *zip(*combinations), chunksize=8))
    else:
        results = [lint_combination(*one) for one in combinations]
    assert len(results) == len(asked)
    assert [(row, result) for row, result in zip(asked, results) if result] == []


def test_values_that_make_no_stack_are_refused(render):
    for name, wrong in (
        ("task", {"Cpu": "300"}), ("dagster-services", {"LoadBalancer": "maybe"}), ("dagster-base", {"CreateBucket": ""})):
        found = template(name)
        needed = {key: GIVEN[key] for key, entry in found.template["Parameters"].items() if "Default" not in entry}
        assert render(name, needed)[0] == 0
        assert render(name, needed | wrong)[0] == 64, wrong


def test_the_judge_of_templates_finds_faults():
    """Else the tests above could not fail."""
    found = template("dagster-base")
    row = {key: values[0] for key, values in found.values.items()} | {"CreateBucket": "false"}
    assert faults(found.render(row)) == []
    broken = found.render(row)
    broken["Outputs"]["BucketName"]["Value"] = {"Ref": "Bucket"}
    assert any("Bucket" in one for one in faults(broken))
    # Every allowed value of a parameter is tried, not the default alone.
    services = template("dagster-services")
    row = {key: values[0] for key, values in services.values.items()}
    for name, value in (("Architecture", "ARM65"), ("LogRetentionDays", 2), ("AssignPublicIp", "PERHAPS")):
        broken = json.loads(json.dumps(services.render(row)))
        broken["Parameters"][name]["AllowedValues"].append(value)
        assert any(f"'{name}'}} is not one of" in one for one in faults(broken)), name


SMALL = """
Parameters: {A: {Type: String, Default: ""}, B: {Type: String, AllowedValues: ["true", "false"]}, C: {Type: String, Default: x}}
Rules: {R: {RuleCondition: !Equals [!Ref B, "false"], Assertions: [{Assert: !Not [!Equals [!Ref D, ""]]}]}}
Conditions: {HasA: !Not [!Equals [!Ref A, ""]], Both: !And [!Condition HasA, !Equals [!Ref B, "true"]]}
Resources:
  One: {Type: T, Properties: {P: !If [Both, !GetAtt Two.Arn, !Ref AWS::NoValue], Q: [!If [HasA, 1, !Ref AWS::NoValue], 2]}}
  Two: {Type: T, Condition: Both}
  Three: {Type: T, Properties: {P: !Sub "${One}-${!Two}-${AWS::Region}"}}
Outputs: {}
"""


def test_what_options_decide(monkeypatch):
    monkeypatch.setitem(__import__("template_options").SET, "A", "a")
    monkeypatch.setitem(__import__("template_options").SET, "D", "d")
    small = Options(SMALL.replace("C: {", "D: {Type: String}, C: {"))
    assert small.values == {"A": ("a", ""), "B": ("true", "false"), "D": ("d", "")}
    assert small.options_of("Resources.One", beside=False) == {"A", "B"}
    assert small.options_of("Resources.Three", beside=False) == set()
    assert small.options_of("Resources.Three", beside=True) == {"A", "B"}
    assert [small.refused({"A": "", "B": b, "D": d}) for b, d in (("true", ""), ("false", ""), ("false", "d"))] == [False, True, False]
    resources = small.render({"A": "a", "B": "false", "D": "d"})["Resources"]
    assert resources == {"One": {"Type": "T", "Properties": {"Q": [1, 2]}}, "Three": {
        "Type": "T", "Properties": {"P": {"Fn::Sub": "${One}-${!Two}-${AWS::Region}"}}}}
    assert set(small.render({"A": "a", "B": "true", "D": "d"})["Resources"]) == {"One", "Two", "Three"}


def test_the_options_of_each_group_meet_in_all_ways():
    values = {f"o{i}": ("1", "") for i in range(12)}
    groups = [frozenset(f"o{(i + j) % 12}" for j in range(4)) for i in range(12)]
    found = cover(values, groups)
    assert all(list(row) == list(values) for row in found)
    for group in groups:
        assert len({tuple(row[name] for name in sorted(group)) for row in found}) == 16
    assert len(found) < 32
