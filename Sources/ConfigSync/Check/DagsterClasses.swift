import Support
import YAML

/// The classes that `dagster.yaml` names, with what their `config` may hold: those of the packages dagster, dagster-postgres and
/// dagster-aws that a setup on ECS has use for. Others are let pass.
struct DagsterClasses {
    private let schemas: [String: ConfigSchema]

    static let none = DagsterClasses(schemas: [:])

    static let known: DagsterClasses = {
        var schemas: [String: ConfigSchema] = [
            "QueuedRunCoordinator": InstanceSchema.runQueue, "DefaultRunCoordinator": .record([:]),
            "SyncInMemoryRunCoordinator": .record([:]), "DefaultRunLauncher": .record([:]),
            "NoOpComputeLogManager": .record([:]), "EcsRunLauncher": ecsRunLauncher,
            "DagsterDaemonScheduler": .record([
                "max_catchup_runs": .integerOrVariable, "max_tick_retries": .integerOrVariable,
            ]),
            "LocalComputeLogManager": .record(["polling_timeout": .number], required: ["base_dir": .textOrVariable]),
            "S3ComputeLogManager": .record(
                [
                    "local_dir": .textOrVariable, "prefix": .textOrVariable, "use_ssl": .flag, "verify": .flag,
                    "verify_cert_path": .textOrVariable, "endpoint_url": .textOrVariable, "skip_empty_files": .flag,
                    "upload_interval": .orNull(.integer), "upload_extra_args": .anyMapping, "show_url_only": .flag,
                    "region": .textOrVariable,
                ], required: ["bucket": .textOrVariable]),
        ]
        for name in [
            "DagsterPostgresStorage", "PostgresRunStorage", "PostgresEventLogStorage", "PostgresScheduleStorage",
        ] {
            schemas[name] = InstanceSchema.postgres
        }
        for name in [
            "LocalArtifactStorage", "DagsterSqliteStorage", "SqliteRunStorage", "SqliteEventLogStorage",
            "ConsolidatedSqliteEventLogStorage", "SqliteScheduleStorage",
        ] { schemas[name] = InstanceSchema.baseFolder }
        return DagsterClasses(schemas: schemas)
    }()

    /// Checks the `config` of a mapping of `module` and `class`.
    func check(_ node: YAMLNode, _ path: Path, _ walk: inout SchemaWalk) {
        guard let module = node["module"], let named = node["class"], let name = named.text, let package = module.text,
            package.split(separator: ".").first?.hasPrefix("dagster") ?? false
        else { return }
        if package == "dagster.core" || package.hasPrefix("dagster.core.") {
            walk.collector.warn(
                module.mark, "\(path.key("module").text): Dagster has no module \(package) any more",
                hint: "name it dagster._core\(package.dropFirst("dagster.core".count))")
        }
        guard let schema = schemas[name] else {
            if let meant = Suggestion.nearest(to: name, in: schemas.keys.sorted()) {
                walk.collector.warn(
                    named.mark, "\(path.key("class").text): no class \(name) is known", hint: "did you mean \(meant)?")
            }
            return
        }
        let config = node["config"] ?? YAMLNode(.mapping([]), mark: node.mark)
        let inside = path.key("config")
        let before = walk.collector.findings.count
        walk.walk(config, as: schema, path: inside)
        guard walk.collector.findings.count == before else { return }
        switch name {
        case "EcsRunLauncher": Self.launcher(config, inside, &walk)
        case "QueuedRunCoordinator": Self.queue(config, inside, &walk)
        case let name where name.contains("Postgres"): Self.postgres(config, inside, &walk)
        default: break
        }
    }

    // MARK: What the classes themselves refuse

    static func postgres(_ node: YAMLNode, _ path: Path, _ walk: inout SchemaWalk) {
        let url = node["postgres_url"].map { PythonScalar($0) != .text("") } ?? false
        if url == (node["postgres_db"] != nil) {
            walk.wrong(
                node, path,
                url ? "has postgres_url and postgres_db, one of them is wanted" : "lacks postgres_url or postgres_db")
        }
        if let password = node["postgres_db"]?["password"], case .text(let text)? = PythonScalar(password),
            !text.isEmpty
        {
            walk.collector.warn(
                password.mark, "\(path.key("postgres_db").key("password").text) stands in the file",
                hint: "keep it in Secrets Manager and take it from there: {env: DAGSTER_POSTGRES_PASSWORD}")
        }
    }

