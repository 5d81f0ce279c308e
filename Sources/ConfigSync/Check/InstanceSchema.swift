/// The sections of `dagster.yaml`, as of Dagster 1.13.
///
/// https://docs.dagster.io/deployment/oss/dagster-yaml
enum InstanceSchema {
    static let root: ConfigSchema = .record(sections)

    /// For an instance class of the user's own, which may know more sections.
    static let open: ConfigSchema = .record(sections, open: true)

    private static let sections: [String: ConfigSchema] = [
        "local_artifact_storage": .classReference, "compute_logs": .classReference, "run_storage": .classReference,
        "event_log_storage": .classReference, "schedule_storage": .classReference, "scheduler": .classReference,
        "run_coordinator": .classReference, "run_launcher": .classReference, "instance_class": .classReference,
        "defs_state_storage": .classReference,
        "storage": .oneOf([
            "postgres": postgres, "mysql": mysql, "sqlite": baseFolder, "custom": .classReference,
        ]),
        "run_queue": runQueue,
        "telemetry": .record(["enabled": .flag]),
        "nux": .record(["enabled": .flag]),
        "python_logs": .record([
            "managed_python_loggers": .list(.text), "python_log_level": .text,
            "dagster_handler_config": .record([
                "handlers": .anyMapping, "formatters": .anyMapping, "filters": .anyMapping,
            ]),
        ]),
        "run_monitoring": .record([
            "enabled": .flag, "start_timeout_seconds": .integer, "cancel_timeout_seconds": .integer,
            "max_runtime_seconds": .integer, "max_resume_run_attempts": .integer, "poll_interval_seconds": .integer,
            "cancellation_thread_poll_interval_seconds": .integer, "free_slots_after_run_end_seconds": .integer,
        ]),
        "run_retries": .record(["enabled": .flag, "max_retries": .integer, "retry_on_asset_or_op_failure": .flag]),
        "code_servers": .record([
            "local_startup_timeout": .integer, "reload_timeout": .integer,
            "wait_for_local_processes_on_shutdown": .flag,
        ]),
        "secrets": .oneOf(["custom": .classReference]),
        "retention": .record(["schedule": ticks, "sensor": ticks, "auto_materialize": ticks]),
        "backfills": threads, "sensors": threads, "schedules": threads,
        "auto_materialize": .record([
            "enabled": .flagOrVariable, "minimum_interval_seconds": .integerOrVariable, "run_tags": .anyMapping,
            "respect_materialization_data_versions": .flagOrVariable, "max_tick_retries": .integerOrVariable,
            "use_sensors": .flagOrVariable, "use_threads": .flag, "num_workers": .integer,
        ]),
        "freshness": .record([:], required: ["enabled": .flag]),
        "concurrency": .record([
            "pools": .record(["default_limit": .integer, "granularity": .text, "op_granularity_run_buffer": .integer]),
            "runs": .record(["max_concurrent_runs": .integer, "tag_concurrency_limits": tagLimits]),
            "default_op_concurrency_limit": .integer,
        ]),
    ]

    // MARK: Parts

    static let baseFolder: ConfigSchema = .record([:], required: ["base_dir": .textOrVariable])

    static let postgres: ConfigSchema = .record([
        "postgres_url": .textOrVariable,
        "postgres_db": .record(
            [
                "password": .textOrVariable, "port": .integerOrVariable, "params": .anyMapping,
                "scheme": .textOrVariable,
            ],
            required: ["username": .textOrVariable, "hostname": .textOrVariable, "db_name": .textOrVariable]),
        "auth_provider": .oneOf([
            "azure_wif": .record(["scope": .textOrVariable]), "gcp_wif": .record([:]),
            "aws_wif": .record([:], required: ["region": .textOrVariable]),
        ]),
        "should_autocreate_tables": .flag,
    ])

    static let mysql: ConfigSchema = .oneOf([
        "mysql_url": .textOrVariable,
        "mysql_db": .record(
            ["port": .integerOrVariable],
            required: [
                "username": .textOrVariable, "password": .textOrVariable, "hostname": .textOrVariable,
                "db_name": .textOrVariable,
            ]),
    ])

    private static let tagLimits: ConfigSchema = .orNull(
        .list(
            .record(
                ["value": .either(.text, .record([:], required: ["applyLimitPerUniqueValue": .flag]))],
                required: ["key": .text, "limit": .integer])))

    static let runQueue: ConfigSchema = .record([
        "max_concurrent_runs": .integerOrVariable, "tag_concurrency_limits": tagLimits,
        "dequeue_interval_seconds": .integerOrVariable, "dequeue_use_threads": .flag,
        "dequeue_num_workers": .integerOrVariable, "max_user_code_failure_retries": .integerOrVariable,
        "user_code_failure_retry_delay": .integerOrVariable,
        "block_op_concurrency_limited_runs": .record(["enabled": .flag, "op_concurrency_slot_buffer": .integer]),
    ])

    private static let ticks: ConfigSchema = .record(
        [:],
        required: [
            "purge_after_days": .either(
                .integer,
                .record(["skipped": .integer, "success": .integer, "failure": .integer, "started": .integer]))
        ])

    private static let threads: ConfigSchema = .record([
        "use_threads": .flag, "num_workers": .integer, "num_submit_workers": .integer,
    ])
}
