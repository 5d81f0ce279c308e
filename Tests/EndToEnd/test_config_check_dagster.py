"""config-check beside the real Dagster (PyPI, pinned in bin/lib/requirements-dagster.txt), which must be of the same mind about
each file, or the difference is named here. Long: only with FGCTL_SOAK=1 (bin/test --soak)."""

import json
import os
import shutil
import subprocess

import harness
import pytest

pytestmark = pytest.mark.skipif(os.environ.get("FGCTL_SOAK") != "1", reason="a long run: bin/test --soak")

LOADER = harness.ROOT / "Tests" / "EndToEnd" / "dagster_loader.py"


@pytest.fixture(scope="session")
def dagster():
    """The interpreter of the environment that has Dagster, made when it is not there."""
    made = subprocess.run(
        ["bash", "-c", ". bin/lib/venv.sh && venv dagster"], cwd=harness.ROOT, capture_output=True, text=True, timeout=900)
    assert made.returncode == 0, made.stderr
    return harness.ROOT / ".build" / "venvs" / "dagster" / "bin" / "python"


def loader(python, what, folder, home, variables=None):
    """Dagster's word on each file below the folder: why it is refused, or None. Variables: besides FOUR."""
    ran = subprocess.run(
        [python, LOADER, what, folder], capture_output=True, text=True, timeout=1800,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"} | (variables or {}))
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout) if what == "judge" else None


def ours(project, folder, *options):
    """fgctl's errors on each file below the folder."""
    ran = project.fgctl("config-check", str(folder), "--output", "json", *options, timeout=300)
    assert ran.code in (0, 65), ran
    errors = {}
    for finding in ran.json["findings"]:
        if finding["severity"] == "error":
            errors.setdefault(finding["file"].removeprefix(f"{folder}/"), []).append(finding["message"])
    return errors, ran.json["files"]


GOOD, BAD = "good", "bad"
LAUNCHER = "run_launcher:\n  module: dagster_aws.ecs\n  class: EcsRunLauncher\n  config:\n"
QUEUE = "run_coordinator:\n  module: dagster\n  class: QueuedRunCoordinator\n  config:\n"
POSTGRES = "storage:\n  postgres:\n    postgres_db:\n      username: {env: FOUR}\n      hostname: db\n      db_name: d\n"

