/// The rooms of the house, in the order of its floors: an arrow points at an earlier line of this table.
///
/// A new target gets a line here in the commit that adds it to Package.swift. A line may wait for its target.
enum House {
    struct Room {
        let name: String
        let floor: String
        /// Of its sources, on its floor.
        let folder: String
        /// The rooms it may depend on.
        let uses: [String]
        /// For a pure core: all it may import from outside the house. `nil` for a room that may do I/O.
        let coreImports: [String]?

        /// A pure core: no I/O, no clock, no dice, no `await`, no logging.
        static func core(_ name: String, _ floor: String, uses: [String] = [], imports: [String] = []) -> Self {
            Self(name: name, floor: floor, folder: name, uses: uses, coreImports: imports)
        }

        static func shell(_ name: String, _ floor: String, in folder: String? = nil, uses: [String] = []) -> Self {
            Self(name: name, floor: floor, folder: folder ?? name, uses: uses, coreImports: nil)
        }
    }

    static let rooms: [Room] = [
        .core("Vocabulary", "Ground", imports: ["FoundationEssentials"]),
        .shell("CSodium", "Ground/System"),
        .shell("CLinuxShims", "Ground/System"),
        .shell("CProcessGuard", "Ground/System"),
        .shell("ProcessGuard", "Ground", uses: ["CLinuxShims", "CProcessGuard"]),
        .shell("DurableFiles", "Ground", uses: ["Vocabulary", "CLinuxShims"]),
        .shell("GroupCommit", "Ground"),
        .shell("StrictYAML", "Ground", uses: ["Vocabulary"]),
        .shell("SQLiteStorage", "Ground", uses: ["Vocabulary", "DurableFiles"]),
        .shell("WebTransport", "Ground", uses: ["Vocabulary"]),
        .shell("ModelClient", "Ground", uses: ["Vocabulary"]),

        .core("TrailsCore", "Trails", uses: ["Vocabulary"], imports: ["HashTreeCollections", "OrderedCollections"]),
        .core(
            "TrailsWire", "Trails", uses: ["TrailsCore", "Vocabulary"], imports: ["FoundationEssentials", "Crypto"]),
        .shell(
            "TrailsContexts", "Trails", uses: ["Vocabulary", "CSodium", "DurableFiles", "StrictYAML", "TrailsWire"]),
        .shell("TrailsStore", "Trails", uses: ["Vocabulary", "TrailsCore", "TrailsWire"]),
        .shell(
            "TrailsStoreSQLite", "Trails",
            uses: ["Vocabulary", "DurableFiles", "SQLiteStorage", "TrailsCore", "TrailsWire", "TrailsStore"]),
        .shell(
            "TrailsServer", "Trails",
            uses: [
                "Vocabulary", "CLinuxShims", "DurableFiles", "GroupCommit", "SQLiteStorage", "WebTransport",
                "TrailsCore", "TrailsWire", "TrailsStore",
            ]),
        .shell(
            "TrailsClient", "Trails",
            uses: ["Vocabulary", "DurableFiles", "WebTransport", "TrailsCore", "TrailsWire", "TrailsContexts"]),
        .shell(
            "TrailsCommands", "Trails",
            uses: [
                "Vocabulary", "ProcessGuard", "DurableFiles", "WebTransport", "TrailsCore", "TrailsWire",
                "TrailsContexts", "TrailsClient",
            ]),

        .core("DotLanguage", "Orchestra", uses: ["Vocabulary"]),
        .core("PipelineCore", "Orchestra", uses: ["Vocabulary", "DotLanguage"], imports: ["HashTreeCollections"]),
        .core("TurnModel", "Orchestra", uses: ["Vocabulary"]),
        .core("PipelineTurns", "Orchestra", uses: ["Vocabulary", "TurnModel"]),
        .shell(
            "PipelineSettings", "Orchestra",
            uses: ["Vocabulary", "DurableFiles", "StrictYAML", "DotLanguage", "PipelineCore"]),
        .shell(
            "PipelineRuntime", "Orchestra",
            uses: [
                "Vocabulary", "ProcessGuard", "DurableFiles", "DotLanguage", "PipelineCore", "TurnModel",
                "PipelineTurns", "ModelClient",
            ]),
        .shell(
            "PipelineApps", "Orchestra",
            uses: [
                "Vocabulary", "DurableFiles", "TrailsCore", "TrailsWire", "TrailsContexts", "TrailsClient",
                "PipelineCore", "TurnModel", "PipelineTurns", "PipelineRuntime",
            ]),
        .shell(
            "PipelineWorkspaces", "Orchestra",
            uses: [
                "Vocabulary", "DurableFiles", "ProcessGuard", "PipelineCore", "TurnModel", "PipelineTurns",
                "PipelineRuntime",
            ]),
        .shell("TurnStoreSQLite", "Orchestra", uses: ["Vocabulary", "GroupCommit", "SQLiteStorage", "TurnModel"]),
        .shell(
            "PipelineServer", "Orchestra",
            uses: [
                "Vocabulary", "DurableFiles", "WebTransport", "DotLanguage", "PipelineCore", "TurnModel",
                "PipelineRuntime",
            ]),
        .shell(
            "OrchestraCommands", "Orchestra",
            uses: [
                "Vocabulary", "DurableFiles", "WebTransport", "DotLanguage", "PipelineCore", "TurnModel",
                "PipelineTurns", "ModelClient", "PipelineSettings", "PipelineRuntime", "PipelineApps",
                "PipelineWorkspaces", "TurnStoreSQLite", "PipelineServer",
            ]),

        .core("AgentCore", "Substrat", uses: ["Vocabulary"], imports: ["HashTreeCollections"]),
        .core("AgentProtocols", "Substrat", uses: ["Vocabulary", "AgentCore"]),
        .core("AgentWorkspaces", "Substrat", uses: ["Vocabulary", "AgentCore"], imports: ["HashTreeCollections"]),
        .shell("EventLog", "Substrat", uses: ["Vocabulary", "DurableFiles", "GroupCommit"]),
        .shell(
            "AgentRuntime", "Substrat",
            uses: [
                "Vocabulary", "ModelClient", "ProcessGuard", "DurableFiles", "AgentCore", "AgentProtocols",
                "AgentWorkspaces", "EventLog",
            ]),
        .shell("SubstratScript", "Substrat", uses: ["Vocabulary"]),
        .core("SubstratProtocol", "Substrat", uses: ["Vocabulary"]),
        .shell(
            "SubstratDaemon", "Substrat",
            uses: ["Vocabulary", "DurableFiles", "AgentCore", "AgentWorkspaces", "AgentRuntime", "SubstratProtocol"]),
        .shell("SubstratClient", "Substrat", uses: ["Vocabulary", "SubstratProtocol"]),
        .shell(
            "SubstratCommands", "Substrat",
            uses: [
                "Vocabulary", "ModelClient", "DurableFiles", "AgentCore", "AgentProtocols", "AgentWorkspaces",
                "EventLog", "AgentRuntime", "SubstratProtocol", "SubstratDaemon", "SubstratClient",
            ]),

        .shell(
            "TestKit", "Testing",
            uses: [
                "Vocabulary", "DurableFiles", "SQLiteStorage", "WebTransport", "TrailsCore", "TrailsWire",
                "TrailsContexts", "TrailsStore", "TrailsStoreSQLite", "TrailsServer", "TrailsClient", "TurnModel",
            ]),
        .shell("ProgramKit", "Testing", uses: ["ProcessGuard"]),
        .shell("Simulator", "Testing", uses: ["Vocabulary", "DurableFiles", "TestKit"]),
        .shell(
            "CrashLab", "Testing",
            uses: [
                "Vocabulary", "WebTransport", "TrailsCore", "TrailsWire", "TurnModel", "PipelineTurns",
                "TurnStoreSQLite", "AgentCore", "SubstratProtocol", "SubstratClient", "TestKit", "ProgramKit",
            ]),

        .shell(
            "store-writer", "Testing", in: "StoreWriter",
            uses: ["Vocabulary", "TestKit", "TrailsCore", "TrailsStoreSQLite"]),
        .shell("turn-writer", "Testing", in: "TurnWriter", uses: ["Vocabulary", "TurnModel", "TurnStoreSQLite"]),
        .shell("script-worker", "Testing", in: "ScriptWorker", uses: ["Vocabulary", "SubstratScript"]),
        .shell("BenchKit", "Testing"),
        .shell(
            "orchestra-bench", "Testing", in: "OrchestraBench",
            uses: [
                "Vocabulary", "DotLanguage", "PipelineCore", "TurnModel", "PipelineRuntime", "TurnStoreSQLite",
                "BenchKit",
            ]),
        .shell(
            "substrat-bench", "Testing", in: "SubstratBench",
            uses: [
                "BenchKit", "Vocabulary", "DurableFiles", "AgentCore", "EventLog", "AgentRuntime", "SubstratProtocol",
                "SubstratClient",
            ]),
        .shell(
            "trails-bench", "Testing", in: "TrailsBench",
            uses: [
                "BenchKit", "Vocabulary", "WebTransport", "TrailsCore", "TrailsWire", "TrailsStore",
                "TrailsStoreSQLite",
                "TrailsClient",
            ]),

        .shell("orchestra", "Programs", uses: ["OrchestraCommands"]),
        .shell("substrat", "Programs", uses: ["SubstratCommands"]),
        .shell("trails", "Programs", uses: ["TrailsCommands"]),
        .shell(
            "trailsd", "Programs",
            uses: [
                "Vocabulary", "DurableFiles", "WebTransport", "TrailsCore", "TrailsWire", "TrailsStore",
                "TrailsStoreSQLite", "TrailsServer",
            ]),
    ]

    /// Modules that come with the toolchain: a room that is no core may import them without saying so.
    static let platform: Set<String> = [
        "Darwin", "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Musl", "Synchronization",
    ]
}
