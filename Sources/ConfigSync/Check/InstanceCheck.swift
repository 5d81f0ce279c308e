import YAML

/// `dagster.yaml`: Dagster's storage, launcher, queue and daemons.
struct InstanceCheck {
    func check(_ root: YAMLNode, _ collector: inout FindingCollector) {
        var walk = SchemaWalk(classes: .known, collector: collector)
        defer { collector = walk.collector }
        guard PythonScalar(root) != .null else { return hintAtStorage(root, &walk) }
        walk.walk(root, as: root["instance_class"] == nil ? InstanceSchema.root : InstanceSchema.open)
        guard root.pairs != nil else { return }
        storages(root, &walk)
        if let node = root["storage"]?["postgres"] {
            DagsterClasses.postgres(node, Path().key("storage").key("postgres"), &walk)
        }
        if let node = root["run_queue"] { DagsterClasses.queue(node, Path().key("run_queue"), &walk) }
        if let pair = pair(root, "run_queue"), root["run_coordinator"] != nil {
            walk.collector.error(pair.keyMark, "run_queue and run_coordinator exclude each other")
        }
        concurrency(root, &walk)
    }

    private func pair(_ node: YAMLNode, _ key: String) -> YAMLPair? { node.pairs?.first { $0.key == key } }

    // MARK: Storage

    private func storages(_ root: YAMLNode, _ walk: inout SchemaWalk) {
        let parts = ["run_storage", "event_log_storage", "schedule_storage"].filter { root[$0] != nil }
        if let pair = pair(root, "storage"), !parts.isEmpty {
            walk.collector.error(pair.keyMark, "storage and \(parts.joined(separator: ", ")) exclude each other")
        }
        if root["storage"] == nil, parts.isEmpty { hintAtStorage(root, &walk) }
        if let lite = root["storage"]?["sqlite"] {
            walk.collector.warn(lite.mark, "storage.sqlite is in each container's own files, which end with it")
        }
    }

    private func hintAtStorage(_ root: YAMLNode, _ walk: inout SchemaWalk) {
        walk.collector.warn(
            root.mark, "there is no storage: Dagster keeps its runs in SQLite files below DAGSTER_HOME",
            hint: "on Fargate these end with their container, and the services do not share them; see storage.postgres")
    }

    // MARK: Limits of concurrency

    private func concurrency(_ root: YAMLNode, _ walk: inout SchemaWalk) {
        guard let section = root["concurrency"], section.pairs != nil else { return }
        let path = Path().key("concurrency")
        let old = section["default_op_concurrency_limit"]
        if let pools = section["pools"] {
            if let old, PythonScalar(old) != .null {
                walk.wrong(
                    old, path.key("default_op_concurrency_limit"), "and pools exclude each other",
                    hint: "it is pools.default_limit now")
            }
            limit(pools["default_limit"], path.key("pools").key("default_limit"), &walk)
            if let granularity = pools["granularity"], let text = granularity.text, !["run", "op", ""].contains(text) {
                walk.wrong(granularity, path.key("pools").key("granularity"), "is \(text), run or op is wanted")
            }
        } else {
            limit(old, path.key("default_op_concurrency_limit"), &walk)
        }
        guard section["runs"] != nil || section["pools"] != nil else { return }
        let coordinator = root["run_coordinator"]
        let queues = [
            ("run_queue", root["run_queue"]),
            (
                "run_coordinator.config",
                coordinator?["class"]?.text == "QueuedRunCoordinator" ? coordinator?["config"] : nil
            ),
        ]
        for (name, queue) in queues {
            guard let queue else { continue }
            let buffer = queue["block_op_concurrency_limited_runs"].flatMap { pair($0, "op_concurrency_slot_buffer") }
            for pair in [pair(queue, "max_concurrent_runs"), pair(queue, "tag_concurrency_limits"), buffer] {
                guard let pair, PythonScalar(pair.value) != .null else { continue }
                walk.collector.error(
                    pair.keyMark, "\(name).\(pair.key) and concurrency exclude each other",
                    hint: "say it in concurrency.runs or concurrency.pools")
            }
        }
    }

    /// Dagster's own greatest limit, unless DAGSTER_MAX_GLOBAL_OP_CONCURRENCY_LIMIT says another.
    private func limit(_ node: YAMLNode?, _ path: Path, _ walk: inout SchemaWalk) {
        guard let node, case .integer(let value)? = PythonScalar(node), !(0...1000).contains(value ?? .max) else {
            return
        }
        walk.wrong(node, path, "is out of range, 0 to 1000 is")
    }
}