#: name, file, text, what both must say; a third word names why fgctl says otherwise than Dagster.
TABLE = [
    ("server", "workspace.yaml", "load_from:\n- grpc_server: {host: usercode, port: 4000, location_name: code}\n", GOOD),
    ("server-socket", "workspace.yaml", "load_from:\n- grpc_server: {socket: /run/code.sock}\n", GOOD),
    ("server-variables", "workspace.yaml", "load_from:\n- grpc_server: {host: {env: FOUR}, port: {env: FOUR}}\n", GOOD),
    ("server-both", "workspace.yaml", "load_from:\n- grpc_server: {host: u, port: 1, socket: s}\n", BAD),
    ("server-neither", "workspace.yaml", "load_from:\n- grpc_server: {host: u}\n", BAD),
    ("server-nothing", "workspace.yaml", "load_from:\n- grpc_server:\n", BAD),
    ("server-port-text", "workspace.yaml", "load_from:\n- grpc_server: {host: u, port: '4000'}\n", BAD),
    ("server-port-zero", "workspace.yaml", "load_from:\n- grpc_server: {host: u, port: 0}\n", BAD),
    ("server-port-high", "workspace.yaml", "load_from:\n- grpc_server: {host: u, port: 70000}\n", GOOD),
    ("server-misspelt", "workspace.yaml", "load_from:\n- grpc_server: {hots: u, port: 4000}\n", BAD),
    ("server-ssl-yes", "workspace.yaml", "load_from:\n- grpc_server: {host: u, port: 4000, ssl: yes}\n", GOOD),
    ("server-host-no", "workspace.yaml", "load_from:\n- grpc_server: {host: no, port: 4000}\n", BAD),
    ("not-set", "workspace.yaml", "load_from:\n- grpc_server: {host: {env: NOT_SET}, port: 4000}\n", BAD),
    ("file-short", "workspace.yaml", "load_from:\n- python_file: defs.py\n", GOOD),
    ("file-long", "workspace.yaml", "load_from:\n- python_file: {relative_path: a/defs.py, attribute: defs}\n", GOOD),
    ("file-lacks-path", "workspace.yaml", "load_from:\n- python_file: {attribute: defs}\n", BAD),
    ("module-short", "workspace.yaml", "load_from:\n- python_module: jobs\n", GOOD),
    ("module-key-of-package", "workspace.yaml", "load_from:\n- python_module: {package_name: jobs}\n", BAD),
    ("package", "workspace.yaml", "load_from:\n- python_package: {package_name: jobs, location_name: j}\n", GOOD),
    ("package-empty", "workspace.yaml", "load_from:\n- python_package: ''\n", BAD),
    ("autoload", "workspace.yaml", "load_from:\n- autoload_defs_module: jobs.defs\n", GOOD),
    ("two-in-one", "workspace.yaml", "load_from:\n- python_file: a.py\n  python_module: b\n", BAD),
    ("unknown-kind", "workspace.yaml", "load_from:\n- python_script: a.py\n", BAD),
    ("same-name", "workspace.yaml", "load_from:\n- python_file: a/defs.py\n- python_file: b/defs.py\n", BAD),
    ("same-name-given", "workspace.yaml",
     "load_from:\n- python_file: {relative_path: a.py, location_name: x}\n- grpc_server: {port: 1, location_name: x}\n", BAD),
    ("same-server", "workspace.yaml",
     "load_from:\n- grpc_server: {host: u, port: 4000}\n- grpc_server: {host: u, port: 0o4000}\n", BAD),
    ("no-list", "workspace.yaml", "load_from: {grpc_server: {host: u, port: 4000}}\n", BAD),
    ("empty-list", "workspace.yaml", "load_from: []\n", GOOD),
    ("empty", "workspace.yaml", "", BAD),
    ("comment-only", "workspace.yaml", "# nothing yet\n", BAD),
    ("misspelt-top", "workspace.yaml", "load_form:\n- python_file: a.py\n", BAD),
    ("no-yaml", "workspace.yaml", "load_from: [\n", BAD),
    ("tab", "workspace.yaml", "load_from:\n\t- python_file: a.py\n", BAD),
    ("two-documents", "workspace.yaml", "load_from: []\n---\nload_from: []\n", BAD),
    ("tagged", "workspace.yaml", "load_from:\n- python_file: !path a.py\n", BAD),
    ("tagged-str", "workspace.yaml", "load_from:\n- python_file: !!str 7\n", GOOD),
    ("anchors", "workspace.yaml",
     "x: &u {host: u}\nload_from: []\n", BAD),
    ("merged", "workspace.yaml",
     "load_from:\n- grpc_server: &a {host: u, port: 4000}\n- grpc_server: {<<: *a, port: 4001}\n", GOOD),
    ("merged-list", "workspace.yaml",
     "load_from:\n- grpc_server: &a {host: u, port: 1}\n- grpc_server: {<<: [{port: 2}, *a], location_name: b}\n", GOOD),
    ("merged-text", "workspace.yaml", "load_from:\n- grpc_server: {<<: text, port: 4000}\n", BAD),
    ("anchor-twice", "workspace.yaml", "load_from:\n- python_file: &a x.py\n- python_file: &a y.py\n", BAD),
    ("key-twice", "workspace.yaml", "load_from:\n- grpc_server: {host: u, port: 4000, port: 4001}\n", GOOD,
     "Dagster takes the last of two equal keys without a word; one of them is a mistake"),
    ("top-list", "workspace.yaml", "- load_from\n", BAD),
    ("seed", "dagster.yaml", POSTGRES + QUEUE + "    max_concurrent_runs: 5\n" + LAUNCHER
     + "    include_sidecars: true\n    secrets_tag: ''\n"
     "scheduler:\n  module: dagster._core.scheduler\n  class: DagsterDaemonScheduler\n", GOOD),
    ("instance-empty", "dagster.yaml", "", GOOD),
    ("instance-list", "dagster.yaml", "- a\n", BAD),
    ("instance-empty-list", "dagster.yaml", "[]\n", GOOD, "Dagster takes anything empty as nothing; a list was not meant"),
    ("section-misspelt", "dagster.yaml", "run_luncher: {module: dagster, class: DefaultRunLauncher}\n", BAD),
    ("section-null", "dagster.yaml", "telemetry:\n", BAD),
    ("telemetry-text", "dagster.yaml", "telemetry: {enabled: 'false'}\n", BAD),
    ("telemetry-off", "dagster.yaml", "telemetry: {enabled: off}\n", GOOD),
    ("storage-two", "dagster.yaml", "storage:\n  sqlite: {base_dir: /x}\n  postgres: {postgres_url: u}\n", BAD),
    ("storage-both", "dagster.yaml", POSTGRES + "run_storage: {module: dagster_postgres, class: PostgresRunStorage}\n", BAD),
    ("postgres-both", "dagster.yaml", POSTGRES + "    postgres_url: postgresql://u\n", BAD),
    ("postgres-neither", "dagster.yaml", "storage:\n  postgres:\n", BAD),
    ("postgres-password-number", "dagster.yaml", POSTGRES + "      password: 12345\n", BAD),
    ("postgres-port-variable", "dagster.yaml", POSTGRES + "      port: {env: FOUR}\n", GOOD),
    ("queue-both", "dagster.yaml", "run_queue: {max_concurrent_runs: 3}\n" + QUEUE + "    max_concurrent_runs: 3\n", BAD),
    ("queue-negative", "dagster.yaml", "run_queue: {max_concurrent_runs: -2}\n", BAD),
    ("queue-unlimited", "dagster.yaml", "run_queue: {max_concurrent_runs: -1}\n", GOOD),
    ("queue-tags", "dagster.yaml", QUEUE + "    tag_concurrency_limits:\n    - key: team\n      limit: 3\n"
     "      value: {applyLimitPerUniqueValue: true}\n", GOOD),
    ("queue-tags-bad", "dagster.yaml", QUEUE + "    tag_concurrency_limits: [{key: team, limit: many}]\n", BAD),
    ("queue-buffer", "dagster.yaml", QUEUE
     + "    block_op_concurrency_limited_runs: {enabled: false, op_concurrency_slot_buffer: 1}\n", BAD),
    ("launcher-unknown", "dagster.yaml", LAUNCHER + "    include_sidecar: true\n", BAD),
    ("launcher-run-task", "dagster.yaml", LAUNCHER + "    run_task_kwargs: {launchType: FARGATE, cluster: c}\n", GOOD),
    ("launcher-run-task-bad", "dagster.yaml", LAUNCHER + "    run_task_kwargs: {launchtype: FARGATE}\n", BAD),
    ("launcher-overrides", "dagster.yaml", LAUNCHER + "    run_task_kwargs: {overrides: {}}\n", BAD),
    ("launcher-prefix", "dagster.yaml", LAUNCHER + "    task_definition_prefix: seventeen-letters\n", BAD),
    ("launcher-env-vars", "dagster.yaml", LAUNCHER + "    env_vars: [FOUR, MODE=full]\n", GOOD),
    ("launcher-env-vars-not-set", "dagster.yaml", LAUNCHER + "    env_vars: [NOT_SET]\n", GOOD,
     "Dagster misses the variable only when it launches a run"),
    ("launcher-cpu-number", "dagster.yaml", LAUNCHER + "    run_resources: {cpu: 256}\n", BAD),
    ("own-class", "dagster.yaml", "run_launcher: {module: mine, class: Launcher, config: {anything: 1}}\n", GOOD),
    ("class-lacks-module", "dagster.yaml", "run_launcher: {class: DefaultRunLauncher}\n", BAD),
    ("class-config-null", "dagster.yaml", "run_launcher: {module: dagster, class: DefaultRunLauncher, config: }\n", BAD),
    ("logs-s3", "dagster.yaml", "compute_logs:\n  module: dagster_aws.s3.compute_log_manager\n"
     "  class: S3ComputeLogManager\n  config: {bucket: b, upload_interval: null}\n", GOOD),
    ("logs-s3-no-bucket", "dagster.yaml",
     "compute_logs: {module: dagster_aws.s3.compute_log_manager, class: S3ComputeLogManager}\n", BAD),
    ("concurrency", "dagster.yaml", "concurrency: {pools: {default_limit: 3, granularity: op}, runs: {max_concurrent_runs: 9}}\n",
     GOOD),
    ("concurrency-granularity", "dagster.yaml", "concurrency: {pools: {granularity: job}}\n", BAD),
    ("concurrency-limit", "dagster.yaml", "concurrency: {pools: {default_limit: 1001}}\n", BAD),
    ("concurrency-old-and-new", "dagster.yaml", "concurrency: {pools: {}, default_op_concurrency_limit: 3}\n", BAD),
    ("concurrency-and-queue", "dagster.yaml",
     "concurrency: {runs: {max_concurrent_runs: 9}}\nrun_queue: {max_concurrent_runs: 3}\n", BAD),
    ("retention", "dagster.yaml", "retention: {sensor: {purge_after_days: {skipped: 7}}, schedule: {purge_after_days: 90}}\n", GOOD),
    ("freshness", "dagster.yaml", "freshness: {}\n", BAD),
]


