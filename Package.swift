// swift-tools-version:6.2
import PackageDescription

let house: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .treatAllWarnings(as: .error),
]

/// A room of the house: the target `name` in `Sources/floor/name`.
func room(_ name: String, on floor: String, uses dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(floor)/\(name)", swiftSettings: house)
}

/// A program: a page of code in `Sources/Programs/name`.
func program(_ name: String, uses dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: "Sources/Programs/\(name)", swiftSettings: house)
}

/// A program of the tests and benchmarks, in `Sources/Testing/folder`.
func tool(_ name: String, in folder: String, uses dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: "Sources/Testing/\(folder)", swiftSettings: house)
}

/// The tests of a room, in `Tests/name`; `files` there are read by the tests and not built.
func tests(_ name: String, uses dependencies: [Target.Dependency] = [], reads files: [String] = []) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: files, swiftSettings: house)
}

/// A product of a package that is named as its folder on github.com.
func from(_ package: String, _ product: String) -> Target.Dependency {
    .product(name: product, package: package)
}

let package = Package(
    name: "cairn",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "SubstratScript", targets: ["SubstratScript"]),
        .library(name: "TrailsClient", targets: ["TrailsClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // Ground
        room("Vocabulary", on: "Ground"),
        room("DurableFiles", on: "Ground", uses: ["Vocabulary"]),
        room("GroupCommit", on: "Ground"),
        room("StrictYAML", on: "Ground", uses: ["Vocabulary", from("Yams", "Yams")]),
        room(
            "WebTransport", on: "Ground",
            uses: [
                from("hummingbird", "Hummingbird"), from("hummingbird", "HummingbirdCore"),
                from("swift-crypto", "Crypto"), from("swift-http-types", "HTTPTypes"), from("swift-log", "Logging"),
                from("swift-nio", "NIOCore"), from("swift-nio", "NIOHTTP1"), from("swift-nio", "NIOPosix"),
                from("swift-nio-extras", "NIOHTTPTypes"), from("swift-nio-extras", "NIOHTTPTypesHTTP1"),
                from("swift-nio-ssl", "NIOSSL"), from("swift-service-lifecycle", "ServiceLifecycle"),
            ]),
        room(
            "SQLiteStorage", on: "Ground",
            uses: ["Vocabulary", from("GRDB.swift", "GRDB"), from("GRDB.swift", "GRDBSQLite")]),
        .target(name: "CProcessGuard", path: "Sources/Ground/System/CProcessGuard"),
        room("ProcessGuard", on: "Ground", uses: ["CLinuxShims", "CProcessGuard"]),
        .systemLibrary(name: "CLinuxShims", path: "Sources/Ground/System/CLinuxShims"),
        .systemLibrary(name: "CSodium", path: "Sources/Ground/System/CSodium", providers: [.apt(["libsodium-dev"])]),
        room(
            "ModelClient", on: "Ground",
            uses: [
                "Vocabulary", from("async-http-client", "AsyncHTTPClient"), from("swift-nio", "NIOCore"),
                from("swift-nio", "NIOHTTP1"), from("swift-nio", "NIOPosix"), from("swift-nio-ssl", "NIOSSL"),
            ]),

        // Trails
        room("TrailsCore", on: "Trails", uses: ["Vocabulary", from("swift-collections", "HashTreeCollections")]),
        room("TrailsWire", on: "Trails", uses: ["TrailsCore", "Vocabulary", from("swift-crypto", "Crypto")]),
        room(
            "TrailsStore", on: "Trails",
            uses: ["TrailsCore", "Vocabulary", from("swift-collections", "HashTreeCollections")]),
        room(
            "TrailsServer", on: "Trails",
            uses: [
                "DurableFiles", "GroupCommit", "SQLiteStorage", "TrailsCore", "TrailsStore", "TrailsWire",
                "Vocabulary", "WebTransport",
                from("hummingbird", "Hummingbird"), from("swift-collections", "HashTreeCollections"),
                from("swift-collections", "HeapModule"), from("swift-http-types", "HTTPTypes"),
                from("swift-log", "Logging"), from("swift-nio", "NIOCore"), from("swift-nio", "NIOHTTP1"),
                from("swift-nio", "NIOPosix"), from("swift-service-lifecycle", "ServiceLifecycle"),
                from("swift-service-lifecycle", "UnixSignals"),
            ]),
        room(
            "TrailsStoreSQLite", on: "Trails",
            uses: [
                "SQLiteStorage", "TrailsCore", "TrailsStore", "Vocabulary",
                from("swift-collections", "HashTreeCollections"),
            ]),
        room(
            "TrailsContexts", on: "Trails",
            uses: [
                "CSodium", "DurableFiles", "StrictYAML", "Vocabulary", from("swift-crypto", "Crypto"),
                from("Yams", "Yams"),
            ]),
        room(
            "TrailsClient", on: "Trails",
            uses: [
                "DurableFiles", "TrailsContexts", "TrailsCore", "TrailsWire", "Vocabulary", "WebTransport",
                from("async-http-client", "AsyncHTTPClient"), from("swift-collections", "DequeModule"),
                from("swift-crypto", "Crypto"), from("swift-log", "Logging"), from("swift-nio", "NIOCore"),
                from("swift-nio", "NIOHTTP1"), from("swift-nio", "NIOPosix"), from("swift-nio-ssl", "NIOSSL"),
            ]),
        room(
            "TrailsCommands", on: "Trails",
            uses: [
                "DurableFiles", "ProcessGuard", "TrailsClient", "TrailsContexts", "TrailsCore", "TrailsWire",
                "Vocabulary", "WebTransport", from("async-http-client", "AsyncHTTPClient"),
                from("swift-argument-parser", "ArgumentParser"),
            ]),

        // Orchestra
        room("TurnModel", on: "Orchestra", uses: ["Vocabulary"]),
        room("PipelineTurns", on: "Orchestra", uses: ["TurnModel", "Vocabulary"]),
        room(
            "TurnStoreSQLite", on: "Orchestra", uses: ["GroupCommit", "SQLiteStorage", "TurnModel", "Vocabulary"]),
        room("DotLanguage", on: "Orchestra", uses: ["Vocabulary"]),
        room(
            "PipelineCore", on: "Orchestra",
            uses: ["DotLanguage", "Vocabulary", from("swift-collections", "HashTreeCollections")]),
        room(
            "PipelineSettings", on: "Orchestra",
            uses: ["DotLanguage", "DurableFiles", "PipelineCore", "StrictYAML", "Vocabulary", from("Yams", "Yams")]),
        room(
            "PipelineWorkspaces", on: "Orchestra",
            uses: [
                "DurableFiles", "PipelineCore", "PipelineRuntime", "PipelineTurns", "ProcessGuard", "TurnModel",
                "Vocabulary",
            ]),
        room(
            "OrchestraCommands", on: "Orchestra",
            uses: [
                "DotLanguage", "DurableFiles", "ModelClient", "PipelineApps", "PipelineCore", "PipelineRuntime",
                "PipelineServer", "PipelineSettings", "PipelineTurns", "PipelineWorkspaces", "TurnModel",
                "TurnStoreSQLite", "Vocabulary", "WebTransport", from("swift-argument-parser", "ArgumentParser"),
                from("swift-log", "Logging"),
                from("swift-service-lifecycle", "ServiceLifecycle"), from("swift-service-lifecycle", "UnixSignals"),
                from("swift-subprocess", "Subprocess"),
            ]),
        room(
            "PipelineRuntime", on: "Orchestra",
            uses: [
                "DotLanguage", "DurableFiles", "ModelClient", "PipelineCore", "PipelineTurns", "ProcessGuard",
                "TurnModel", "Vocabulary",
            ]),
        room(
            "PipelineServer", on: "Orchestra",
            uses: [
                "DotLanguage", "DurableFiles", "PipelineCore", "PipelineRuntime", "TurnModel", "Vocabulary",
                "WebTransport", from("hummingbird", "Hummingbird"), from("swift-http-types", "HTTPTypes"),
                from("swift-log", "Logging"), from("swift-nio", "NIOCore"),
                from("swift-service-lifecycle", "ServiceLifecycle"),
            ]),
        room(
            "PipelineApps", on: "Orchestra",
            uses: [
                "DurableFiles", "PipelineCore", "PipelineRuntime", "PipelineTurns", "TrailsClient", "TrailsContexts",
                "TrailsCore", "TrailsWire", "TurnModel", "Vocabulary",
            ]),

        // Substrat
        room("AgentCore", on: "Substrat", uses: ["Vocabulary", from("swift-collections", "HashTreeCollections")]),
        room("AgentProtocols", on: "Substrat", uses: ["AgentCore", "Vocabulary"]),
        room(
            "AgentWorkspaces", on: "Substrat",
            uses: ["AgentCore", "Vocabulary", from("swift-collections", "HashTreeCollections")]),
        room("EventLog", on: "Substrat", uses: ["DurableFiles", "GroupCommit", "Vocabulary"]),
        room("SubstratScript", on: "Substrat", uses: ["Vocabulary"]),
        room(
            "AgentRuntime", on: "Substrat",
            uses: [
                "AgentCore", "AgentProtocols", "AgentWorkspaces", "DurableFiles", "EventLog", "ModelClient",
                "ProcessGuard", "Vocabulary", from("swift-collections", "HashTreeCollections"),
            ]),
        room("SubstratProtocol", on: "Substrat", uses: ["Vocabulary"]),
        room(
            "SubstratDaemon", on: "Substrat",
            uses: [
                "AgentCore", "AgentRuntime", "AgentWorkspaces", "DurableFiles", "SubstratProtocol", "Vocabulary",
                from("swift-log", "Logging"), from("swift-nio", "NIOCore"), from("swift-nio", "NIOPosix"),
            ]),
        room(
            "SubstratClient", on: "Substrat",
            uses: [
                "SubstratProtocol", "Vocabulary", from("swift-nio", "NIOCore"), from("swift-nio", "NIOPosix"),
            ]),
        room(
            "SubstratCommands", on: "Substrat",
            uses: [
                "AgentCore", "AgentProtocols", "AgentRuntime", "AgentWorkspaces", "DurableFiles", "EventLog",
                "ModelClient", "SubstratClient", "SubstratDaemon", "SubstratProtocol", "Vocabulary",
                from("swift-argument-parser", "ArgumentParser"),
                from("swift-log", "Logging"),
            ]),

        // Programs
        program("orchestra", uses: ["OrchestraCommands"]),
        program("substrat", uses: ["SubstratCommands"]),
        program("trails", uses: ["TrailsCommands"]),
        program(
            "trailsd",
            uses: [
                "DurableFiles", "TrailsCore", "TrailsServer", "TrailsStore", "TrailsStoreSQLite", "TrailsWire",
                "Vocabulary", "WebTransport", from("swift-argument-parser", "ArgumentParser"),
                from("swift-log", "Logging"),
                from("swift-service-lifecycle", "ServiceLifecycle"), from("swift-service-lifecycle", "UnixSignals"),
            ]),

        // Testing
        room(
            "TestKit", on: "Testing",
            uses: [
                "TrailsCore", "TrailsStore", "TurnModel", "Vocabulary",
                from("swift-collections", "HashTreeCollections"), from("swift-nio", "NIOCore"),
                from("swift-nio", "NIOPosix"),
            ]),
        room("ProgramKit", on: "Testing", uses: ["ProcessGuard"]),
        room("Simulator", on: "Testing", uses: ["DurableFiles", "TestKit", "Vocabulary"]),
        tool("store-writer", in: "StoreWriter", uses: ["TestKit", "TrailsCore", "TrailsStoreSQLite", "Vocabulary"]),
        tool(
            "turn-writer", in: "TurnWriter",
            uses: ["TurnModel", "TurnStoreSQLite", "Vocabulary", from("GRDB.swift", "GRDBSQLite")]),
        room(
            "CrashLab", on: "Testing",
            uses: [
                "AgentCore", "PipelineTurns", "ProgramKit", "SubstratClient", "SubstratProtocol", "TestKit",
                "TrailsCore", "TrailsWire", "TurnModel", "TurnStoreSQLite", "Vocabulary", "WebTransport",
                from("async-http-client", "AsyncHTTPClient"), from("GRDB.swift", "GRDB"),
                from("swift-nio", "NIOCore"), from("swift-nio", "NIOHTTP1"), from("swift-nio", "NIOPosix"),
            ]),
        tool("script-worker", in: "ScriptWorker", uses: ["SubstratScript", "Vocabulary"]),
        room("BenchKit", on: "Testing", uses: [from("GRDB.swift", "GRDBSQLite")]),
        tool(
            "orchestra-bench", in: "OrchestraBench",
            uses: [
                "BenchKit", "DotLanguage", "PipelineCore", "PipelineRuntime", "TurnModel", "TurnStoreSQLite",
                "Vocabulary", from("GRDB.swift", "GRDBSQLite"),
            ]),
        tool(
            "substrat-bench", in: "SubstratBench",
            uses: [
                "AgentCore", "AgentRuntime", "BenchKit", "DurableFiles", "EventLog", "SubstratClient",
                "SubstratProtocol", "Vocabulary",
            ]),
        tool(
            "trails-bench", in: "TrailsBench",
            uses: [
                "BenchKit", "TrailsClient", "TrailsCore", "TrailsStore", "TrailsStoreSQLite", "TrailsWire",
                "Vocabulary",
                "WebTransport", from("GRDB.swift", "GRDBSQLite"), from("async-http-client", "AsyncHTTPClient"),
                from("hummingbird", "Hummingbird"), from("swift-collections", "HashTreeCollections"),
                from("swift-log", "Logging"), from("swift-nio", "NIOCore"), from("swift-nio", "NIOHTTP1"),
                from("swift-nio", "NIOPosix"),
            ]),

        // Tests
        tests(
            "AgentCoreTests",
            uses: ["AgentCore", "TestKit", "Vocabulary", from("swift-collections", "HashTreeCollections")]),
        tests("AgentProtocolsTests", uses: ["AgentCore", "AgentProtocols", "Vocabulary"]),
        tests(
            "AgentRuntimeTests",
            uses: [
                "AgentCore", "AgentRuntime", "DurableFiles", "EventLog", "ModelClient", "ProgramKit", "Simulator",
                "TestKit", "Vocabulary", "script-worker", from("swift-collections", "HashTreeCollections"),
                "AgentCore", "AgentRuntime", "AgentWorkspaces", "DurableFiles", "EventLog", "ModelClient", "Simulator",
                "TestKit", "Vocabulary", from("swift-collections", "HashTreeCollections"),
            ]),
        tests("AgentWorkspacesTests", uses: ["AgentCore", "AgentWorkspaces", "Vocabulary"]),
        tests(
            "CrashLabTests",
            uses: ["CrashLab", "orchestra", "substrat", "trails", "trailsd", from("swift-nio", "NIOPosix")],
            reads: ["Agents", "Cron", "PowerCut"]),
        tests("DotLanguageTests", uses: ["DotLanguage", "TestKit"], reads: ["Transcripts"]),
        tests("DurableFilesTests", uses: ["DurableFiles", "Simulator", "Vocabulary"]),
        tests(
            "EventLogTests", uses: ["DurableFiles", "EventLog", "Simulator", "TestKit", "Vocabulary"]),
        tests("GroupCommitTests", uses: ["GroupCommit"]),
        tests("ModelClientTests", uses: ["ModelClient", "TestKit", "Vocabulary"]),
        tests(
            "OrchestraCommandsTests",
            uses: ["DotLanguage", "PipelineCore", "PipelineSettings", "ProgramKit", "TestKit", "orchestra"],
            reads: ["Transcripts"]),
        tests(
            "OrchestraProgramTests", uses: ["ProgramKit", "TurnModel", "TurnStoreSQLite", "Vocabulary", "orchestra"]),
        tests(
            "PipelineAppsTests",
            uses: [
                "DurableFiles", "PipelineApps", "ProgramKit", "Simulator", "TrailsClient", "TrailsCore", "TrailsWire",
                "Vocabulary", "orchestra", "trails", "trailsd",
            ]),
        tests("PipelineCoreTests", uses: ["DotLanguage", "PipelineCore", "TestKit", "Vocabulary"]),
        tests(
            "PipelineHandlerTests",
            uses: [
                "DotLanguage", "DurableFiles", "ModelClient", "PipelineCore", "PipelineRuntime", "PipelineTurns",
                "ProcessGuard", "Simulator", "TestKit", "TurnModel", "Vocabulary",
            ]),
        tests("PipelineLintTests", uses: ["DotLanguage", "PipelineCore", "TestKit"]),
        tests(
            "PipelineRuntimeTests",
            uses: [
                "PipelineCore", "PipelineRuntime", "PipelineTurns", "TurnModel", "TurnStoreSQLite", "Vocabulary",
            ]),
        tests(
            "PipelineServerTests",
            uses: [
                "DurableFiles", "PipelineCore", "PipelineRuntime", "PipelineServer", "TurnModel", "TurnStoreSQLite",
                "Vocabulary", from("async-http-client", "AsyncHTTPClient"), from("swift-log", "Logging"),
                from("swift-nio", "NIOCore"), from("swift-nio", "NIOHTTP1"),
                from("swift-nio", "NIOPosix"), from("swift-service-lifecycle", "ServiceLifecycle"),
            ]),
        tests(
            "PipelineSettingsTests",
            uses: ["DotLanguage", "DurableFiles", "PipelineCore", "PipelineSettings", "Simulator", "Vocabulary"]),
        tests("PipelineTurnsTests", uses: ["PipelineTurns", "TurnModel", "Vocabulary"], reads: ["Vectors"]),
        tests("ProcessGuardTests", uses: ["ProcessGuard", "Simulator"]),
        tests(
            "PipelineWorkspacesTests",
            uses: [
                "DotLanguage", "PipelineCore", "PipelineRuntime", "PipelineTurns", "PipelineWorkspaces", "ProgramKit",
                "Simulator", "TurnModel", "Vocabulary", "orchestra",
            ]),
        tests("SimulatorTests", uses: ["DurableFiles", "Simulator", "Vocabulary"]),
        tests("StoryTests", uses: ["ProgramKit", "TrailsClient", "orchestra", "substrat", "trails", "trailsd"]),
        tests(
            "SubstratDaemonTests",
            uses: [
                "AgentRuntime", "DurableFiles", "ProgramKit", "SubstratClient", "SubstratDaemon", "SubstratProtocol",
                "TestKit", "Vocabulary", from("swift-log", "Logging"),
            ]),
        tests("SubstratProgramTests", uses: ["ProgramKit", "SubstratCommands", "TestKit", "Vocabulary", "substrat"]),
        tests("SubstratProtocolTests", uses: ["SubstratProtocol", "TestKit", "Vocabulary"]),
        tests("TidyTests", uses: ["ProgramKit"]),
        tests(
            "TrailsClientTests",
            uses: [
                "DurableFiles", "ProgramKit", "Simulator", "TestKit", "TrailsClient", "TrailsContexts", "TrailsCore",
                "TrailsWire", "Vocabulary", "WebTransport", "trailsd", from("hummingbird", "Hummingbird"),
                from("swift-log", "Logging"), from("swift-nio", "NIOCore"), from("swift-nio", "NIOHTTP1"),
                from("swift-service-lifecycle", "ServiceLifecycle"),
            ]),
        tests(
            "TrailsCommandsTests",
            uses: [
                "ProgramKit", "TrailsClient", "TrailsCommands", "TrailsCore", "TrailsWire", "Vocabulary", "trails",
                "trailsd",
            ],
            reads: ["Transcripts"]),
        tests(
            "TrailsContextsTests",
            uses: ["DurableFiles", "Simulator", "TestKit", "TrailsContexts", "Vocabulary"]),
        tests(
            "TrailsCoreTests",
            uses: ["TestKit", "TrailsCore", "Vocabulary", from("swift-collections", "HashTreeCollections")],
            reads: ["Transcripts"]),
        tests(
            "TrailsServerTests",
            uses: [
                "ProgramKit", "SQLiteStorage", "TestKit", "TrailsCore", "TrailsServer", "TrailsStore",
                "TrailsStoreSQLite", "TrailsWire", "Vocabulary", "WebTransport", "trailsd",
                from("async-http-client", "AsyncHTTPClient"),
                from("swift-log", "Logging"), from("swift-nio", "NIOCore"), from("swift-nio", "NIOHTTP1"),
                from("swift-nio", "NIOPosix"), from("swift-nio-ssl", "NIOSSL"),
                from("swift-service-lifecycle", "ServiceLifecycle"),
            ],
            reads: ["third_party_client.py"]),
        tests(
            "TrailsStoreSQLiteTests",
            uses: [
                "ProgramKit", "SQLiteStorage", "TestKit", "TrailsCore", "TrailsStore", "TrailsStoreSQLite",
                "Vocabulary", "store-writer", from("swift-collections", "HashTreeCollections"),
            ]),
        tests("TrailsWireTests", uses: ["TestKit", "TrailsWire", "TrailsCore", "Vocabulary"], reads: ["Vectors"]),
        tests("TurnModelTests", uses: ["TestKit", "TurnModel", "Vocabulary"]),
        tests(
            "TurnStoreSQLiteTests",
            uses: [
                "ProgramKit", "SQLiteStorage", "TestKit", "TurnModel", "TurnStoreSQLite", "Vocabulary", "turn-writer",
                from("GRDB.swift", "GRDB"), from("GRDB.swift", "GRDBSQLite"),
            ]),
        tests("VocabularyTests", uses: ["TestKit", "Vocabulary"], reads: ["Vectors"]),
        tests(
            "WebTransportTests",
            uses: [
                "WebTransport", from("hummingbird", "Hummingbird"), from("swift-log", "Logging"),
                from("swift-nio", "NIOCore"), from("swift-nio", "NIOHTTP1"), from("swift-nio", "NIOPosix"),
                from("swift-service-lifecycle", "ServiceLifecycle"), from("swift-subprocess", "Subprocess"),
            ]),
    ]
)
