import DotLanguage
import PipelineRuntime
import TurnModel
import Vocabulary

/// Why a request is not carried out (RFC 9457).
struct Problem: Error, Sendable {
    /// Stable; the list is in docs/serve.md.
    enum Code: String, Sendable, CaseIterable {
        case notFound = "not_found"
        case badRequest = "bad_request"
        case notAuthorized = "not_authorized"
        case tooLarge = "too_large"
        case unknownSession = "unknown_session"
        case unknownTurn = "unknown_turn"
        case unknownQuestion = "unknown_question"
        case noCheckpoint = "no_checkpoint"
        case unsound = "unsound_pipeline"
        case conflict = "conflict"
        case answerRefused = "answer_refused"
        case tooManyRuns = "too_many_runs"
        case draining = "server_draining"
        case storeUnavailable = "store_unavailable"
        case noGraphviz = "no_graphviz"
    }

    let code: Code
    let status: Int
    let detail: String
    var hint: String?
    /// What is wrong with a pipeline.
    var diagnostics: [Diagnostic] = []

    init(_ code: Code, _ status: Int, _ detail: String, hint: String? = nil) {
        self.code = code
        self.status = status
        self.detail = detail
        self.hint = hint
    }

    static func badRequest(_ detail: String, hint: String? = nil) -> Self {
        Self(.badRequest, 400, detail, hint: hint)
    }

    var json: JSONObject {
        var object: JSONObject = [
            "type": .string("https://cairn.invalid/errors/\(self.code.rawValue)"),
            "title": .string(self.code.rawValue.replacing("_", with: " ")), "status": .integer(Int64(self.status)),
            "code": .string(self.code.rawValue), "detail": .string(self.detail),
        ]
        object["hint"] = self.hint.map { .string($0) }
        if !self.diagnostics.isEmpty {
            object["diagnostics"] = .array(
                self.diagnostics.map { diagnostic in
                    [
                        "code": .string(diagnostic.code.rawValue), "severity": .string(diagnostic.severity.rawValue),
                        "message": .string(diagnostic.message),
                        "line": diagnostic.range.map { .integer(Int64($0.start.line)) } ?? .null,
                    ]
                })
        }
        return object
    }
}

extension Problem {
    init(_ refusal: SessionRefusal) {
        let (code, status) = Self.kind(of: refusal)
        self.init(code, status, refusal.description, hint: refusal.hint)
        if case .unsound(_, let diagnostics) = refusal { self.diagnostics = diagnostics }
    }

    private static func kind(of refusal: SessionRefusal) -> (Code, Int) {
        switch refusal {
        case .notFound, .notASession: (.unknownSession, 404)
        case .missingTurn: (.unknownTurn, 404)
        case .unsound, .missingNode, .reservedKey, .run: (.unsound, 422)
        case .noCheckpoint: (.noCheckpoint, 409)
        case .ambiguous, .branch, .ended, .noNextNode, .noFile, .missingFile, .missingSource, .modified, .running,
            .notRunning, .movedOn, .notACheckpoint, .notAnAgentTurn, .noConversation, .notFailed, .commands, .noFork:
            (.conflict, 409)
        case .damaged, .store: (.storeUnavailable, 503)
        }
    }
}
