"""What the real Dagster says to config files. Runs in an environment that has dagster, dagster-postgres and dagster-aws.

    dagster_loader.py judge FOLDER     {"path": null or why it is refused} of every workspace.yaml and dagster.yaml below FOLDER
    dagster_loader.py write FOLDER     writes such files: each place of Dagster's own schemas with each kind of value
"""

from __future__ import annotations

import importlib
import itertools
import json
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Any, Iterator

import yaml
from dagster._config import process_config, resolve_to_config_type
from dagster._config.config_type import ConfigTypeKind as Kind
from dagster._core.instance.config import dagster_instance_config_schema
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.config import mysql_config
from dagster._core.workspace.config_schema import WORKSPACE_CONFIG_SCHEMA
from dagster._core.workspace.load import location_origins_from_yaml_paths

#: Classes that are made for real; of the others only the config is processed: making them asks a database or makes folders.
MADE = {"QueuedRunCoordinator", "EcsRunLauncher", "DagsterDaemonScheduler", "DefaultRunLauncher", "NoOpComputeLogManager"}
CLASSES = {
    "run_coordinator": [("dagster", "QueuedRunCoordinator"), ("dagster._core.run_coordinator", "DefaultRunCoordinator")],
    "run_launcher": [("dagster_aws.ecs", "EcsRunLauncher"), ("dagster", "DefaultRunLauncher")],
    "scheduler": [("dagster._core.scheduler", "DagsterDaemonScheduler")],
    "compute_logs": [
        ("dagster_aws.s3.compute_log_manager", "S3ComputeLogManager"),
        ("dagster._core.storage.local_compute_log_manager", "LocalComputeLogManager"),
        ("dagster._core.storage.noop_compute_log_manager", "NoOpComputeLogManager")],
    "local_artifact_storage": [("dagster._core.storage.root", "LocalArtifactStorage")],
    "run_storage": [("dagster_postgres", "PostgresRunStorage"), ("dagster._core.storage.runs", "SqliteRunStorage")],
    "event_log_storage": [
        ("dagster_postgres", "PostgresEventLogStorage"),
        ("dagster._core.storage.event_log", "ConsolidatedSqliteEventLogStorage"),
        ("dagster._core.storage.event_log", "SqliteEventLogStorage")],
    "schedule_storage": [
        ("dagster_postgres", "PostgresScheduleStorage"), ("dagster._core.storage.schedules", "SqliteScheduleStorage")],
}


def made(data: Any) -> None:
    """As `ConfigurableClassData.rehydrate` does, less what leaves this process."""
    if data is None:
        return
    if not data.class_name:
        raise ValueError("a class without a name")
    if data.class_name == "CompositeStorage":
        return
    # dagster-mysql is not here, its schema is.
    schema = mysql_config() if data.module_name.startswith("dagster_mysql") else getattr(
        importlib.import_module(data.module_name), data.class_name).config_type()
    result = process_config(resolve_to_config_type(schema), data.config_dict)
    if not result.success:
        raise ValueError("; ".join(error.message for error in result.errors))
    if "Postgres" in data.class_name:
        from dagster_postgres.utils import pg_url_from_config
        pg_url_from_config(result.value)
    elif data.class_name in MADE and not asks_aws(result.value):
        data.rehydrate()


def asks_aws(config: dict[str, Any]) -> bool:
    """Whether the run launcher would look for a task definition or secrets when it is made."""
    task = config.get("task_definition")
    named = isinstance(task, str) or isinstance(task, dict) and set(task) == {"env"} and os.environ.get(task["env"])
    return bool(named) or any(isinstance(secret, str) for secret in config.get("secrets") or [])


def instance(path: Path) -> None:
    ref = InstanceRef.from_dir(str(path.parent))
    for data in (
            ref.local_artifact_storage_data, ref.compute_logs_data, ref.storage_data, ref.run_storage_data,
            ref.event_storage_data, ref.schedule_storage_data, ref.scheduler_data, ref.run_coordinator_data,
            ref.run_launcher_data, ref.secrets_loader_data, ref.defs_state_storage_data):
        made(data)
    if ref.custom_instance_class_data:
        made(ref.custom_instance_class_data)


