internal import AWS

extension S3 {
    private static let deleteObject = Operation<DeleteObjectRequest, Nothing>(
        "DeleteObject", of: service, .mutates, method: "DELETE", path: "/{Bucket}/{Key+}")
    private static let deleteObjects = Operation<DeleteObjectsRequest, DeleteObjectsResponse>(
        "DeleteObjects", of: service, .mutates, idempotent: .byNature, path: "/{Bucket}?delete")
    /// Keys of one request.
    private static let deleteLimit = 1000
    private static let deleteAttempts = 4

    /// Deletes an object; one that isn't there counts as deleted.
    package func deleteObject(bucket: String, key: String, expectedOwner: String? = nil) async throws {
        let request = DeleteObjectRequest(bucket: bucket, key: key, expectedBucketOwner: expectedOwner)
        _ = try await client.send(Self.deleteObject, request, on: Self.place(bucket, key))
    }

    /// Deletes any number of objects, 1,000 with each request.
    ///
    /// - Returns: the keys that could not be deleted, and why. Errors of S3 itself were tried again.
    /// - Throws: when a whole request failed; earlier ones have been carried out.
    package func deleteObjects(
        bucket: String, keys: [String], expectedOwner: String? = nil
    ) async throws -> [DeleteError] {
        var failed: [DeleteError] = []
        // Control characters can't stand in XML, however they are written.
        for key in keys where !Self.fitsXML(key) {
            do { try await deleteObject(bucket: bucket, key: key, expectedOwner: expectedOwner) } catch let error
                as AWSError
            {
                failed.append(DeleteError(key: key, code: error.code, message: error.message))
            }
        }
        let plain = keys.filter(Self.fitsXML)
        for start in stride(from: 0, to: plain.count, by: Self.deleteLimit) {
            var batch = Array(plain[start..<min(start + Self.deleteLimit, plain.count)])
            var attempt = 1
            while true {
                let request = DeleteObjectsRequest(
                    bucket: bucket, expectedBucketOwner: expectedOwner,
                    delete: .init(object: batch.map { .init(key: $0) }, quiet: true))
                let answer = try await client.send(Self.deleteObjects, request, on: Self.place(bucket, ""))
                let errors = answer.error ?? []
                let passing = errors.filter { Self.passingCodes.contains($0.code ?? "") }
                failed += errors.filter { !Self.passingCodes.contains($0.code ?? "") }
                if passing.isEmpty { break }
                guard attempt < Self.deleteAttempts else {
                    failed += passing
                    break
                }
                try await client.backOff(after: attempt)
                attempt += 1
                batch = passing.map(\.key)
            }
        }
        return failed
    }

    private static let passingCodes: Set<String> = [
        "InternalError", "ServiceUnavailable", "SlowDown", "OperationAborted", "RequestTimeout",
    ]

    private static func fitsXML(_ key: String) -> Bool {
        key.unicodeScalars.allSatisfy {
            $0.value >= 0x20 && $0.value != 0xfffe && $0.value != 0xffff || [0x09, 0x0a, 0x0d].contains($0.value)
        }
    }

    package struct DeleteError: Codable, Sendable, Hashable {
        package let key: String
        package let code: String?
        package let message: String?
    }

    struct DeleteObjectRequest: Codable, Sendable, RESTBound {
        var bucket: String
        var key: String
        var expectedBucketOwner: String?
        static let bindings: [String: RESTBinding] = [
            "bucket": .path, "key": .path, "expectedBucketOwner": .header("x-amz-expected-bucket-owner"),
        ]
    }

    struct DeleteObjectsRequest: Codable, Sendable, RESTBound {
        struct Delete: Codable, Sendable, WireShaped {
            struct Identifier: Codable, Sendable { var key: String }
            var object: [Identifier]
            var quiet: Bool
            static let wireMembers: [String: MemberShape] = ["object": .flattened]
            static var xmlRoot: XMLRoot? { XMLRoot("Delete", namespace: S3.namespace) }
        }
        var bucket: String
        var expectedBucketOwner: String?
        var delete: Delete
        static let bindings: [String: RESTBinding] = [
            "bucket": .path, "expectedBucketOwner": .header("x-amz-expected-bucket-owner"), "delete": .payload,
        ]
    }

    struct DeleteObjectsResponse: Codable, Sendable, WireShaped {
        let error: [DeleteError]?
        static let wireMembers: [String: MemberShape] = ["error": .flattened]
    }
}
