import HTTPTypes
import Hummingbird
import NIOCore
import PipelineCore
import PipelineRuntime
import TurnModel
import Vocabulary

extension PipelineService {
    /// The events of a session as they are sent by servers (WHATWG HTML, 9.2), from its beginning, or behind the turn
    /// that `Last-Event-ID` or `?since=` names, to its end or a pause.
    ///
    /// An event that tells the last of a turn has the turn as its id, so whoever was cut off goes on where it was.
    func events(_ request: Request, _ row: SessionRow) async throws -> Response {
        let text = request.headers[Self.lastEventID] ?? request.uri.queryParameters.get("since").map { String($0) }
        var since: TurnID?
        if let text {
            guard let number = UInt64(text) else { throw Problem.badRequest("\(text.quotedForPeople()) is no turn") }
            since = TurnID(wire: number)
        }
        var follower = try await SessionFollower(row, since: since, in: self.sessions)
        var first = try await follower.next(quietAfter: 1)
        var preface = ""
        // Behind the end of a session that was restarted comes the one after it.
        while let known = since, let report = first.restart, let next = try await self.successor(of: report) {
            if next.firstOwn.map({ $0.id > known }) ?? true { preface += EventStream.text(of: next.successorEvent) }
            follower = try await SessionFollower(next, since: since, in: self.sessions)
            first = try await follower.next(quietAfter: 1)
        }
        // So that a browser stops asking.
        if case .halted = first, since != nil, preface.isEmpty { return Response(status: .noContent) }
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .xContentTypeOptions: "nosniff"],
            body: ResponseBody(
                asyncSequence: EventStream(follower: follower, first: first, preface: preface, service: self)))
    }

    /// The session after one that ended at an edge with `loop_restart`; `nil` when nobody has begun it in time.
    fileprivate func successor(of report: RunReport) async throws -> SessionRow? {
        for look in 0..<Self.successorLooksMax {
            if look > 0 { try await Task.sleep(for: SessionFollower.pause) }
            let row = try await self.sessions.find(report.displayID.description)
            if let next = try await self.sessions.begunSuccessor(of: row) { return next }
            if self.hall.isClosed { return nil }
        }
        return nil
    }

    private static let successorLooksMax = 50

    private static let lastEventID = HTTPField.Name("last-event-id")!
}

/// The events of one session on their way to one listener: a piece for each turn, and a word now and then, which shows
/// whether anybody listens. It ends with the session, or with the server when the session is quiet.
private struct EventStream: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let follower: SessionFollower
    let first: SessionFollower.Step
    let preface: String
    let service: PipelineService

    /// Looks at a quiet session until it is asked whether the server still is: about a second.
    private static let looksMax = 10
    /// Quiet seconds between two words.
    private static let silenceMax = 15

    struct AsyncIterator: AsyncIteratorProtocol {
        var follower: SessionFollower
        var waiting: SessionFollower.Step?
        var preface: String
        let service: PipelineService
        var isOver = false
        var silence = 0

        @concurrent mutating func next() async throws -> ByteBuffer? {
            if !self.preface.isEmpty {
                defer { self.preface = "" }
                return ByteBuffer(string: self.preface)
            }
            while !self.isOver {
                let step: SessionFollower.Step
                if let waiting = self.waiting {
                    step = waiting
                } else {
                    step = try await self.follower.next(quietAfter: EventStream.looksMax)
                }
                self.waiting = nil
                if let text = try await self.goingOn(behind: step) ?? self.text(of: step) {
                    return ByteBuffer(string: text)
                }
            }
            return nil
        }

        /// Names the session that goes on behind the end of this one, and follows it; `nil` when none does.
        private mutating func goingOn(behind step: SessionFollower.Step) async throws -> String? {
            guard let report = step.restart, let next = try await self.service.successor(of: report) else { return nil }
            self.follower = try await SessionFollower(next, in: self.service.sessions)
            return EventStream.text(of: next.successorEvent)
        }

        /// `nil` when there is nothing to say.
        private mutating func text(of step: SessionFollower.Step) -> String? {
            switch step {
            case .told(let told):
                self.silence = 0
                return told.events.enumerated().map { place, event in
                    EventStream.text(of: event.json, id: place == told.events.count - 1 ? told.turn : nil)
                }.joined()
            case .quiet:
                self.isOver = self.service.hall.isClosed
                self.silence += 1
                return self.silence.isMultiple(of: EventStream.silenceMax) ? ": nothing new\n\n" : nil
            case .halted(let report):
                self.isOver = true
                return EventStream.text(
                    of: [
                        "event": "ended", "session": .string(report.displayID.description),
                        "message": .string(report.message), "exit_code": .integer(Int64(report.exitCode)),
                    ])
            case .abandoned:
                self.isOver = true
                return EventStream.text(of: ["event": "abandoned"])
            }
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(follower: self.follower, waiting: self.first, preface: self.preface, service: self.service)
    }

    static func text(of event: JSONObject, id: TurnID? = nil) -> String {
        let name = event["event"]?.string ?? "unknown"
        return (id.map { "id: \($0)\n" } ?? "") + "event: \(name)\ndata: \(JSONValue.object(event).text)\n\n"
    }
}

extension SessionFollower.Step {
    /// Set when the session ended at an edge with `loop_restart`.
    fileprivate var restart: RunReport? {
        guard case .halted(let report) = self, case .ended(.restarted) = report.ending else { return nil }
        return report
    }
}

extension SessionRow {
    /// Says that the stream goes on with this session.
    fileprivate var successorEvent: JSONObject {
        [
            "event": "successor", "session": .string(self.displayID.description),
            "context": .string(self.context.id.description),
        ]
    }
}