def verdict(path: Path) -> str | None:
    try:
        if path.name == "workspace.yaml":
            location_origins_from_yaml_paths([str(path)])
        else:
            instance(path)
    except ModuleNotFoundError:  # a class of somebody's own, or of a package that is not here: nobody can say more
        return None
    except Exception as error:  # any refusal is one
        # The class of the whole instance, as above; but one without a name can be nobody's.
        if "Couldn't import module" in str(error) and "load the class text.text" in str(error):
            return None
        return f"{type(error).__name__}: {error}".splitlines()[0][:300]
    return None


# --- files for each place of the schemas -------------------------------------------------------------------------------

#: One value of each kind, and near misses of `{env: NAME}`.
VALUES: list[Any] = [
    "text", "", 7, 0, -5, 1.5, True, None, [], ["text"], [7], {}, {"env": "FOUR"}, {"env": 7}, {"env": "FOUR", "x": 1},
    {"environment": "FOUR"}, {"nosuch": 1}, [{}], [None], [{"nosuch": 1}]]


def minimal(type_: Any) -> Any:
    """The least that the type takes."""
    kind = type_.kind
    if kind == Kind.SCALAR:
        return {"STRING": "text", "INT": 7, "BOOL": True, "FLOAT": 1.5}[type_.scalar_kind.value]
    if kind == Kind.SCALAR_UNION:
        return minimal(type_.scalar_type)
    if kind == Kind.NONEABLE:
        return minimal(type_.inner_type)
    if kind == Kind.ARRAY:
        return []
    if kind == Kind.SELECTOR:
        name, field = next(iter(type_.fields.items()))
        return {name: minimal(field.config_type)}
    return {name: minimal(field.config_type) for name, field in type_.fields.items() if field.is_required}


def documents(type_: Any) -> Iterator[Any]:
    """Each value in each place of the type, the rest as little as can be."""
    yield from VALUES
    kind = type_.kind
    if kind == Kind.SCALAR_UNION:
        yield from documents(type_.non_scalar_type)
    elif kind == Kind.NONEABLE:
        yield from documents(type_.inner_type)
    elif kind == Kind.ARRAY:
        for value in documents(type_.inner_type):
            yield [value]
    elif kind in (Kind.SELECTOR, Kind.STRICT_SHAPE, Kind.PERMISSIVE_SHAPE):
        rest = {} if kind == Kind.SELECTOR else minimal(type_)
        for name in rest:
            yield {key: value for key, value in rest.items() if key != name}
        yield rest | {"nosuch": 1}
        for name, field in type_.fields.items():
            for value in documents(field.config_type):
                yield rest | {name: value}


def all_documents() -> Iterator[tuple[str, Any]]:
    for value in documents(resolve_to_config_type(WORKSPACE_CONFIG_SCHEMA)):
        yield "workspace.yaml", value
    for section, field in dagster_instance_config_schema().items():
        for value in documents(field.config_type):
            yield "dagster.yaml", {section: value}
    for section, classes in CLASSES.items():
        for module, name in classes:
            cls = getattr(importlib.import_module(module), name)
            for value in documents(resolve_to_config_type(cls.config_type())):
                yield "dagster.yaml", {section: {"module": module, "class": name, "config": value}}


def write(folder: Path) -> None:
    seen: set[str] = set()
    numbers = itertools.count()
    for name, value in all_documents():
        text = yaml.safe_dump(value, sort_keys=False)
        if name + text in seen:
            continue
        seen.add(name + text)
        number = next(numbers)
        place = folder / f"{number // 100:03}" / f"{number % 100:02}"
        place.mkdir(parents=True)
        (place / name).write_text(text, encoding="utf-8")


def main() -> None:
    what, folder = sys.argv[1], Path(sys.argv[2])
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    os.environ.update(FOUR="4000", AWS_DEFAULT_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true", AWS_ACCESS_KEY_ID="x",
                      AWS_SECRET_ACCESS_KEY="x")
    if what == "write":
        return write(folder)
    paths = sorted(path for name in ("workspace.yaml", "dagster.yaml") for path in folder.rglob(name))
    json.dump({str(path.relative_to(folder)): verdict(path) for path in paths}, sys.stdout)


if __name__ == "__main__":
    main()