def test_the_table(project, dagster, tmp_path):
    folder = tmp_path / "files"
    for name, file, text, *_ in TABLE:
        (folder / name).mkdir(parents=True)
        (folder / name / file).write_text(text, encoding="utf-8")
    theirs = loader(dagster, "judge", folder, tmp_path)
    errors, _ = ours(project, folder, "--env", "FOUR")
    wrong = []
    for name, file, _, expected, *reason in TABLE:
        path = f"{name}/{file}"
        if (BAD if theirs[path] else GOOD) != expected:
            wrong.append(f"Dagster on {path}: {theirs[path] or 'loads it'}")
        if (BAD if path in errors else GOOD) != (BAD if reason else expected):
            wrong.append(f"fgctl on {path}: {errors.get(path, 'no error')}")
    assert not wrong, "\n".join(wrong)


#: What YAML 1.1 and 1.2 read differently, and what lies near it.
SCALARS = """
yes Yes YES yEs no No NO on On ON off OFF true True TRUE tRUE false y n ~ null Null NULL nUll
0 7 +7 -7 007 010 -010 08 0o10 1_000 _1 1_ 0x1F 0xg -0x1 0b101 0b2 22:30 1:60 01:30 190:20:30 22:30.5 1e3 1.5 1. .5 +.5 -.5 . - 1.5e3
1.5e+3 1.5E-3 1_0.5_0 .inf -.Inf .NAN .nan -.nan +.inf 2024-01-01 2024-01-01T00:00:00Z 1,000 0.1.2 99999999999999999999 '7' "true" !!int 7 !!str 7
""".split()


