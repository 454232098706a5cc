package import DurableFiles
package import TrailsCore
package import TrailsWire
package import Vocabulary

/// What a spool file says: which reports of which apps nobody has acknowledged.
package struct SpoolContents: Sendable {
    package struct App: Sendable {
        package let appID: AppID
        package let key: PublicKey
        package let level: SecurityLevel
        /// What it registers with; `nil` for an app that had registered before.
        package var registration: SpooledRegistration?
        /// In the order in which they were reported, each with the number under which it was sent, perhaps.
        package var reports: [SpooledPost] = []
    }

    package let server: ServerEndpoint
    package let serverKey: PublicKey?
    package var apps: [App] = []
    /// Whether every line that has an end was understood.
    package private(set) var isWhole = true
}

extension SpoolContents {
    /// The files in `directory` that hold a spool.
    package static func paths(in directory: String, on files: any FileSystem) throws(FileError) -> [String] {
        try files.names(in: directory).filter { $0.hasSuffix(Spool.suffix) }.map { "\(directory)/\($0)" }
    }

    /// Reads a spool file; `nil` when there is not even a head in it.
    package init?(path: String, on files: any FileSystem) throws(FileError) {
        self.init(try PrivateFile.read(path, limit: 4 * Spool.fileMax, on: files))
    }

    /// Reads the lines of a spool. Reading stops at the first one that cannot be read: the end that a crash tore.
    package init?(_ bytes: [UInt8]) {
        let end = bytes.lastIndex(of: UInt8(ascii: "\n")) ?? bytes.startIndex
        var lines = bytes[..<end].split(separator: UInt8(ascii: "\n")).makeIterator()
        guard let first = lines.next(), let head = Self.fields(first), let text = head.object["server_ep"]?.string,
            let server = try? ServerEndpoint(text)
        else { return nil }
        self.server = server
        self.serverKey = head.object["server_pub_key"]?.string.flatMap { PublicKey($0) }
        while let line = lines.next() {
            guard let fields = Self.fields(line), self.take(fields) else {
                self.isWhole = false
                break
            }
        }
    }

    private static func fields(_ line: ArraySlice<UInt8>) -> FieldReader? {
        (try? JSONValue(parsing: line))?.object.map { FieldReader($0) }
    }

    /// Takes one line; `false` when it says nothing that is known.
    private mutating func take(_ fields: FieldReader) -> Bool {
        guard let type = fields.object["typ"]?.string,
            let id = fields.object["app_id"]?.string.flatMap({ AppID($0) })
        else { return false }
        if type == "register" { return self.takeApp(id, fields) }
        guard let place = self.apps.firstIndex(where: { $0.appID == id }) else { return false }
        switch type {
        case SpooledMessage.type:
            guard let message = try? SpooledMessage(reading: fields) else { return false }
            self.apps[place].reports.append(SpooledPost(message: message))
        case "numbered":
            guard let incarnation = fields.object["incarnation"]?.integer,
                let numbers = fields.object["numbers"]?.object
            else { return false }
            for index in self.apps[place].reports.indices {
                let seq = numbers[self.apps[place].reports[index].message.messageID.description]?.integer
                if let seq { self.apps[place].reports[index].number = .init(incarnation: incarnation, seq: seq) }
            }
        case "gone":
            let gone = Set(fields.object["messages"]?.array?.compactMap(\.string) ?? [])
            self.apps[place].reports.removeAll { gone.contains($0.message.messageID.description) }
        default: break
        }
        return true
    }

    private mutating func takeApp(_ id: AppID, _ fields: FieldReader) -> Bool {
        guard let key = fields.object["child_pub_key"]?.string.flatMap({ PublicKey($0) }),
            let level = fields.object["sec_level"]?.string.flatMap({ SecurityLevel(rawValue: $0) })
        else { return false }
        let registration = try? SpooledRegistration(reading: fields)
        self.apps.append(App(appID: id, key: key, level: level, registration: registration))
        return true
    }
}
