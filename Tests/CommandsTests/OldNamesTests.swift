import FoundationEssentials
import Support
import TestSupport
import Testing

@testable import Commands

struct OldNamesTests {
    private static let cron = "0 0 * * ? *"

    static let lines: [(String, [String], String)] = [
        ("docker_task", ["build", "env", "0.1"], "docker-build env 0.1"),
        ("docker_task", ["env", "build", "0.1"], "docker-build env 0.1"),
        ("docker_task", ["build", "0.1", "env"], "docker-build env 0.1"),
        ("docker_task", ["env", "push", "0.1"], "docker-push env 0.1"),
        ("docker_task", ["push", "env", "0.1"], "docker-push env 0.1"),
        ("docker_task", ["0.1", "push", "env"], "docker-push env 0.1"),
        ("docker_task", ["build"], "docker-build"),
        ("docker_task", ["--help"], "--help"),
        ("docker-task.sh", ["build", "0.1", "env"], "docker-build env 0.1"),
        ("docker-task.sh", ["push", "0.1", "env"], "docker-push env 0.1"),
        ("docker_task.sh", ["push", "0.1", "env", "--dry-run"], "docker-push env 0.1 --dry-run"),
        ("cf_create_vpn", ["env"], "cf-create-vpc env"),
        ("cf_create_vpc", ["env"], "cf-create-vpc env"),
        ("cf_create_parent", ["env", "net.yml"], "cf-create-vpc env --template net.yml"),
        ("cf_create_deploy_group", ["env", "t/net", "--quiet"], "cf-create-vpc env --template t/net --quiet"),
        ("cf_update_vpn", ["env"], "cf-update-vpc env"),
        ("cf_update_parent", ["env", "net.yml"], "cf-update-vpc env --template net.yml"),
        ("cf_delete_parent", ["env"], "cf-delete-vpc env"),
        ("cf_delete_deploy_group", ["env", "--yes"], "cf-delete-vpc env --yes"),
        ("cf_create_stack", ["env", "0.1"], "cf-create-stack env 0.1"),
        ("cf_create_stack", ["0.1", "env"], "cf-create-stack env 0.1"),
        ("cf_create_stack", ["2020", "0.1"], "cf-create-stack 2020 0.1"),
        ("cf_create_stack", ["0.1"], "cf-create-stack 0.1"),
        ("cf_create_stack", [], "cf-create-stack"),
        ("cf_create_stack", ["--help"], "cf-create-stack --help"),
        ("cf_create_stack", ["-e", "env", "0.1"], "cf-create-stack -e env 0.1"),
        ("cf_create_stack", ["0.1", "task.yaml"], "cf-create-stack 0.1 --template task.yaml"),
        ("cf_create_task", ["env", "0.1", "task.yml"], "cf-create-stack env 0.1 --template task.yml"),
        ("cf_create_task", ["0.1", "env", "task.yml"], "cf-create-stack env 0.1 --template task.yml"),
        ("cf_update_stack", ["v2", "env"], "cf-update-stack env v2"),
        ("cf_update_task", ["env", "0.2", "task.yml"], "cf-update-stack env 0.2 --template task.yml"),
        ("cf_delete_stack", ["env"], "cf-delete-stack env"),
        ("cf_delete_task", ["env"], "cf-delete-stack env"),
        ("cf_create_deploy_role", ["env", "--principal", "1"], "cf-create-deploy-role env --principal 1"),
        ("cf_update_deploy_role", ["env", "r.yaml"], "cf-create-deploy-role --update env --template r.yaml"),
        ("ecs_run_task", ["env"], "ecs-run-task env"),
        ("ecs_run_task", ["env", "remote.env"], "ecs-run-task env --remote-env-file remote.env"),
        ("ecs_run_task", ["env", "r", "--no-wait"], "ecs-run-task env --remote-env-file r --no-wait"),
        ("events_schedule_create", ["env", "t", cron], "schedule-create --engine rule env t \(cron)"),
        ("events_schedule_create", ["t", cron, "env"], "schedule-create --engine rule env t \(cron)"),
        ("events_schedule_create", ["name", "t", cron, "env"], "schedule-create --engine rule env t \(cron)"),
        ("events_schedule_create", ["t", "rate(1 day)", "env"], "schedule-create --engine rule env t rate(1 day)"),
        ("events_schedule_remove", ["env", "t"], "schedule-remove --engine rule --yes env t"),
        ("events_schedule_remove", ["t", "env"], "schedule-remove --engine rule --yes env t"),
        ("events_schedule_remove", ["t"], "schedule-remove --engine rule --yes t"),
        ("update_usercode.sh", [], "update-usercode"),
        ("update_usercode", ["env", "0.2"], "update-usercode env 0.2"),
        ("update-webserver.sh", ["env"], "update-webserver env"),
        ("update_daemon", ["--no-wait"], "update-daemon --no-wait"),
        ("iam_assume_role", ["env"], "assume-role env"),
        ("logs_pull_latest_stream", ["env"], "ecs-logs env"),
    ]

    @Test(arguments: lines) func translates(_ name: String, _ words: [String], wanted: String) throws {
        let rewriting = try OldNames.rewrite(name, words) { $0 == "env" }
        #expect(rewriting?.arguments.joined(separator: " ") == wanted)
        #expect(rewriting?.notes.isEmpty == (words.first != "name"))
    }

    @Test func saysWhatItDoesNotUse() throws {
        let rewriting = try OldNames.rewrite("events_schedule_create", ["rule1", "t", Self.cron, "env"]) { $0 == "env" }
        #expect(rewriting?.notes.first?.contains("'rule1'") == true)
    }

    @Test(arguments: ["fgctl", "cf-create-stack", "cf-create-vpn", "ls", "", "cf_create", ".sh"])
    func leavesOtherNamesAlone(_ name: String) throws {
        #expect(try OldNames.rewrite(name, ["env"]) { _ in true } == nil)
    }

    @Test(arguments: [["env", "0.1"], ["env", "0.1", "push"]]) func refusesAVerbThatIsMissing(_ words: [String]) {
        #expect {
            try OldNames.rewrite("docker_task", words) { _ in true }
        } throws: {
            ($0 as? Failure)?.kind == .usage
        }
    }

    /// Every link in `bin` to the program is a name that it knows.
    @Test func knowsItsLinks() throws {
        let bin = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/bin"
        var links: Set<String> = []
        for name in try FileManager.default.contentsOfDirectory(atPath: bin)
        where (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(bin)/\(name)")) == "fgctl" {
            links.insert(name)
            #expect(OldNames.meaning(of: name) != nil, "\(name)")
        }
        #expect(links.isSuperset(of: ["docker_task", "cf_create_vpn", "ecs_run_task", "events_schedule_create"]))
    }

    @Test func theNameThatItIsCalledByCounts() async {
        let world = World()
        var context = world.context
        context.programName = "cf_create_task"
        #expect(await Application.run(["--help"], context: context) == 0)
        #expect(world.out.joined().contains("USAGE: fgctl cf-create-stack "))
    }

    @Test func itIsACommandToo() async {
        let world = World()
        #expect(await world.run("cf_create_stack", "--help") == 0)
        #expect(world.out.joined().contains("USAGE: fgctl cf-create-stack "))
        let list = World()
        #expect(await list.run("--help") == 0)
        #expect(!list.out.joined().contains("cf_create_stack"))
        let wrong = World()
        #expect(await wrong.run("docker_task", "env", "0.1") == 64)
        #expect(wrong.err.first?.contains("'build' nor 'push'") == true)
    }
}
