import Glibc
import Synchronization

/// An object's name: bytes, which no Unicode rule makes equal to others.
struct Key: Hashable, Comparable, Sendable {
    let bytes: [UInt8]

    func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }

    static func < (left: Key, right: Key) -> Bool {
        let shorter = min(left.bytes.count, right.bytes.count)
        let order = left.bytes.withUnsafeBytes { left in
            right.bytes.withUnsafeBytes { right -> CInt in
                guard let left = left.baseAddress, let right = right.baseAddress else { return 0 }
                return memcmp(left, right, shorter)
            }
        }
        return order == 0 ? left.bytes.count < right.bytes.count : order < 0
    }

    func starts(with prefix: [UInt8]) -> Bool { bytes.starts(with: prefix) }
}

final class StoredObject: Sendable {
    let body: Body
    /// With its quotation marks.
    let eTag: String
    let modified: Moment
    let checksum: KeptChecksum
    /// The header lines that reading gives back, as they were sent: content type, metadata.
    let headers: [UInt8]

    init(body: Body, eTag: String, checksum: KeptChecksum, headers: [UInt8], modified: Moment = .now) {
        self.body = body
        self.eTag = "\"\(eTag)\""
        self.modified = modified
        self.checksum = checksum
        self.headers = headers
    }
}

/// A multipart upload that is neither completed nor aborted.
struct Upload: Sendable {
    struct Part: Sendable {
        let body: Body
        /// With its quotation marks.
        let eTag: String
        let checksum: KeptChecksum
        /// Of its bytes, by CRC-64/NVME.
        let crc64: [UInt8]
        let modified: Moment
    }

    let bucket: String
    let key: Key
    let headers: [UInt8]
    let algorithm: ChecksumAlgorithm?
    let isComposite: Bool
    let begun: Moment
    var parts: [Int: Part] = [:]
}

/// The buckets and what is in them. Every operation is atomic.
final class Store: Sendable {
    private struct Bucket {
        let created = Moment.now
        var objects: [Key: StoredObject] = [:]
        /// Of all objects; made when a listing asks for it.
        var sorted: [Key]?
    }

    private struct State {
        var buckets: [String: Bucket] = [:]
        var uploads: [String: Upload] = [:]
        var uploadCount = 0
    }

    private let state = Mutex(State())

    // MARK: Buckets

    var buckets: [(name: String, created: Moment)] {
        state.withLock { $0.buckets.map { ($0.key, $0.value.created) } }.sorted { $0.0 < $1.0 }
    }

    func hasBucket(_ name: String) -> Bool { state.withLock { $0.buckets[name] != nil } }

    func createBucket(_ name: String) {
        state.withLock { if $0.buckets[name] == nil { $0.buckets[name] = Bucket() } }
    }

    /// - Returns: whether it was empty and is gone.
    func deleteBucket(_ name: String) -> Bool {
        state.withLock { state in
            guard state.buckets[name]?.objects.isEmpty != false else { return false }
            state.buckets[name] = nil
            return true
        }
    }

    // MARK: Objects

    func object(_ bucket: String, _ key: Key) -> StoredObject? { state.withLock { $0.buckets[bucket]?.objects[key] } }

    /// - Parameter condition: what stands against it, given the object that is there now.
    /// - Returns: what stood against it.
    func put(
        _ object: StoredObject, _ bucket: String, _ key: Key,
        unless condition: (StoredObject?) -> Answer? = { _ in nil }
    ) -> Answer? {
        let refusal: Answer?? = state.withLock { state in
            guard let old = state.buckets[bucket].map({ $0.objects[key] }) else { return nil }
            if let refusal = condition(old) { return refusal }
            state.buckets[bucket]?.objects[key] = object
            if old == nil { state.buckets[bucket]?.sorted = nil }
            return .some(nil)
        }
        return refusal ?? Answer.error(.noSuchBucket)
    }

    func delete(_ bucket: String, _ key: Key) {
        state.withLock { state in
            if state.buckets[bucket]?.objects.removeValue(forKey: key) != nil { state.buckets[bucket]?.sorted = nil }
        }
    }

    /// The objects from a key on, in order, until `take` has enough.
    /// - Parameter take: whether it wants the next; called under the store's lock.
    /// - Returns: whether there were more.
    func scan(
        _ bucket: String, from start: Key, _ take: (Key, StoredObject) -> Bool
    ) -> Bool {
        state.withLock { state in
            guard let found = state.buckets[bucket] else { return false }
            let sorted = found.sorted ?? found.objects.keys.sorted()
            state.buckets[bucket]?.sorted = sorted
            var (low, high) = (0, sorted.count)
            while low < high {
                let middle = (low + high) / 2
                if sorted[middle] < start { low = middle + 1 } else { high = middle }
            }
            for key in sorted[low...] {
                guard let object = found.objects[key] else { continue }
                if !take(key, object) { return true }
            }
            return false
        }
    }

    // MARK: Uploads

    /// - Returns: the upload's id.
    func begin(_ upload: Upload) -> String {
        state.withLock { state in
            state.uploadCount += 1
            let id = "upload-\(state.uploadCount)"
            state.uploads[id] = upload
            return id
        }
    }

    func upload(_ id: String) -> Upload? { state.withLock { $0.uploads[id] } }

    /// - Returns: whether the upload is there.
    func add(_ part: Upload.Part, _ number: Int, to id: String) -> Bool {
        state.withLock { state in
            guard state.uploads[id] != nil else { return false }
            state.uploads[id]?.parts[number] = part
            return true
        }
    }

    func end(_ id: String) -> Upload? { state.withLock { $0.uploads.removeValue(forKey: id) } }

    func uploads(_ bucket: String) -> [(id: String, upload: Upload)] {
        state.withLock { state in
            state.uploads.filter { $0.value.bucket == bucket }.map { ($0.key, $0.value) }
        }.sorted { ($0.upload.key, $0.id) < ($1.upload.key, $1.id) }
    }
}
