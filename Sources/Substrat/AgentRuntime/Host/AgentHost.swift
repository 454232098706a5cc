import AgentCore
import AgentWorkspaces
import EventLog
import HashTreeCollections
import Synchronization
import Vocabulary

/// A tree of agents that runs: their logs, their providers, and what happens between them.
///
///     command -> CommandDesk (decide, record, apply) -> effects -> wakes, births, slots, alarms -> command
///
/// Nothing that is answered is lost in a crash; what was under way then is gone on with by the next `open`.
package final class AgentHost: Sendable {
    package let root: String
    package let recovery: RecoveryReport

    let options: HostOptions
    let providers: [String: any AgentProvider]
    let logs: EventLogs
    let desk: CommandDesk
    let progress: LogProgress
    let workspaces: WorkspaceDesk
    let sandbox: Sandbox
    let crew = Crew()
    let floor: Mutex<Floor>
    /// When it was opened: since then nobody is live who was so before.
    let openedAt: Timestamp

    private init(
        _ root: String, _ options: HostOptions, _ providers: [String: any AgentProvider], _ found: FoundHost,
        _ workspaces: WorkspaceDesk, _ floor: consuming Floor
    ) {
        self.root = root
        var report = found.report
        for (key, why) in workspaces.all.damaged { report.workspaces["\(key)"] = why }
        self.recovery = report
        self.workspaces = workspaces
        self.sandbox = Sandbox(options.sandbox, on: options.files, canonical: options.canonicalPath)
        self.options = options
        self.providers = providers
        self.logs = found.logs
        self.floor = Mutex(floor)
        self.openedAt = found.stamp.now
        let told = EffectOutlet()
        self.progress = found.progress
        self.desk = CommandDesk(found, options.clock) { told.tell($0, $1) }
        told.connect { [weak self] in self?.carryOut($0, $1) }
    }

    /// Opens the agents below `root`, finishes what a crash has cut off, and has those go on that have something to do.
    package static func open(
        _ root: String, _ options: HostOptions = HostOptions(), providers: [any AgentProvider]
    ) async throws(HostError) -> AgentHost {
        let names = Dictionary(providers.map { ($0.name, $0) }) { $1 }
        let found = try await FoundHost.find(root, options, continuing: Self.continuing(names, options))
        let workspaces = await onThreadOfItsOwn { WorkspaceDesk(root, options) }
        var floor = Floor(brake: options.brake)
        floor.strays = found.strays
        floor.damaged = found.damaged
        let host = AgentHost(root, options, names, found, workspaces, floor)
        host.goOn(found.plan)
        return host
    }

    /// The providers whose turns go on; agents of old logs name none, and have the default.
    private static func continuing(_ providers: [String: any AgentProvider], _ options: HostOptions) -> Set<String> {
        var names = Set(providers.values.filter(\.continuesTurns).map(\.name))
        if names.contains(options.defaultProvider) { names.insert("") }
        return names
    }

    private func goOn(_ plan: RecoveryPlan) {
        self.floor.withLock { floor in
            for wake in plan.wakes {
                if wake.request == .resume { floor.resumes.insert(wake.agent) }
                floor.wakes.add(wake.agent, from: .system, urgency: 0, at: self.options.clock.now())
            }
        }
        self.carryOut(plan.effects, plan.tree)
    }

    var tree: AgentTree { self.desk.tree }

    /// The provider that answers for the agent of a session.
    func providerName(of session: SessionID, in tree: AgentTree) -> String {
        let ledger = tree.ledgers[.session(session)]
        return self.providerName(of: ledger, ledger?.birth)
    }

    func providerName(of ledger: Ledger?, _ birth: AgentBirth?) -> String {
        let name = birth?.provider ?? ""
        let older = name.isEmpty ? ledger?.session?.provider ?? "" : name
        return older.isEmpty ? self.options.defaultProvider : older
    }

    func checkOpen() throws(HostError) {
        guard self.floor.withLock({ $0.phase == .open }) else { throw .stopping }
    }
}

/// Lets effects out to a host that is made after those who have them.
private final class EffectOutlet: Sendable {
    typealias Ear = @Sendable ([AgentEffect], AgentTree) -> Void
    private let ear = Mutex<Ear?>(nil)

    func connect(_ ear: @escaping Ear) { self.ear.withLock { $0 = ear } }
    func tell(_ effects: [AgentEffect], _ tree: AgentTree) { self.ear.withLock { $0 }?(effects, tree) }
}
