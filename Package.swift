// swift-tools-version: 6.2
import PackageDescription

/// Settings that every Swift target of fgctl shares: the strict language mode, the upcoming features that keep imports
/// honest, and warnings as errors (`bin/check` builds with the explicit import check on top).
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// For targets that say and decide much and repeat little: a tenth smaller, and nothing that anybody waits for is slower.
let small: [SwiftSetting] = [.unsafeFlags(["-Osize"], .when(configuration: .release))]

/// The targets that move bytes; they are optimised for speed.
let fast: Set = ["Support", "HTTP", "Crypto", "XML", "AWS"]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

/// A library target of fgctl. Its dependencies may only name targets of a lower level (see docs/architecture.md).
func layer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict + (fast.contains(name) ? [] : small))
}

/// The tests of one target.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: name + "Tests",
        dependencies: [.byName(name: name), "TestSupport"] + (name == "Support" ? [] : ["Support"]) + dependencies,
        swiftSettings: strict)
}

let package = Package(
    name: "fgctl",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "fgctl", targets: ["fgctl"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        // Level 0: system libraries and what everybody needs.
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
        // The one piece of C: checks that need the processor's carry-less multiplication.
        .target(name: "CChecksum"),
        .systemLibrary(name: "CLinux"),
        layer("Support", []),
        // Level 1: one thin wrapper each; no C type leaves them.
        layer("HTTP", ["CCurl", "Support"]),
        layer("Crypto", ["CChecksum", "CCrypto", "Support"]),
        layer("YAML", ["CYAML", "Support"]),
        layer("XML", ["CExpat", "Support"]),
        layer("Processes", ["Support", subprocess, systemPackage]),
        // Level 2
        layer("AWS", ["HTTP", "Crypto", "XML", "Processes", "Support"]),
        layer("Templates", ["YAML", "Support"]),
        // Level 3
        layer("AWSServices", ["AWS", "Crypto", "HTTP", "XML", "Support"]),
        layer("Environment", ["AWS", "Support"]),
        // Level 4
        layer("Watch", ["AWSServices", "AWS", "Support"]),
        // Level 5: one domain each.
        layer("Images", ["AWSServices", "AWS", "Environment", "Processes", "YAML", "Support"]),
        layer("Stacks", ["Crypto", "Watch", "AWSServices", "AWS", "Environment", "Templates", "Support"]),
        layer("Tasks", ["Watch", "AWSServices", "AWS", "Environment", "YAML", "Support"]),
        layer("Services", ["Watch", "AWSServices", "AWS", "Support"]),
        layer("Schedules", ["Watch", "AWSServices", "AWS", "Environment", "Support"]),
        layer("Setup", ["AWSServices", "AWS", "HTTP", "Support"]),
        layer("ConfigSync", ["AWSServices", "AWS", "CLinux", "Crypto", "YAML", "Support"]),
        // Level 6: compositions of several domains.
        layer(
            "Flows",
            [
                "ConfigSync", "Images", "Services", "Stacks", "Schedules", "Watch", "AWSServices", "Environment", "AWS",
                "Templates",
                "Support",
            ]),
        // Level 7
        layer(
            "Commands",
            [
                "Flows", "Images", "Stacks", "Tasks", "Schedules", "Services", "ConfigSync", "Setup", "Watch",
                "AWSServices",
                "Environment",
                "Templates", "AWS", "HTTP", "YAML", "Processes", "Support", argumentParser,
            ]),
        // Level 8
        .executableTarget(name: "fgctl", dependencies: ["Commands", "HTTP", "Support"], swiftSettings: strict),

        // Measured by bin/bench, part of no product.
        .executableTarget(
            name: "bench-client", dependencies: ["AWSServices", "AWS", "HTTP", "Support", "TestSupport"],
            path: "Tests/Benchmarks/Client", swiftSettings: strict),

        // Tests
        .target(
            name: "TestSupport", dependencies: ["AWS", "HTTP", "Processes", "Support"],
            path: "Tests/TestSupport",
            swiftSettings: strict),
        // What Python's judges drive the S3 layer with; no part of the product.
        .executableTarget(
            name: "s3-probe", dependencies: ["ConfigSync", "AWSServices", "AWS", "Crypto", "HTTP", "Support"],
            path: "Tests/Tools/S3Probe", swiftSettings: strict),
        // An S3 on loopback that tests and benchmarks run against.
        .systemLibrary(name: "CEpoll", path: "Tests/Tools/CEpoll"),
        .executableTarget(
            name: "loopback-s3", dependencies: ["CEpoll", "Crypto"], path: "Tests/Tools/LoopbackS3",
            swiftSettings: strict),
        tests("Support"),
        tests("Processes"),
        tests("Images", ["AWS", "AWSServices", "Environment", "HTTP", "Processes"]),
        tests("Watch", ["AWSServices"]),
        tests("Tasks", ["AWS", "AWSServices", "HTTP", "Watch", "YAML"]),
        tests("Services", ["AWS", "AWSServices", "HTTP", "Watch"]),
        tests("Setup", ["AWS", "AWSServices", "HTTP"]),
        tests("ConfigSync", ["AWS", "AWSServices", "Crypto", "HTTP", "YAML"]),
        tests("Crypto", ["CChecksum", "CCrypto"]),
        tests("XML"),
        tests("AWS", ["Crypto", "HTTP", "Processes", "XML"]),
        tests("HTTP"),
        tests("YAML"),
        tests("Templates", ["YAML"]),
        tests("Environment", ["AWS"]),
        tests("AWSServices", ["AWS", "Crypto", "HTTP"]),
        tests("Stacks", ["AWS", "AWSServices", "Templates", "Watch"]),
        tests(
            "Commands",
            [
                "AWS", "AWSServices", "Environment", "Flows", "HTTP", "Processes", "Services", "Stacks", "Tasks",
                "Watch",
                argumentParser,
            ]),
        tests(
            "Flows",
            ["AWS", "AWSServices", "ConfigSync", "HTTP", "Schedules", "Services", "Stacks", "Templates", "Watch"]),
        tests("Schedules", ["AWS", "AWSServices", "Environment", "HTTP", "Watch"]),
    ]
)
