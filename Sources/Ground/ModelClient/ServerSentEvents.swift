import Vocabulary

/// Reads a stream of server-sent events, whatever pieces it comes in.
///
/// ```
///   : a comment        data: {"a":    event: error
///                      data: 1}       data: {}
///                                            `-- an empty line ends each
/// ```
struct ServerSentEvents {
    struct Event: Hashable {
        var name = ""
        var data = ""
    }

    let lineMax: Int
    private var line: [UInt8] = []
    private var isAfterReturn = false
    private var isFirstLine = true
    private var current: Event?

    init(lineMax: Int) {
        self.lineMax = lineMax
    }

    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// The events that are whole with these bytes.
    mutating func take(_ bytes: some Sequence<UInt8>) throws(ChatError) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            defer { self.isAfterReturn = byte == Self.carriageReturn }
            switch byte {
            case Self.lineFeed where self.isAfterReturn: break
            case Self.lineFeed, Self.carriageReturn: if let event = try self.endLine() { events.append(event) }
            default:
                guard self.line.count < self.lineMax else {
                    throw .tooLarge("the server sent a line of more than \(self.lineMax) bytes")
                }
                self.line.append(byte)
            }
        }
        return events
    }

    /// What is left when the stream has ended: some servers forget the last empty line.
    mutating func finish() throws(ChatError) -> Event? {
        if !self.line.isEmpty, let event = try self.endLine() { return event }
        defer { self.current = nil }
        return self.current
    }

    private mutating func endLine() throws(ChatError) -> Event? {
        defer {
            self.line.removeAll(keepingCapacity: true)
            self.isFirstLine = false
        }
        var bytes = self.line[...]
        if self.isFirstLine, bytes.starts(with: Self.byteOrderMark) { bytes = bytes.dropFirst(3) }
        guard !bytes.isEmpty else {
            defer { self.current = nil }
            return self.current
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .broken("it is not UTF-8") }
        if !text.hasPrefix(":") { try self.takeField(text) }
        return nil
    }

    private mutating func takeField(_ text: String) throws(ChatError) {
        let name = text.prefix { $0 != ":" }
        let rest = text.dropFirst(name.count + 1)
        let value = String(rest.hasPrefix(" ") ? rest.dropFirst() : rest)
        switch name {
        case "data":
            let isMore = !(self.current?.data.isEmpty ?? true)
            self.current = self.current ?? Event()
            self.current?.data += isMore ? "\n" + value : value
        case "event":
            self.current = self.current ?? Event()
            self.current?.name = value
        case "id", "retry": break
        default: throw .broken("a line of it is no event: \(text.quotedForPeople(scalarsMax: 200))")
        }
    }
}