def test_scalars(project, dagster, tmp_path):
    """In the place of text, of a whole number, of true or false, and of a number."""
    folder = tmp_path / "files"
    forms = {
        "text": ("workspace.yaml", "load_from:\n- grpc_server: {{port: 1, location_name: {} }}\n"),
        "integer": ("dagster.yaml", "run_monitoring: {{poll_interval_seconds: {} }}\n"),
        "flag": ("dagster.yaml", "telemetry: {{enabled: {} }}\n"),
        "number": ("dagster.yaml", "compute_logs:\n  module: dagster._core.storage.local_compute_log_manager\n"
                   "  class: LocalComputeLogManager\n  config: {{base_dir: x, polling_timeout: {} }}\n"),
    }
    scalars = SCALARS[:-4] + [" ".join(SCALARS[-4:-2]), " ".join(SCALARS[-2:])]
    for form, (file, text) in forms.items():
        for number, scalar in enumerate(scalars):
            place = folder / form / f"{number:03}"
            place.mkdir(parents=True)
            (place / file).write_text(text.format(scalar), encoding="utf-8")
    theirs = loader(dagster, "judge", folder, tmp_path)
    errors, _ = ours(project, folder)
    wrong = [f"{(folder / path).read_text()} Dagster: {why}; fgctl: {errors.get(path)}"
             for path, why in theirs.items() if (why is None) == (path in errors)]
    assert not wrong, "\n".join(wrong)


#: Places at which fgctl misses variables that Dagster looks for only later.
LATER = ("auto_materialize", "env_vars:")


def test_each_place_of_the_schemas(project, dagster, tmp_path):
    """Thousands of files, made of Dagster's own schemas: each place with each kind of value."""
    folder = tmp_path / "files"
    folder.mkdir()
    loader(dagster, "write", folder, tmp_path)
    theirs = loader(dagster, "judge", folder, tmp_path)
    assert len(theirs) > 5000
    wrong = []
    for part in sorted(folder.iterdir()):
        errors, read = ours(project, part, "--env", "FOUR")
        for path in read:
            why, text = theirs[f"{part.name}/{path}"], (part / path).read_text(encoding="utf-8")
            if (why is None) == (path not in errors):
                continue
            later = why is None and any(place in text for place in LATER) and all(
                "variable" in error for error in errors[path])
            if not later:
                wrong.append(f"{text}Dagster: {why}\nfgctl: {errors.get(path)}")
    assert not wrong, "\n\n".join(wrong[:20])


def test_the_example(project, dagster, tmp_path):
    """The real Dagster loads the files that docs/dagster brings along, its run launcher included, and the user's code."""
    folder = tmp_path / "files"
    shutil.copytree(harness.ROOT / "docs" / "dagster" / "config", folder / "config")
    shutil.copy(harness.ROOT / "docs" / "dagster" / "usercode" / "defs.py", folder)
    errors, read = ours(project, folder)
    assert (errors, read) == ({}, ["config/dagster.yaml", "config/workspace.yaml"])
    checked = project.fgctl("config-check", str(folder), "--output", "json", "--strict").expect(0).json
    names = {use["name"]: "4000" for use in checked["variables"]}
    assert loader(dagster, "judge", folder, tmp_path, names) == {"config/workspace.yaml": None, "config/dagster.yaml": None}
    for name in names:
        # Each of the variables counts, and fgctl knows of each.
        refused = loader(dagster, "judge", folder, tmp_path, {other: "4000" for other in names if other != name})
        assert any(refused.values()), name
    shown = subprocess.run(
        [dagster, "-c", "import defs; print([job.name for job in defs.defs.resolve_all_job_defs()])"], cwd=folder,
        capture_output=True, text=True, timeout=300, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    assert "'nightly'" in shown.stdout, shown.stderr
