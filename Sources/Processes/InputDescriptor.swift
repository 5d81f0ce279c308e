internal import Glibc
internal import Subprocess
internal import Support
internal import SystemPackage

/// A child's standard input as one open descriptor, complete before the child starts.
///
/// So nobody has to write while the child reads, and a child that ends without reading can't kill this process by SIGPIPE.
struct InputDescriptor: ~Copyable {
    private let descriptor: FileDescriptor
    private let isOurs: Bool

    /// - Throws: `Failure.failed`.
    init(_ input: Command.StandardInput) throws {
        isOurs = if case .inherit = input { false } else { true }
        do {
            descriptor =
                switch input {
                case .inherit: .standardInput
                case .none: try FileDescriptor.open("/dev/null", .readOnly, options: .closeOnExec)
                case .bytes(let bytes): try Self.unlinkedFile(bytes)
                // Revealed to hand it to the one program that asked for it.
                case .secret(let secret): try Self.filledPipe(Array(secret.reveal().utf8))
                }
        } catch {
            throw Failure(.failed, "prepare a program's standard input: \(error)", cause: error)
        }
    }

    deinit {
        if isOurs { try? descriptor.close() }
    }

    /// The descriptor for the spawn; this value closes it, the spawn doesn't.
    borrowing func asInput() -> FileDescriptorInput {
        .fileDescriptor(descriptor, closeAfterSpawningProcess: false)
    }

    /// A file without a name, positioned at its start: of any size, and gone with its last descriptor.
    private static func unlinkedFile(_ bytes: [UInt8]) throws -> FileDescriptor {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        let path = FilePath("\(folder)/fgctl-stdin-\(getpid())-\(UInt64.random(in: 0 ... .max))")
        let file = try FileDescriptor.open(
            path, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
        unlink(path.string)
        do {
            try file.writeAll(bytes)
            guard lseek(file.rawValue, 0, SEEK_SET) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            try? file.close()
            throw error
        }
        return file
    }

    /// The read end of a pipe that already holds everything: the bytes stay in the kernel's memory. A pipe takes 64 KiB
    /// (pipe(7)), 4 KiB when the user has very many open; more than it takes is an error, never a wait.
    private static func filledPipe(_ bytes: [UInt8]) throws -> FileDescriptor {
        // Without close-on-exec: the spawn closes every descriptor in the child that isn't one of its standard streams.
        let (readEnd, writeEnd) = try FileDescriptor.pipe()
        do {
            defer { try? writeEnd.close() }
            guard fcntl(writeEnd.rawValue, F_SETFL, O_NONBLOCK) == 0 else { throw Errno(rawValue: errno) }
            let written = try bytes.withUnsafeBytes { $0.isEmpty ? 0 : try writeEnd.write($0) }
            guard written == bytes.count else { throw Errno.noBufferSpace }
        } catch {
            try? readEnd.close()
            throw error
        }
        return readEnd
    }
}
