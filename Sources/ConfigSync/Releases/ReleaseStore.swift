package import AWS
package import AWSServices
package import FoundationEssentials
package import Support

/// Pointer and manifests of one place in S3.
package struct ReleaseStore: Sendable {
    /// A pointer as it was found.
    package struct FoundPointer: Sendable {
        package let pointer: ReleasePointer
        package let eTag: String
    }

    package let s3: S3
    package let place: ReleasePlace
    /// The account that the bucket must belong to; `nil` asks for none.
    package let expectedOwner: String?

    package init(_ s3: S3, _ place: ReleasePlace, expectedOwner: String? = nil) {
        self.s3 = s3
        self.place = place
        self.expectedOwner = expectedOwner
    }

    // MARK: Reading

    /// - Returns: `nil` where there is none.
    /// - Throws: `Failure` that names bucket and key; `AWSNoAnswer` and `AWSError` for outages.
    package func pointer() async throws -> FoundPointer? {
        guard let (bytes, eTag) = try await get(place.pointerKey, limit: ReleasePointer.sizeLimit) else { return nil }
        let pointer = try ReleasePointer.decoded(bytes, place: place.shown(place.pointerKey))
        return FoundPointer(pointer: pointer, eTag: eTag)
    }

    /// The pointer, unless it is still the one with that ETag.
    package enum PointerChange: Sendable {
        case same
        case missing
        case found(FoundPointer)
    }

    package func pointer(unless eTag: String?) async throws -> PointerChange {
        do {
            guard let (bytes, eTag) = try await get(place.pointerKey, limit: ReleasePointer.sizeLimit, unless: eTag)
            else { return .missing }
            let pointer = try ReleasePointer.decoded(bytes, place: place.shown(place.pointerKey))
            return .found(FoundPointer(pointer: pointer, eTag: eTag))
        } catch let error as AWSError where error.httpStatus == 304 {
            return .same
        }
    }

    /// - Returns: `nil` where there is none: then there is no such release, or not all of it.
    package func manifest(_ release: ReleaseHash) async throws -> ReleaseManifest? {
        let key = place.manifestKey(release)
        guard let (bytes, _) = try await get(key, limit: ReleaseManifest.sizeLimit) else { return nil }
        return try ReleaseManifest.decoded(bytes, expecting: release, place: place.shown(key))
    }

    /// The manifest of a release that has to be there.
    /// - Throws: `Failure` of kind `failed` that says what is missing.
    package func existing(_ release: ReleaseHash) async throws -> ReleaseManifest {
        if let manifest = try await manifest(release) { return manifest }
        throw Failure(
            .failed,
            "there is no release \(release.short): \(place.shown(place.manifestKey(release))) does not exist",
            hint:
                "'fgctl config-list' shows the releases; push this one again with 'fgctl config-push', or name another")
    }

    /// The failure for a place without a pointer.
    package var noPointer: Failure {
        Failure(
            .failed, "there is no current release: \(place.shown(place.pointerKey)) does not exist",
            hint: "push one with 'fgctl config-push', or correct S3_BUCKET, STACK_NAME or --from")
    }

    /// The releases whose name begins so, incomplete ones too, in the order of their names.
    package func releases(beginning prefix: String = "") async throws -> [ReleaseHash] {
        var request = S3.ListObjectsV2Request(bucket: place.bucket, prefix: place.releasesPrefix + prefix)
        request.delimiter = "/"
        request.expectedBucketOwner = expectedOwner
        var found: [ReleaseHash] = []
        do {
            for try await page in s3.listObjectsV2(request) {
                found += (page.commonPrefixes ?? []).compactMap { place.release(ofPrefix: $0.prefix) }
            }
        } catch let error as AWSError {
            throw explained(error, "list the releases in \(place)") ?? error
        }
        return found
    }

    /// The release that a name means.
    package func resolve(_ name: ReleaseName) async throws -> ReleaseHash {
        if let whole = name.whole { return whole }
        return try name.choose(from: try await releases(beginning: name.text), in: "\(place)")
    }

    /// When a release's manifest was last written; `nil` where there is none.
    package func writtenAt(_ release: ReleaseHash) async throws -> Date? {
        var request = S3.HeadObjectRequest(bucket: place.bucket, key: place.manifestKey(release))
        request.expectedBucketOwner = expectedOwner
        do {
            return try await s3.headObject(request).lastModified
        } catch let error as AWSError where error.httpStatus == 404 {
            return nil
        }
    }

    private func get(_ key: String, limit: Int, unless eTag: String? = nil) async throws -> ([UInt8], eTag: String)? {
        var request = S3.GetObjectRequest(bucket: place.bucket, key: key)
        request.expectedBucketOwner = expectedOwner
        request.ifNoneMatch = eTag
        do {
            if let small = try await s3.getSmallObject(request) { return (small.bytes, small.object.head.eTag ?? "") }
            let (bytes, object) = try await s3.getObject(request, upTo: limit)
            return (bytes, object.head.eTag ?? "")
        } catch let error as AWSError where error.code == "NoSuchKey" || error.code == "NotFound" {
            return nil
        } catch let error as AWSError where error.httpStatus == 403 && !error.isCredentialProblem {
            return try await missingOrForbidden(key, error)
        } catch let error as AWSError {
            throw explained(error, "read \(place.shown(key))") ?? error
        }
    }

    /// Where only a prefix may be listed, a missing key is 403 as a forbidden one is: a listing tells which.
    private func missingOrForbidden(_ key: String, _ error: AWSError) async throws -> ([UInt8], eTag: String)? {
        let isThere: Bool
        do {
            isThere = try await s3.hasObject(bucket: place.bucket, key: key, expectedOwner: expectedOwner)
        } catch let second as AWSError where second.httpStatus == 403 {
            throw Failure(
                .failed,
                "read \(place.shown(key)): access denied, and listing \(place.base) is denied too, so nobody can say "
                    + "whether it exists (\(error.code): \(error.message))",
                hint: "the role needs s3:GetObject on \(place.base)* and s3:ListBucket on \(place.bucket) "
                    + "with that prefix (docs/permissions.md)", cause: error)
        }
        if !isThere { return nil }
        throw Failure(
            .failed, "read \(place.shown(key)): it exists, but access is denied (\(error.message))",
            hint: "the role needs s3:GetObject on \(place.base)*, and kms:Decrypt where the bucket has a key",
            cause: error)
    }

    // MARK: Writing

    /// Writes a manifest. All files must be there.
    package func write(_ manifest: ReleaseManifest) async throws {
        var request = S3.PutObjectRequest(
            bucket: place.bucket, key: place.manifestKey(manifest.hash), contentType: "application/json",
            expectedBucketOwner: expectedOwner, body: try manifest.encoded())
        request.cacheControl = "no-cache"
        try await s3.putObject(request)
    }

    /// Makes the pointer name a release, if it is still the one that was read.
    ///
    /// - Parameter found: what was read; `nil`: there was none.
    /// - Throws: `Failure` of kind `superseded` when somebody else changed it meanwhile: nothing was overwritten.
    package func flip(_ pointer: ReleasePointer, from found: FoundPointer?) async throws {
        var request = S3.PutObjectRequest(
            bucket: place.bucket, key: place.pointerKey, contentType: "application/json",
            expectedBucketOwner: expectedOwner, body: try pointer.encoded())
        request.cacheControl = "no-cache"
        if let found { request.ifMatch = found.eTag } else { request.ifNoneMatch = "*" }
        do {
            try await s3.putObject(request)
        } catch let error as AWSError where [404, 409, 412].contains(error.httpStatus) && error.code != "NoSuchBucket" {
            throw await lost(pointer, error)
        } catch let error as AWSError {
            throw explained(error, "write \(place.shown(place.pointerKey))") ?? error
        }
    }

    private func lost(_ pointer: ReleasePointer, _ error: AWSError) async -> Failure {
        let what = "make \(pointer.release.short) the current release: \(place.shown(place.pointerKey)) "
        var why = "was changed by somebody else meanwhile"
        // Only words for the message hang on this read.
        if let now = try? await self.pointer() {
            why =
                "was changed meanwhile by \(now.pointer.updatedBy) at \(now.pointer.updatedAt): "
                + "it names release \(now.pointer.release.short)"
        }
        return Failure(
            .superseded, what + why + "; nothing was overwritten",
            hint: "look with 'fgctl config-list', then run the command again if it is still wanted", cause: error)
    }

    /// Words for errors that have one cause.
    package func explained(_ error: AWSError, _ what: String) -> Failure? {
        switch error.code {
        case "NoSuchBucket":
            Failure(
                .failed, "\(what): bucket \(place.bucket) does not exist",
                hint: "the network stack makes it ('fgctl cf-create-vpc'); else correct S3_BUCKET or the s3:// place",
                cause: error)
        case "PermanentRedirect", "AuthorizationHeaderMalformed":
            Failure(
                .failed, "\(what): bucket \(place.bucket) is in another region (\(error.message))",
                hint: "set AWS_REGION to the bucket's region", cause: error)
        default: nil
        }
    }
}
