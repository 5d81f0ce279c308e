import ConfigSync
import Testing

private func findings(
    _ path: String, _ text: String, paths: Set<String>? = nil, environments: [ContainerVariables] = []
) -> [String] {
    ConfigChecker(environments: environments).check([.init(path: path, bytes: Array(text.utf8))], paths: paths)
        .findings.map(\.text)
}

/// A text and all that has to be said of it, in order.
struct CheckedCase: Sendable, CustomTestStringConvertible {
    let text: String
    let findings: [String]

    var testDescription: String { text.debugDescription }

    init(_ text: String, _ findings: String...) {
        self.text = text
        self.findings = findings
    }
}

struct ConfigCheckerTests {
    private static let forms = "autoload_defs_module, grpc_server, python_file, python_module, python_package"
    private static let noHost =
        "has no host: Dagster looks for it on localhost (on Fargate each service is a host of its own; give its discovery name)"

    @Test(arguments: [
        CheckedCase("load_from:\n- grpc_server: {host: usercode, port: 4000}\n- python_module: jobs\n"),
        CheckedCase(
            "load_from:\n  - grpc_server:\n      hots: usercode\n      prot: 4000\n",
            "w/workspace.yaml:3:7: error: load_from[0].grpc_server lacks port or socket",
            "w/workspace.yaml:3:7: error: load_from[0].grpc_server: unknown key hots (did you mean host?)",
            "w/workspace.yaml:4:7: error: load_from[0].grpc_server: unknown key prot (did you mean port?)"),
        CheckedCase(
            "load_from:\n- grpc_server: {host: u, port: 4000, socket: /s}\n- {}\n- python_file: a\n  python_module: b\n",
            "w/workspace.yaml:2:16: error: load_from[0].grpc_server has port and socket, one of them is wanted",
            "w/workspace.yaml:3:3: error: load_from[1] is empty, one of \(forms) is wanted",
            "w/workspace.yaml:4:3: error: load_from[2] has python_file, python_module, exactly one of \(forms) is wanted"
        ),
        CheckedCase(
            "load_from:\n- grpc_server: {host: [u], port: '4000', ssl: 1}\n",
            "w/workspace.yaml:2:23: error: load_from[0].grpc_server.host is a list, text or {env: NAME} is wanted",
            "w/workspace.yaml:2:34: error: load_from[0].grpc_server.port is text, a whole number or {env: NAME} is wanted",
            "w/workspace.yaml:2:47: error: load_from[0].grpc_server.ssl is a whole number, true or false is wanted"),
        CheckedCase(
            "load_from:\n- grpc_server: {host: {env: }, port: {ENV: PORT}}\n",
            "w/workspace.yaml:2:29: error: load_from[0].grpc_server.host.env is null, text is wanted",
            "w/workspace.yaml:2:38: error: load_from[0].grpc_server.port is a mapping of ENV; where a value comes from the "
                + "environment it is {env: NAME}"),
        CheckedCase(
            "load_from:\n- grpc_server: {port: 70000}\n",
            "w/workspace.yaml:2:16: warning: load_from[0].grpc_server \(noHost)",
            "w/workspace.yaml:2:23: warning: load_from[0].grpc_server.port: there is no port 70000, they end at 65535"),
        CheckedCase(
            "load_from:\n- python_file: a/defs.py\n- python_file: {relative_path: b/defs.py}\n",
            "w/workspace.yaml:3:3: error: load_from[1] has the name defs.py, as that in line 2 has already (give one of them "
                + "another location_name)"),
        CheckedCase(
            "load_from: []\n", "w/workspace.yaml:1:12: warning: load_from is empty: Dagster will show no code location"),
        CheckedCase(
            "",
            "w/workspace.yaml:1:1: error: the file is empty (such as load_from: [{grpc_server: {host: usercode, port: 4000}}])"
        ),
        CheckedCase("load_form: []\n", "w/workspace.yaml:1:1: error: unknown key load_form (did you mean load_from?)"),
        CheckedCase(
            "load_from:\n\t- a\n", "w/workspace.yaml:2:1: error: a tab can't indent; use spaces"),
        CheckedCase(
            "load_from:\n- python_file: !include a.py\n",
            "w/workspace.yaml:2:16: error: load_from[0].python_file has the tag !include, which Dagster does not read"),
    ])
    func workspace(checked: CheckedCase) {
        #expect(findings("w/workspace.yaml", checked.text) == checked.findings)
    }

    private static let storage = "storage: {postgres: {postgres_url: {env: DAGSTER_URL}}}\n"

