internal import ArgumentParser
internal import ConfigSync
internal import Support

/// Whose pulled files are.
struct OwnershipOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: ArgumentHelp("User id that owns the files.", valueName: "id"))
    var uid: UInt32?
    @Option(parsing: .unconditional, help: ArgumentHelp("Group id that owns the files.", valueName: "id"))
    var gid: UInt32?
    @Option(
        help: ArgumentHelp(
            "Permission bits of all files, in octal, as in 640; folders can be entered by who may read.",
            valueName: "mode"))
    var mode: String?

    var attributes: FileAttributes {
        get throws {
            guard let mode else { return FileAttributes(uid: uid, gid: gid) }
            guard let bits = UInt16(mode, radix: 8), bits <= 0o777 else {
                throw Failure(.usage, "--mode \(mode): is no mode", hint: "three octal digits, as in 640")
            }
            return FileAttributes(mode: bits, uid: uid, gid: gid)
        }
    }
}

/// Following the current release.
struct WatchOptions: ParsableArguments {
    @Flag(help: "Go on: look for a new current release, and swap to it.")
    var watch = false
    @Option(help: ArgumentHelp("How often to look; left out: 10s.", valueName: "time"))
    var interval: String?
    @Option(help: ArgumentHelp("File whose time is set after each swap; made where it is missing.", valueName: "file"))
    var touch: String?
    @Option(
        help: ArgumentHelp("Signal that is sent after each swap: HUP, USR1, …; needs --process.", valueName: "name"))
    var signal: String?
    @Option(
        help: ArgumentHelp(
            "Name of the program that gets the signal; containers must share a PID namespace.", valueName: "name"))
    var process: String?

    func validate() throws {
        if !watch, interval != nil || touch != nil || signal != nil || process != nil {
            throw ValidationError("--interval, --touch, --signal and --process need --watch")
        }
        if (signal == nil) != (process == nil) { throw ValidationError("--signal and --process go together") }
    }

    func run(
        _ session: Session, _ store: ReleaseStore, _ puller: ReleasePuller, _ wait: ReleaseWait, _ limit: Duration?
    ) async throws {
        let pause = try interval.map { try DurationText.parse($0) } ?? .seconds(10)
        guard pause >= .seconds(1) else { throw Failure(.usage, "--interval \(interval ?? ""): is less than 1s") }
        let number = try signal.map { try Notice.signal($0) }
        // What waiting doesn't change ends it at the beginning, and nowhere later.
        let first = try await wait.run(limit: limit ?? .seconds(365 * 86400), "watch \(store.place)") {
            try await wait.pullCurrent(puller, progress: ConfigProgress(session))
        }
        // The pull itself may just have made it.
        if let touch, !session.options.dryRun {
            let path = PathText.join(session.context.directory, touch)
            let parent = path.split(separator: "/").dropLast().joined(separator: "/")
            guard session.context.files.isDirectory("/" + parent) else {
                throw Failure(.usage, "--touch \(touch): there is no folder /\(parent)", hint: "make it first")
            }
        }
        try tell(first, session, number)
        session.say("watch \(store.place): looking every \(DurationText.format(pause))")
        if session.options.dryRun { return }
        try await ReleaseWatcher(store, puller, interval: pause).run { event in
            switch event {
            case .pulled(let report):
                do {
                    if !report.isUpToDate { try tell(report, session, number) }
                } catch { session.warn("\(error)") }
            case .failed(let why, let again):
                session.warn("watch \(store.place): \(why); again in \(DurationText.format(again))")
            case .recovered: session.say("watch \(store.place): answers again")
            }
        }
    }

    private func tell(_ report: ReleasePuller.Report, _ session: Session, _ number: Int32?) throws {
        switch session.options.output {
        case .text: session.context.console.out(report.release)
        case .json: session.context.console.out(try Session.jsonLine(report))
        }
        session.say("pull into \(report.to): \(ConfigPull.summary(report)) \(ConfigText.time(report.seconds))")
        guard report.isSwapped, !report.dryRun else { return }
        if let touch { try Notice.touch(PathText.join(session.context.directory, touch)) }
        if let number, let process {
            let count = try Notice.send(number, to: process)
            if count == 0 {
                session.warn("no process \(process) can be seen: nobody was signalled (the task needs pidMode: task)")
            }
        }
    }
}
