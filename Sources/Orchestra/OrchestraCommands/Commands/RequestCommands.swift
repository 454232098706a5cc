import ArgumentParser
import Foundation
import PipelineCore
import PipelineRuntime
import TurnModel
import Vocabulary

/// `orchestra pause`: asks whoever runs a session to stop at the next boundary.
struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Ask a running session to pause at its next boundary.")

    @Argument(help: "The session.") var id: String
    @Flag(help: "Stop the node at work too.") var now = false
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let desk = try await RequestDesk(self.id, self.store)
        try await desk.ask(self.now ? .abort : .pause)
        desk.say("was asked to pause", as: "pausing", json: self.json)
    }
}

/// `orchestra cancel`: ends a session for good.
struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "End a session for good, at its next boundary.")

    @Argument(help: "The session.") var id: String
    @Option(help: "Why, for the record.") var reason = "cancelled on request"
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let desk = try await RequestDesk(self.id, self.store)
        let request = try await desk.ask(.cancel(reason: self.reason))
        if request == nil {
            desk.say("is cancelled", as: "cancelled", json: self.json)
        } else {
            desk.say("was asked to end", as: "cancelling", json: self.json)
        }
    }
}

/// `orchestra answer`: answers the question a session waits with.
struct AnswerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "answer", abstract: "Answer the question that a session waits with.",
        discussion: "Without an answer it prints the question.")

    @Argument(help: "The session.") var id: String
    @Argument(help: "A key or a label of a choice; to an agent, what you say, or /done, /approve or /reject.")
    var answer: String?
    @Option(help: "The question, when several are open.") var question: String?
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var store: StoreOptions

    /// How long to wait until the owner of the session has heard the answer.
    private static let hearingMax = Duration.seconds(10)

    func run() async throws {
        let desk = try await RequestDesk(self.id, self.store)
        guard let answer else { return try self.say(desk) }
        let request = try await desk.ask(
            .answer(answer, to: self.question.map { AttemptKey($0) }, by: Input.person))
        let summary = try await refusing { () async throws(SessionRefusal) in
            try desk.sessions.summary(of: desk.row)
        }
        guard let request, summary.status.isLive else {
            return desk.say("finds the answer when it is resumed", as: "kept", json: self.json)
        }
        switch try await desk.settlement(of: request, within: Self.hearingMax) {
        case "": desk.say("took the answer", as: "taken", json: self.json)
        case nil: desk.say("has not heard the answer yet; it will", as: "sent", json: self.json)
        case let complaint?: throw CommandFailure.refused(complaint)
        }
    }

    private func say(_ desk: RequestDesk) throws {
        guard let question = try desk.sessions.summary(of: desk.row).question else {
            throw CommandFailure.refused("session \(desk.row.displayID) asks nothing")
        }
        guard !self.json else {
            let json: JSONObject = [
                "session": .string(desk.row.displayID.description), "question": .string(question.id.text),
                "node": .string(question.node.text), "text": .string(question.text),
                "options": .array(question.options),
            ]
            return Output.line(JSONValue.object(json).text)
        }
        let options = question.options.map { option in
            "  [\(option["key"]?.string ?? "")] \((option["label"]?.string ?? "").shownToPeople())"
        }
        Output.line((["\(question.node): \(question.text.linesShownToPeople)"] + options).joined(separator: "\n"))
    }
}

/// Where requests to the owner of one session are left.
struct RequestDesk {
    let sessions: Sessions
    let row: SessionRow

    init(_ id: String, _ store: StoreOptions) async throws {
        let place = HandlerPlace(workingDirectory: FileManager.default.currentDirectoryPath)
        let sessions = Sessions(store: try store.open(), kit: RunKit(handlers: HandlerRegistry(), place: place))
        self.sessions = sessions
        self.row = try await refusing { () async throws(SessionRefusal) in try await sessions.find(id) }
    }

    @discardableResult
    func ask(_ request: SessionRequest) async throws -> OwnerRequest? {
        try await refusing { () async throws(SessionRefusal) in try await self.sessions.ask(request, of: self.row) }
    }

    /// Says what became of the session: `word` is for programs.
    func say(_ text: String, as word: String, json: Bool) {
        let id = self.row.displayID.description
        let object: JSONObject = [
            "session": .string(id), "context": .string("\(self.row.context.id)"), "state": .string(word),
        ]
        Output.line(json ? JSONValue.object(object).text : "session \(id) \(text)")
    }

    /// What the owner says, empty when all is well; `nil` when it says nothing in time.
    func settlement(of request: OwnerRequest, within limit: Duration) async throws -> String? {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            let answer = try await refusing { () async throws(SessionRefusal) in
                try await self.sessions.answer(to: request)
            }
            if let answer { return answer }
            try await Task.sleep(for: .milliseconds(100))
        }
        return nil
    }
}
