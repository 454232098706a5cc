import Foundation
import GRDB
package import Vocabulary

/// What is in the file of a store, read with SQL of its own: none of trailsd's code has a say in it.
package struct StoredTree: Sendable {
    package struct Message: Hashable, Sendable {
        package let incarnation: Int64
        package let seq: Int64
        package let payload: String
        package let isTombstone: Bool
    }

    package struct Command: Hashable, Sendable {
        package let app: AppID
        package let state: String
        package let outcome: String?
        package let result: String?
    }

    package var messages: [AppID: [Message]] = [:]
    package var commands: [CorrelationID: [Command]] = [:]
    /// How often each command was answered, answers that came too late not counted.
    package var answers: [CorrelationID: Int] = [:]

    /// Reads the file `path`, which nobody may be writing to.
    package init(_ path: String) throws {
        let file = try DatabaseQueue(path: path)
        try file.read { database in
            try self.readMessages(database)
            try self.readCommands(database)
            try self.readAnswers(database)
        }
        try file.close()
    }

    private mutating func readMessages(_ database: Database) throws {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT app_id, incarnation, seq, payload, is_tombstone FROM messages ORDER BY event_id")
        while let row = try rows.next() {
            self.messages[try Self.id(row[0]), default: []]
                .append(Message(incarnation: row[1], seq: row[2], payload: row[3], isTombstone: row[4]))
        }
    }

    private mutating func readCommands(_ database: Database) throws {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT control_id, app_id, state, outcome, result FROM control_queue ORDER BY event_id")
        while let row = try rows.next() {
            self.commands[try Self.id(row[0]), default: []]
                .append(Command(app: try Self.id(row[1]), state: row[2], outcome: row[3], result: row[4]))
        }
    }

    private mutating func readAnswers(_ database: Database) throws {
        let rows = try Row.fetchCursor(database, sql: "SELECT body FROM events WHERE kind = 'answered'")
        while let row = try rows.next() {
            let answer = try JSONValue(parsing: row[0] as String)["answered"]?["_0"]
            guard let id = answer?["id"]?.string.flatMap({ CorrelationID($0) }), let isLate = answer?["isLate"]?.bool
            else { throw LabError("an answer of the events is not understood: \(row[0] as String)") }
            if !isLate { self.answers[id, default: 0] += 1 }
        }
    }

    private static func id<Name>(_ bytes: Data) throws(LabError) -> Identifier<Name> {
        guard let id = Identifier<Name>(bytes: Array(bytes)) else { throw LabError("an id of \(bytes.count) bytes") }
        return id
    }
}
