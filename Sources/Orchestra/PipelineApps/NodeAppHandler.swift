package import PipelineCore
package import PipelineRuntime
import Synchronization
import TrailsCore
import TrailsWire
import Vocabulary

/// Gives the program of a node its own TRAILS_INFO, and stops it when an ancestor cancels the node's app.
package struct NodeAppHandler: NodeHandler {
    private let handler: any NodeHandler
    private let apps: PipelineApps

    init(_ handler: any NodeHandler, _ apps: PipelineApps) {
        self.handler = handler
        self.apps = apps
    }

    /// The nodes of a child session are no apps; their programs are nobody in the tree.
    package var ofChild: any NodeHandler { ForeignHandler(handler: self.handler) }

    package func run(_ call: HandlerCall) async -> Outcome? {
        guard let play = self.apps.play else { return await self.handler.run(call) }
        let stage = Stage(call.attempt, in: call.session)
        let sign = StopSign()
        self.apps.state.withLock { $0.stops[stage] = sign }
        await self.apps.introduce(play)
        let (handler, call) = (self.handler, self.call(call, as: play.identity.node(stage, at: self.apps.scene.now())))
        let outcome = await sign.obeyed { await handler.run(call) }
        self.apps.state.withLock { $0.stops[stage] = nil }
        sign.hasStopped.open()
        guard let reason = sign.reason else { return outcome }
        return .fail("node \(call.attempt.node) was cancelled: \(reason)", isRetryable: false)
    }

    /// The same call, in the environment of an app. What makes this process who it is does not go with it.
    private func call(_ call: HandlerCall, as info: TrailsInfo) -> HandlerCall {
        var place = call.place
        for name in Standing.secrets { place.environment[name] = "" }
        place.environment[TrailsInfo.variable] = info.text
        place.environment[TrailsInfo.heldVariable] = info.appID.description
        return HandlerCall(
            attempt: call.attempt, node: call.node, graph: call.graph, context: call.context, briefing: call.briefing,
            session: call.session, displayID: call.displayID, branch: call.branch, place: place, report: call.report)
    }
}

/// Lets another handler work without anything that makes this process an app.
private struct ForeignHandler: NodeHandler {
    let handler: any NodeHandler

    func run(_ call: HandlerCall) async -> Outcome? {
        var place = call.place
        for name in Standing.secrets + [TrailsInfo.variable, TrailsInfo.heldVariable] { place.environment[name] = "" }
        return await self.handler.run(
            HandlerCall(
                attempt: call.attempt, node: call.node, graph: call.graph, context: call.context,
                briefing: call.briefing, session: call.session, displayID: call.displayID, branch: call.branch,
                place: place, report: call.report))
    }
}

extension PipelineApps {
    /// The same handlers, each as an app.
    package func wrapping(_ handlers: HandlerRegistry) -> HandlerRegistry {
        var wrapped = handlers
        for type in handlers.types {
            if let handler = handlers[type] { wrapped[type] = NodeAppHandler(handler, self) }
        }
        return wrapped
    }
}

/// By which one piece of work is stopped, and nothing else.
final class StopSign: Sendable {
    /// Opens when the work has ended.
    let hasStopped = Latch()
    private let wish = Mutex<String?>(nil)
    private let (signs, raise) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))

    var reason: String? { self.wish.withLock { $0 } }

    func stop(because reason: String) {
        self.wish.withLock { $0 = $0 ?? reason }
        self.raise.yield()
    }

    /// What `work` comes to, which is cancelled when the sign is raised.
    func obeyed<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) async -> Value {
        await withTaskGroup(of: Value?.self) { group in
            group.addTask { await work() }
            group.addTask { [signs] in
                for await _ in signs { break }
                return nil
            }
            var value: Value?
            while let next = await group.next() {
                value = value ?? next
                group.cancelAll()
            }
            guard let value else { preconditionFailure("work ended without a value") }
            return value
        }
    }
}
