import HTTPTypes
import Hummingbird
import PipelineCore
import PipelineRuntime
import TurnModel
import Vocabulary

// MARK: - Runs

extension PipelineService {
    /// A pipeline as JSON (`dot`, `variables`), or as it is, with variables in the query.
    func start(_ request: Request) async throws -> Answer {
        let bytes: [UInt8]
        var variables = JSONObject()
        if request.headers[.contentType]?.hasPrefix("application/json") ?? false {
            let object = try await self.object(in: request)
            guard let text = try object.text("dot") else { throw Problem.badRequest("dot, the pipeline, is missing") }
            bytes = Array(text.utf8)
            variables = try object.map("variables")
        } else {
            bytes = try await self.body(of: request)
            for (key, value) in request.uri.queryParameters { variables[String(key)] = .string(String(value)) }
        }
        guard !bytes.isEmpty else { throw Problem.badRequest("the body is empty: it should be a pipeline, in DOT") }
        let handlers = self.sessions.kit.handlers
        let source = try PipelineSource(bytes, path: "", handlers: handlers)
        let given = variables
        return try await self.play(at: nil, exit: source.graph.exit) { sessions throws(SessionRefusal) in
            try await sessions.begin(source, variables: given)
        }
    }

    func resume(_ request: Request, _ row: SessionRow) async throws -> Answer {
        let object = try await self.object(in: request)
        let story = try await self.sessions.story(of: row)
        var wish = ResumeOptions()
        wish.usesStoredGraph = try object.flag("stored_graph") || story.file.isEmpty
        wish.allowsModified = try object.flag("allow_modified")
        wish.takesOver = try object.flag("take_over")
        let options = wish
        return try await self.play(at: story, exit: nil) { sessions throws(SessionRefusal) in
            try await sessions.resume(row, options)
        }
    }

    /// Goes on with a session that an earlier server paused when it ended.
    func resume(drained row: SessionRow) async throws {
        let story = try await self.sessions.story(of: row)
        var wish = ResumeOptions()
        wish.usesStoredGraph = story.file.isEmpty
        let options = wish
        _ = try await self.play(at: story, exit: nil) { sessions throws(SessionRefusal) in
            try await sessions.resume(row, options)
        }
    }

    func replay(_ request: Request, _ row: SessionRow) async throws -> Answer {
        let object = try await self.object(in: request)
        let text = try object["checkpoint"]?.integer.map { "\($0)" } ?? object.text("checkpoint")
        guard let turn = text.flatMap({ UInt64($0) }).flatMap({ TurnID(wire: $0) }) else {
            throw Problem.badRequest("checkpoint is not a turn", hint: "see /pipelines/\(row.displayID)/events")
        }
        let story = try await self.sessions.story(of: row)
        var wish = ReplayOptions()
        wish.set = try object.map("set")
        wish.from = try object.text("from").map { NodeID($0) }
        wish.usesStoredGraph = try object.flag("stored_graph") || story.file.isEmpty
        wish.allowsModified = try object.flag("allow_modified")
        let options = wish
        return try await self.play(at: story, exit: nil) { sessions throws(SessionRefusal) in
            try await sessions.replay(row, at: turn, options)
        }
    }

    /// Makes a run and plays it; answers when the first of it is on disk.
    private func play(
        at story: SessionStory?, exit: NodeID?, _ make: (Sessions) async throws(SessionRefusal) -> SessionRun
    ) async throws -> Answer {
        let herald = Herald()
        var kit = self.kit(story.flatMap { $0.file.isEmpty ? nil : $0.file }, exit)
        kit.observers.append(herald)
        let sessions = Sessions(store: self.sessions.store, kit: kit)
        try self.hall.enter()
        let run: SessionRun
        do throws(SessionRefusal) {
            run = try await make(sessions)
        } catch {
            self.hall.leave()
            throw error
        }
        self.hall.play(run, in: sessions, herald: herald)
        guard let context = await herald.begun() else {
            throw self.hall.isClosed ? Problem.draining : Problem(.storeUnavailable, 503, "the run did not begin")
        }
        let id = run.story.displayID.description
        var answer = Answer(.created, ["id": .string(id), "context": .string(context.description)])
        answer.headers[.location] = "/pipelines/\(id)"
        return answer
    }
}

// MARK: - Requests to owners

extension PipelineService {
    /// How long to wait for what the owner of a session says to an answer.
    private static let hearingMax = Duration.seconds(10)

    func pause(_ request: Request, _ row: SessionRow) async throws -> Answer {
        let isNow = try await self.object(in: request).flag("now")
        try await self.sessions.ask(isNow ? .abort : .pause, of: row)
        return Answer(.accepted, ["id": .string(row.displayID.description), "status": "pausing"])
    }

    func cancel(_ request: Request, _ row: SessionRow) async throws -> Answer {
        let reason = try await self.object(in: request).text("reason") ?? "cancelled on request"
        let asked = try await self.sessions.ask(.cancel(reason: reason), of: row)
        let id = JSONValue.string(row.displayID.description)
        return asked == nil
            ? Answer(.ok, ["id": id, "status": "cancelled"]) : Answer(.accepted, ["id": id, "status": "cancelling"])
    }

    /// `question` is an id from the list of questions.
    func answer(_ request: Request, _ question: String, _ row: SessionRow) async throws -> Answer {
        try await self.answer(try await self.object(in: request), question, row)
    }

    /// The session is in the body, and the question, when there is more than one.
    func answerAny(_ request: Request) async throws -> Answer {
        let object = try await self.object(in: request)
        guard let id = try object.text("id") else { throw Problem.badRequest("id, the session, is missing") }
        return try await self.answer(object, try object.text("question"), try await self.sessions.find(id))
    }

    private func answer(_ object: JSONObject, _ question: String?, _ row: SessionRow) async throws -> Answer {
        guard let text = try object.text("answer") else { throw Problem.badRequest("answer is missing") }
        let person = try object.text("by") ?? "http"
        let open = try await self.sessions.questions(of: row)
        let wanted = open.filter { question == nil || $0.pathID == question || $0.id.text == question }
        guard wanted.count == 1 else {
            guard wanted.isEmpty else { throw Problem(.conflict, 409, "several questions are open: name one") }
            throw Problem(.unknownQuestion, 404, "session \(row.displayID) has no such open question")
        }
        let request = try await self.sessions.ask(.answer(text, to: wanted[0].id, by: person), of: row)
        let id = JSONValue.string(row.displayID.description)
        guard let request, try self.sessions.summary(of: row).status.isLive else {
            return Answer(.accepted, ["id": id, "status": "answered when it is resumed"])
        }
        switch try await self.settlement(of: request) {
        case "": return Answer(.ok, ["id": id, "status": "answered"])
        case nil: return Answer(.accepted, ["id": id, "status": "not heard yet"])
        case let complaint?: throw Problem(.answerRefused, 409, complaint)
        }
    }

    /// What the owner says, empty when all is well; `nil` when it says nothing in time.
    private func settlement(of request: OwnerRequest) async throws -> String? {
        let deadline = ContinuousClock.now + Self.hearingMax
        while ContinuousClock.now < deadline, !self.hall.isClosed {
            if let answer = try await self.sessions.answer(to: request) { return answer }
            try await Task.sleep(for: .milliseconds(50))
        }
        return nil
    }
}
