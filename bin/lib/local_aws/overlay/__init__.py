"""What AWS does and the emulator does not: one addition a file, each naming the AWS page it follows."""

from . import (
    authorization,
    change_sets,
    client_token,
    cluster_checks,
    container_logs,
    container_secrets,
    container_settings,
    log_pages,
    object_checksums,
    policy_simulation,
    run_task_checks,
    schedule_checks,
    scheduled_tasks,
    service_deployments,
    service_discovery,
    service_scheduler,
    service_stacks,
    snapshots,
    stack_events,
    stack_rights,
    start_failures,
    task_credentials,
    task_definitions,
    task_end,
    task_fields,
    task_network,
    task_start,
    task_volumes,
)
from .patching import check_version


def apply() -> None:
    """Puts every addition in place, or raises OverlayError when the emulator is not as expected."""
    check_version()
    for addition in (
        snapshots, task_definitions, container_settings, container_secrets, container_logs, log_pages, object_checksums,
        start_failures, task_credentials, task_network, task_volumes, task_end, task_start, task_fields,
        service_deployments, service_discovery, service_scheduler, service_stacks, schedule_checks, scheduled_tasks,
        cluster_checks, change_sets, stack_events,
        # A retry under a client token is answered before the request is looked at, so the token is the outermost.
        run_task_checks, client_token, policy_simulation,
        # These two do nothing without AUTH=true.
        authorization, stack_rights,
    ):
        addition.apply()
