import ArgumentParser
import Foundation
import PipelineCore
import PipelineRuntime
import TurnModel
import Vocabulary

/// `orchestra status`: the sessions there are, or one of them.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "status", abstract: "List sessions, newest first.")

    @Argument(help: "Only this session.") var id: String?
    @Flag(help: "Node by node; without an id, of the newest session.") var detail = false
    @Flag(help: "Parallel branches too.") var all = false
    @Option(help: "Only sessions with this status.") var status: SessionStatus?
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var store: StoreOptions

    /// Sessions in one read.
    private static let pageMax = 200

    func run() async throws {
        let place = HandlerPlace(workingDirectory: FileManager.default.currentDirectoryPath)
        let sessions = Sessions(
            store: try self.store.open(), kit: RunKit(handlers: HandlerRegistry(), place: place))
        let found = try await refusing { () async throws(SessionRefusal) in try await self.find(in: sessions) }
        guard self.detail, let session = found.first else { return self.say(found) }
        let detail = try await SessionDetail(of: session, in: sessions.store)
        Output.line(self.json ? JSONValue.object(detail.json).text : detail.text)
    }

    private func find(in sessions: Sessions) async throws(SessionRefusal) -> [SessionSummary] {
        if let id { return [try sessions.summary(of: try await sessions.find(id))] }
        var found: [SessionSummary] = []
        var query = SessionQuery(limit: self.detail && self.status == nil ? 1 : Self.pageMax)
        query.includesBranches = self.all
        while true {
            let page = try await sessions.list(query)
            found += page.filter { self.status == nil || $0.status == self.status }
            guard page.count == Self.pageMax, let last = page.last else { return found }
            query.before = last.context
        }
    }

    private func say(_ sessions: [SessionSummary]) {
        if self.json { return Output.line(JSONValue.array(sessions.map { .object($0.json) }).text) }
        guard !sessions.isEmpty else { return Output.line("No sessions found") }
        let rows = sessions.map { session in
            [
                session.displayID.description, session.name.shownToPeople(scalarsMax: 30), session.status.rawValue,
                "\(session.turnCount)", session.movedAt.description,
                session.nextNode.map { $0.text.shownToPeople() } ?? "-",
            ]
        }
        Output.line(TextTable(["ID", "Pipeline", "Status", "Turns", "Updated", "Next node"], rows).text)
    }
}

extension SessionStatus: ExpressibleByArgument {}
