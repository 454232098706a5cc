import AgentCore
import AgentWorkspaces
import DurableFiles
package import Vocabulary

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Agents that are programs: any executable, one process for each session, JSON lines (Substrat spec, 1.17).
///
/// The model of such an agent is the absolute path of its program. A turn that a crash has cut off goes on: the calls
/// that took effect are answered from the log.
package struct ScriptedProvider: AgentProvider {
    package let name: String
    private let options: ScriptOptions

    package var continuesTurns: Bool { true }
    package var workspaceUse: WorkspaceUse { .sandbox(needsNetwork: false) }

    package init(name: String = "scripted", options: ScriptOptions = ScriptOptions()) {
        self.name = name
        self.options = options
    }

    package func create(_ opening: SessionOpening) async throws(ProviderFailure) -> JSONValue {
        let path = opening.model
        guard path.hasPrefix("/") else {
            throw ProviderFailure("the model of a scripted agent is the absolute path of its program")
        }
        // What is in its workspace it finds there, through links that this process does not see.
        let isInside = opening.workspace.map { MountPath.isInside(path, $0.root) } ?? false
        guard isInside || access(path, X_OK) == 0 else {
            throw ProviderFailure("\(path) is not a program that can be run")
        }
        return ["script": .string(path)]
    }

    package func resume(
        _ opening: SessionOpening, reference: JSONValue, history: [PastTurn]
    ) async throws(ProviderFailure) -> any ProviderSession {
        guard let path = reference["script"]?.string else {
            throw ProviderFailure("it is not on record which program the agent is")
        }
        let options = self.options
        return ScriptSession(path, history, options) { () throws(ProviderFailure) in
            try options.start(path, for: opening)
        }
    }
}

/// How programs of agents are run.
package struct ScriptOptions: Sendable {
    /// What every program gets; nothing else is inherited.
    package var environment: [String: String]
    /// How long a program may say nothing, the time of the tools that it calls not counted.
    package var patience = Duration.seconds(60)
    /// From the end of its input until it is killed.
    package var grace = Duration.seconds(5)

    package init(environment: [String: String] = ScriptOptions.inherited) {
        self.environment = environment
    }

    /// Where programs are found, and whose they are.
    package static var inherited: [String: String] {
        var found: [String: String] = [:]
        for name in ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "USER"] {
            if let value = getenv(name) { found[name] = String(cString: value) }
        }
        return found
    }
}
