package import AgentCore
package import AgentWorkspaces
package import DurableFiles
package import EventLog
package import Vocabulary

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a host is run with; every part of the world that it meets is in here.
package struct HostOptions: Sendable {
    package var limits = AgentLimits()
    package var durability = Durability.journal
    package var logLimits = LogLimits()
    /// Answers for agents that name no provider.
    package var defaultProvider = "scripted"
    /// How many sessions of a provider are live at a time, but for those that `slots` names.
    package var slotsMax = 4
    package var slots: [String: Int] = [:]
    /// How long a turn waits for a slot.
    package var slotPatience = Duration.seconds(60)
    package var brake = WakeQueue.Brake()
    /// By how many events a log grows before it is folded again, so that a start passes over them.
    package var foldAfter = 1_000
    /// The same at a stop.
    package var foldAtStop = 100
    /// How many logs a start reads at a time. With one, it does all its input and output in the same order every time.
    package var readers = 1
    package var files: any FileSystem = POSIXFileSystem()
    /// How symbolic links are followed, on the same disk.
    package var canonicalPath: WorkspaceStore.Canonical = { WorkspaceStore.canonicalPath($0) }
    package var sandbox = SandboxOptions()
    package var clock = HostClock.system
    /// What new ids are made of.
    package var dice: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()

    package init() {}

    /// How many sessions of `provider` may be live: scripts cost little, so by default there may be more of them.
    func slotCount(of provider: String) -> Int {
        self.slots[provider] ?? (provider == "scripted" ? 8 * self.slotsMax : self.slotsMax)
    }
}

/// The time, as a parameter.
package struct HostClock: Sendable {
    package let now: @Sendable () -> Timestamp
    /// Returns at that moment or later, or when its task is cancelled.
    package let sleepUntil: @Sendable (Timestamp) async -> Void

    package init(
        now: @escaping @Sendable () -> Timestamp, sleepUntil: @escaping @Sendable (Timestamp) async -> Void
    ) {
        self.now = now
        self.sleepUntil = sleepUntil
    }

    func sleep(for pause: Duration) async { await self.sleepUntil(self.now() + pause) }

    package static let system = HostClock(
        now: { Self.systemTime() },
        sleepUntil: { moment in try? await Task.sleep(for: max(.zero, moment.since(Self.systemTime()))) })

    private static func systemTime() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

/// An agent that the operator wants.
package struct AgentOrder: Hashable, Sendable {
    package var name: String
    package var instructions: String
    /// `nil` for that of the parent, or the default.
    package var provider: String?
    package var model: String
    /// A reference, as `AgentHost.resolve` reads it; `nil` for a root.
    package var parent: String?
    package var metadata: [String: String]
    /// Where it works; `nil` for where its parent does.
    package var workspace: WorkspaceKey?
    /// A repeat with the same key makes no second agent.
    package var requestKey: String?

    package init(
        name: String, instructions: String = "", provider: String? = nil, model: String = "", parent: String? = nil,
        metadata: [String: String] = [:], workspace: WorkspaceKey? = nil, requestKey: String? = nil
    ) {
        self.name = name
        self.instructions = instructions
        self.provider = provider
        self.model = model
        self.parent = parent
        self.metadata = metadata
        self.workspace = workspace
        self.requestKey = requestKey
    }
}