    @Test(arguments: [
        CheckedCase(storage + "telemetry: {enabled: no}\n"),
        CheckedCase(
            storage + "run_luncher: {}\n",
            "dagster.yaml:2:1: error: unknown key run_luncher (did you mean run_launcher?)"),
        CheckedCase(
            storage
                + "run_launcher:\n  module: dagster_aws.ecs\n  class: EcsRunLauncher\n  config:\n    include_sidecar: true\n",
            "dagster.yaml:6:5: error: run_launcher.config: unknown key include_sidecar (did you mean include_sidecars?)"
        ),
        CheckedCase(
            storage + "run_launcher: {module: dagster_aws.ecs, class: EcsRunLaucher}\n",
            "dagster.yaml:2:48: warning: run_launcher.class: no class EcsRunLaucher is known (did you mean EcsRunLauncher?)"
        ),
        CheckedCase(
            storage + "scheduler: {module: dagster.core.scheduler, class: DagsterDaemonScheduler}\n",
            "dagster.yaml:2:21: warning: scheduler.module: Dagster has no module dagster.core.scheduler any more (name it "
                + "dagster._core.scheduler)"),
        CheckedCase(
            storage + "run_queue: {max_concurrent_runs: -2}\nrun_coordinator: {module: mine, class: Mine}\n",
            "dagster.yaml:2:1: error: run_queue and run_coordinator exclude each other",
            "dagster.yaml:2:34: error: run_queue.max_concurrent_runs is below -1, which stands for no limit"),
        CheckedCase(
            "storage:\n  postgres:\n    postgres_db: {username: u, hostname: h, db_name: d, password: hidden-word}\n",
            "dagster.yaml:3:67: warning: storage.postgres.postgres_db.password stands in the file (keep it in Secrets Manager "
                + "and take it from there: {env: DAGSTER_POSTGRES_PASSWORD})"),
        CheckedCase(
            "storage: {postgres: {postgres_db: {username: u, password: 12345}}}\n",
            "dagster.yaml:1:35: error: storage.postgres.postgres_db lacks db_name, hostname",
            "dagster.yaml:1:59: error: storage.postgres.postgres_db.password is a whole number, text or {env: NAME} is wanted"
        ),
        CheckedCase(
            "",
            "dagster.yaml:1:1: warning: there is no storage: Dagster keeps its runs in SQLite files below DAGSTER_HOME (on "
                + "Fargate these end with their container, and the services do not share them; see storage.postgres)"),
        CheckedCase(storage + "telemetry:\n", "dagster.yaml:2:11: error: telemetry has no value, a mapping is wanted"),
        CheckedCase(
            storage + "concurrency: {pools: {default_limit: 2000}, default_op_concurrency_limit: 3}\n",
            "dagster.yaml:2:38: error: concurrency.pools.default_limit is out of range, 0 to 1000 is",
            "dagster.yaml:2:75: error: concurrency.default_op_concurrency_limit and pools exclude each other (it is "
                + "pools.default_limit now)"),
    ])
    func instance(checked: CheckedCase) {
        #expect(findings("dagster.yaml", checked.text) == checked.findings)
    }

    @Test func whatAClassOfOnesOwnTakesIsNotJudged() {
        #expect(
            findings("dagster.yaml", Self.storage + "instance_class: {module: mine, class: Mine}\nmore: 1\n").isEmpty)
    }

    @Test func filesAreLookedForBesideTheWorkspace() {
        let text =
            "load_from:\n- python_file: {relative_path: jobs/a.py, location_name: a}\n- python_file: b.py\n- python_file: /opt/c.py\n"
        #expect(findings("workspace.yaml", text, paths: ["jobs/a.py", "b.py"]).isEmpty)
        #expect(
            findings("workspace.yaml", text, paths: ["b.py", "x/jobs/a.py"]).map { $0.prefix(91) }
                == ["workspace.yaml:2:32: warning: load_from[0].python_file.relative_path: there is no jobs/a.py"])
        // The flat layout: what lies in pipelines/ is put beside what lies in config/.
        #expect(findings("config/workspace.yaml", text, paths: ["pipelines/jobs/a.py", "config/b.py"]).isEmpty)
    }

    @Test func variablesAreLookedForInEachContainer() {
        let text = "load_from:\n- grpc_server: {host: {env: CODE_HOST}, port: {env: CODE_PORT}}\n"
        let webserver = ContainerVariables(origin: "webserver", names: ["CODE_HOST", "CODE_PORT"])
        let daemon = ContainerVariables(origin: "daemon", names: ["code_port", "CODE_HOST"])
        #expect(findings("workspace.yaml", text).isEmpty)
        #expect(findings("workspace.yaml", text, environments: [webserver]).isEmpty)
        #expect(
            findings("workspace.yaml", text, environments: [webserver, daemon])
                == ["workspace.yaml:2:53: error: variable CODE_PORT is not set by daemon (it sets code_port)"])
        let report = ConfigChecker().check([.init(path: "workspace.yaml", bytes: Array(text.utf8))])
        #expect(report.variables.map(\.name) == ["CODE_HOST", "CODE_PORT"])
    }

    @Test func onlyDagstersFilesAreRead() {
        #expect(["a/dagster.yaml", "workspace.yaml", "dagster.yml"].allSatisfy(ConfigChecker.wants))
        #expect(
            !["dagster.yaml.bak", "config.yaml", "dagster.yaml/x", "Dagster.yaml"].contains(where: ConfigChecker.wants))
        #expect(
            findings("dagster.yml", "nonsense: [") == [
                "dagster.yml:1:1: warning: Dagster does not read this name (name it dagster.yaml)"
            ])
        #expect(findings("notes.yaml", "nonsense: [").isEmpty)
    }

    @Test func bytesThatAreNoTextAreRefused() {
        let file = ConfigChecker.File(path: "dagster.yaml", bytes: [0x61, 0xff])
        #expect(ConfigChecker.check([file]).map(\.text) == ["dagster.yaml:1:1: error: is no text in UTF-8"])
    }

    /// Cut anywhere, a text is checked to its end; it never crashes.
    @Test func everyPrefixIsChecked() {
        let text =
            "load_from:\n- grpc_server: &a {host: {env: H}, port: 0x1F}\n- python_file: {<<: [*a], relative_path: !!str x}\n"
        var refused = 0
        for end in text.indices {
            refused += findings("workspace.yaml", String(text[..<end])).isEmpty ? 0 : 1
            _ = findings("dagster.yaml", String(text[..<end]))
        }
        #expect(refused > 0)
    }
}
