import DequeModule
import FoundationEssentials
import Logging
import TrailsCore
import Vocabulary

/// What the app has said and the engine has not taken yet.
///
/// It is as long as the window: in a flood the oldest Status goes first, here as there. Results and Errors stay.
struct Inbox: Sendable {
    struct Report: Sendable {
        let app: AppID
        let kind: MessageKind
        let timestamp: Timestamp
        let payload: Payload
    }

    private var reports: Deque<Report> = []
    private var inputs: [ClientInput] = []
    private var isAwaited = false

    /// Adds a report; whether somebody has to be woken for it.
    mutating func add(_ report: Report) -> Bool {
        if self.reports.count >= Outbox.windowMax,
            let place = self.reports.firstIndex(where: { $0.kind == .status })
        {
            self.reports.remove(at: place)
        }
        self.reports.append(report)
        return self.await()
    }

    mutating func add(_ input: ClientInput) -> Bool {
        self.inputs.append(input)
        return self.await()
    }

    private mutating func await() -> Bool {
        defer { self.isAwaited = true }
        return !self.isAwaited
    }

    mutating func takeAll() -> (Deque<Report>, [ClientInput]) {
        defer { self = Inbox() }
        return (self.reports, self.inputs)
    }
}

/// What an app reports: JSON, or something that becomes JSON on the client's own thread.
enum Payload: Sendable {
    case json(JSONValue)
    case value(any Encodable & Sendable)

    /// The JSON, or why there is none.
    func json() -> Result<JSONValue, UnencodableError> {
        switch self {
        case .json(let value): return .success(value)
        case .value(let value):
            do {
                // A bare text or number is no document to some encoders.
                let bytes = try JSONEncoder().encode([AnyEncodable(value)])
                guard let first = try JSONValue(parsing: Array(bytes)).array?.first else { return .failure(.empty) }
                return .success(first)
            } catch {
                return .failure(UnencodableError(reason: "\(error)"))
            }
        }
    }
}

/// Why a value has no JSON form.
struct UnencodableError: Error {
    let reason: String
    static let empty = UnencodableError(reason: "it encodes to nothing")
}

private struct AnyEncodable: Encodable {
    let value: any Encodable

    init(_ value: any Encodable) { self.value = value }

    func encode(to encoder: any Encoder) throws { try self.value.encode(to: encoder) }
}

extension Inbox.Report {
    /// The message; one whose payload cannot be said carries a note instead.
    func message(id: MessageID, _ logger: Logger) -> Message {
        var payload: JSONValue
        switch self.payload.json() {
        case .success(let json): payload = json
        case .failure(let error):
            logger.warning("a report has no JSON form", metadata: ["reason": "\(error.reason)"])
            payload = ClientCore.note("it has no JSON form: \(error.reason)")
        }
        if payload.isDeeper(than: ClientCore.payloadDepthMax) {
            logger.warning("a report is nested too deeply", metadata: ["levels": "\(ClientCore.payloadDepthMax)"])
            payload = ClientCore.note("it is nested over \(ClientCore.payloadDepthMax) levels deep")
        }
        return Message(id: id, kind: self.kind, timestamp: self.timestamp, payload: payload)
    }
}

extension JSONValue {
    /// Whether arrays and objects stand in each other over `levels` times.
    func isDeeper(than levels: Int) -> Bool {
        switch self {
        case .array(let elements): levels == 0 || elements.contains { $0.isDeeper(than: levels - 1) }
        case .object(let object): levels == 0 || object.contains { $0.value.isDeeper(than: levels - 1) }
        default: false
        }
    }
}