    static func queue(_ node: YAMLNode, _ path: Path, _ walk: inout SchemaWalk) {
        if let limit = node["max_concurrent_runs"], case .integer(let value)? = PythonScalar(limit), value ?? 0 < -1 {
            walk.wrong(limit, path.key("max_concurrent_runs"), "is below -1, which stands for no limit")
        }
        let block = node["block_op_concurrency_limited_runs"]
        let isOff = block?["enabled"].map { PythonScalar($0) == .flag(false) } ?? false
        if let buffer = block?["op_concurrency_slot_buffer"], isOff, PythonScalar(buffer) != .integer(0) {
            walk.wrong(
                buffer, path.key("block_op_concurrency_limited_runs").key("op_concurrency_slot_buffer"),
                "is for block_op_concurrency_limited_runs that is enabled")
        }
    }

    /// What a run launcher's `run_task_kwargs` may hold: RunTask's input, less what the launcher sets itself.
    ///
    /// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
    private static let runTask: Set<String> = [
        "capacityProviderStrategy", "clientToken", "cluster", "count", "enableECSManagedTags", "enableExecuteCommand",
        "group",
        "launchType", "networkConfiguration", "placementConstraints", "placementStrategy", "platformVersion",
        "propagateTags", "referenceId", "startedBy", "tags", "volumeConfigurations",
    ]

    private static func launcher(_ node: YAMLNode, _ path: Path, _ walk: inout SchemaWalk) {
        if let prefix = node["task_definition_prefix"], let text = prefix.text, text.unicodeScalars.count > 16 {
            walk.wrong(prefix, path.key("task_definition_prefix"), "has more than 16 characters")
        }
        if let task = node["task_definition"], let env = task["env"] {
            if task.pairs?.count == 1 {
                if let name = env.text { walk.collector.uses(name, at: env.mark) }
            } else {
                walk.wrong(task, path.key("task_definition"), "has env and other keys, env stands alone")
            }
        }
        for pair in node["run_task_kwargs"]?.pairs ?? [] where !runTask.contains(pair.key) {
            let meant = Suggestion.nearest(to: pair.key, in: runTask.sorted())
            walk.collector.error(
                pair.keyMark, "\(path.key("run_task_kwargs").prefix)RunTask's \(pair.key) can't be given here",
                hint: meant.map { "did you mean \($0)?" })
        }
        for item in node["propagate_tags"]?["allow_list"]?.items ?? []
        where ["dagster/op_selection", "dagster/solid_selection"].contains(item.text) {
            walk.wrong(item, path.key("propagate_tags").key("allow_list"), "may not hold \(item.text ?? "")")
        }
        if let bare = node["secrets"]?.items?.first(where: { $0.text != nil }) {
            walk.collector.warn(
                bare.mark,
                "\(path.key("secrets").text): bare ARNs are deprecated, Dagster asks Secrets Manager for their names",
                hint: "write {name: VARIABLE, valueFrom: ARN}")
        }
        // NAME alone is taken from the launcher's own environment.
        for item in node["env_vars"]?.items ?? [] {
            if let name = item.text, !name.contains("=") { walk.collector.uses(name, at: item.mark) }
        }
    }

    private static let ecsRunLauncher: ConfigSchema = {
        let pair: ConfigSchema = .record(["value": .textOrVariable], required: ["key": .textOrVariable])
        let task: ConfigSchema = .record([
            "log_group": .textOrVariable, "sidecar_containers": .list(.anyMapping),
            "requires_compatibilities": .list(.text), "env": .text, "linux_parameters": .anyMapping,
            "execution_role_arn": .textOrVariable, "task_role_arn": .textOrVariable,
            "runtime_platform": .record(["cpuArchitecture": .textOrVariable, "operatingSystemFamily": .textOrVariable]),
            "volumes": .list(.record(["name": .textOrVariable], open: true)),
            "mount_points": .list(
                .record([
                    "sourceVolume": .textOrVariable, "containerPath": .textOrVariable, "readOnly": .flagOrVariable,
                ])), "repository_credentials": .textOrVariable,
        ])
        return .record([
            "task_definition": .either(.text, task), "container_name": .textOrVariable,
            "secrets": .list(
                .either(.text, .record([:], required: ["name": .textOrVariable, "valueFrom": .textOrVariable]))),
            "secrets_tag": .orNull(.textOrVariable), "include_sidecars": .flag, "use_current_ecs_task_config": .flag,
            "run_task_kwargs": .record(["cluster": .textOrVariable], open: true),
            "propagate_tags": .record([:], required: ["allow_list": .list(.text)]),
            "task_definition_prefix": .textOrVariable, "env_vars": .list(.textOrVariable),
            "run_resources": .record(["cpu": .text, "memory": .text, "ephemeral_storage": .integer], open: true),
            "run_ecs_tags": .list(pair),
        ])
    }()
}
