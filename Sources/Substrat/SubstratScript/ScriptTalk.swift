import Vocabulary

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The daemon says no more, or hears no more.
struct ScriptClosed: Error {}

/// What is said between a program and its daemon, line by line.
final class ScriptTalk {
    private let read: () throws -> [UInt8]?
    private let send: ([UInt8]) throws -> Void
    /// Finished turns that are still to be lived through.
    private var earlier: ArraySlice<JSONValue> = []
    /// The message that comes after them.
    private var live: String?
    /// Of live calls.
    private var count: Int64 = 0

    init(read: @escaping () throws -> [UInt8]?, write: @escaping ([UInt8]) throws -> Void) {
        self.read = read
        self.send = write
    }

    /// `nil` when the program is to end.
    func nextTurn() throws -> AgentTurn? {
        if self.live == nil {
            guard let line = try self.line() else { return nil }
            guard line["type"]?.string == "turn", let message = line["message"]?.string else {
                throw ReplayError("a turn was expected, and not \(line.text)")
            }
            self.live = message
            self.earlier = (line["history"]?.array ?? [])[...]
        }
        if let turn = self.earlier.popFirst() {
            let message = turn["message"]?.string ?? ""
            return AgentTurn(message, recorded: turn["calls"]?.array ?? [], self)
        }
        return self.live.take().map { AgentTurn($0, recorded: nil, self) }
    }

    func finish(_ turn: AgentTurn, with answer: String) throws {
        guard let recorded = turn.recorded else {
            return try self.write(["type": "done", "response": .string(answer)])
        }
        guard recorded.isEmpty else { throw ReplayError("more tools were called the first time") }
    }

    func fail(_ message: String) throws { try self.write(["type": "error", "message": .string(message)]) }

    func call(_ tool: String, _ arguments: JSONObject) throws -> JSONValue {
        self.count += 1
        try self.write([
            "type": "call", "id": .integer(self.count), "tool": .string(tool), "args": .object(arguments),
        ])
        guard let line = try self.line() else { throw ScriptClosed() }
        guard line["type"]?.string == "result", line["id"]?.integer == self.count else {
            throw ReplayError("the result of call \(self.count) was expected, and not \(line.text)")
        }
        if let error = line["error"]?.string { throw ToolError(message: error) }
        return line["data"] ?? .null
    }

    func write(_ line: JSONObject) throws { try self.send(Array(JSONValue.object(line).text.utf8) + [0x0A]) }

    private func line() throws -> JSONValue? {
        // A message may be as long as a line of the daemon.
        try self.read().map { try JSONValue(parsing: $0, limits: JSONLimits(bytes: .mebibytes(64))) }
    }
}

/// Lines from a descriptor, of any length.
struct LineInput {
    let descriptor: Int32
    private var heard: [UInt8] = []
    /// Up to where there is no end of a line in `heard`.
    private var seen = 0

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Without its end; `nil` when there is no more.
    mutating func next() -> [UInt8]? {
        while true {
            if let end = self.heard[self.seen...].firstIndex(of: 0x0A) {
                defer {
                    self.heard.removeSubrange(...end)
                    self.seen = 0
                }
                return Array(self.heard[..<end])
            }
            self.seen = self.heard.count
            let part = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
                repeat {
                    count = read(self.descriptor, buffer.baseAddress, buffer.count)
                } while count < 0 && errno == EINTR
                count = max(0, count)
            }
            if part.isEmpty { return nil }
            self.heard += part
        }
    }
}

enum LineOutput {
    /// False when nobody reads any more.
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, bytes, count)
        #elseif canImport(Musl)
            Musl.write(descriptor, bytes, count)
        #else
            Darwin.write(descriptor, bytes, count)
        #endif
    }
}
