import Foundation
import PipelineCore
import TurnModel
import Vocabulary

/// How it came that a child is not run any more.
enum ChildEnding: Sendable {
    /// It is over, or was never begun.
    case over
    /// It waits for somebody who goes on with it; who runs it was not asked to end it for good.
    case paused
    /// It cannot be begun, or gone on with.
    case refused(String)
    case stopped(RunStop)
}

/// Sees to it that the child of a manager loop is run until it stands still: by this process, or by one that has it.
///
/// ```
/// nobody runs it   begin, or resume where its record ends, and play
/// another does     stand by until it is over or paused, or until the lease is
/// it stands still  done
/// ```
/// The context of the child was made before anything is done here, and its lease says who runs it, so it is begun once
/// and run by one, however often the manager is.
struct ChildRunner: Sendable {
    let plan: ChildPlan
    let context: ContextID
    let store: any TurnStore
    /// Of the manager.
    let kit: RunKit

    func run(_ seat: ChildSeat) async -> ChildEnding {
        var outage = Outage(world: self.kit.world, max: self.kit.limits.outage)
        while !Task.isCancelled {
            if let stop = seat.stop { return .stopped(stop) }
            do throws(SessionRefusal) {
                if let ending = try await self.turn(seat) { return ending }
                outage.end()
            } catch {
                if let fault = outage.fault(of: error) { return .stopped(.storeLost(fault)) }
                guard error.mayPass else { return .refused("the child cannot be run: \(error)") }
            }
            if (try? await self.kit.world.sleep(self.kit.limits.poll)) == nil { break }
        }
        return .paused
    }

    /// One try; `nil` when it is to be made again.
    private func turn(_ seat: ChildSeat) async throws(SessionRefusal) -> ChildEnding? {
        let sessions = self.sessions()
        guard let row = try await sessions.newestSession(from: self.context) else {
            if seat.halt != nil { return .over }
            return await self.play(try await self.begin(), seat)
        }
        let status = try sessions.summary(of: row).status
        let isOver = status.isFinal && sessions.restart(of: row) == nil
        if isOver { return .over }
        if status.isLive || seat.halt?.isForGood == true {
            if let wish = seat.takeWish() { try await sessions.ask(wish, of: row) }
            return nil
        }
        if seat.halt != nil { return .paused }
        return await self.play(try await self.resume(row), seat)
    }

    private func play(_ run: SessionRun, _ seat: ChildSeat) async -> ChildEnding? {
        seat.take(run)
        let report = await run.run()
        seat.leave()
        return switch report.ending {
        case .ended(.restarted), .stopped(.leaseLost): nil
        case .ended: .over
        // Where it was paused before it heard that it is to end, it is told again.
        case .paused: seat.halt?.isForGood == true ? nil : .paused
        case .stopped(let stop): .stopped(stop)
        }
    }

    private func begin() async throws(SessionRefusal) -> SessionRun {
        let path = self.path(of: self.plan.file)
        guard let bytes = self.kit.world.read(path) else { throw .missingFile(path) }
        let source = try PipelineSource(bytes, path: path, handlers: self.kit.handlers)
        let sessions = self.sessions(exit: source.graph.exit)
        return try await sessions.begin(
            source, variables: self.plan.variables, at: nil, in: self.context, after: nil)
    }

    /// With the text that it began with: what has become of the file since is for the next child.
    private func resume(_ row: SessionRow) async throws(SessionRefusal) -> SessionRun {
        let story = try await self.sessions().story(of: row)
        let exit = await self.sessions().graph(of: story)?.exit
        var options = ResumeOptions()
        options.usesStoredGraph = true
        return try await self.sessions(exit: exit, displayID: row.displayID).resume(row, options)
    }

    /// As the child's run needs them, which is watched by others than the manager's.
    private func sessions(exit: NodeID? = nil, displayID: DisplayID? = nil) -> Sessions {
        var kit = self.kit
        kit.handlers = kit.handlers.ofChild
        kit.observers = kit.observers.compactMap { $0.ofChild(exit: exit, displayID: displayID) }
        if !self.plan.workdir.isEmpty { kit.place.workingDirectory = self.path(of: self.plan.workdir) }
        return Sessions(store: self.store, kit: kit)
    }

    /// As seen from where the manager's commands run.
    private func path(of name: String) -> String {
        let folder = URL(filePath: self.kit.place.workingDirectory, directoryHint: .isDirectory)
        return URL(filePath: name, relativeTo: folder).standardizedFileURL.path(percentEncoded: false)
    }
}

/// For how long a store has not answered somebody who asks it again and again.
struct Outage {
    private let world: RunWorld
    private let max: Duration
    private var start: Timestamp?

    init(world: RunWorld, max: Duration) {
        self.world = world
        self.max = max
    }

    mutating func end() { self.start = nil }

    /// What is wrong with the store, once that has lasted too long, or time cannot mend it.
    mutating func fault(of refusal: SessionRefusal) -> TurnFault? {
        guard case .store(.failed(let fault)) = refusal else {
            self.end()
            return nil
        }
        let now = self.world.now()
        let start = self.start ?? now
        self.start = start
        let isOver = now.since(start) >= self.max || fault.code == .corrupt || fault.code == .newer
        return isOver ? fault : nil
    }
}

extension SessionRefusal {
    /// Whether the same may go well a moment later.
    fileprivate var mayPass: Bool {
        switch self {
        case .running, .movedOn, .commands, .notRunning, .store(.failed): true
        default: false
        }
    }
}

extension Halt {
    var isForGood: Bool { if case .cancel = self.kind { true } else { false } }
}

extension HandlerRegistry {
    /// As they work in the child of a manager loop.
    fileprivate var ofChild: Self {
        var registry = self
        for type in self.types {
            if let handler = self[type] { registry[type] = handler.ofChild }
        }
        return registry
    }
}
