import Synchronization
package import TestKit
import TrailsCore
import TrailsWire
package import Vocabulary

/// Gives commands to apps, through kills and restarts, and keeps a book of them.
package final class Commander: Sendable {
    private let caller: SignedCaller
    /// Whom it may command: apps that have registered.
    private let apps: @Sendable () -> [AppID]
    private let book = Mutex(Book())

    /// What it knows of its commands.
    package struct Book: Sendable {
        /// Each with the app it is for, from before the first call.
        package var given: [CorrelationID: AppID] = [:]
        /// Those it saw a 202 for.
        package var accepted: Set<CorrelationID> = []
        /// The first answer it read of each.
        package var answers: [CorrelationID: JSONValue] = [:]
        package var complaints: [String] = []
        package var isOver = false
    }

    package init(_ caller: SignedCaller, over apps: @escaping @Sendable () -> [AppID]) {
        self.caller = caller
        self.apps = apps
    }

    package var current: Book { self.book.withLock { $0 } }

    /// Gives no new command; those on their way are brought home.
    package func finish() { self.book.withLock { $0.isOver = true } }

    /// Gives one command after another until it is told to finish.
    package func run(dice: SplitMix64) async throws {
        var dice = dice
        while !self.current.isOver {
            let apps = self.apps()
            if !apps.isEmpty { try await self.give(to: dice.pick(apps.sorted()), using: &dice) }
            try await Task.sleep(for: .milliseconds(Int.random(in: 5...60, using: &dice)))
        }
    }

    private func give(to app: AppID, using dice: inout SplitMix64) async throws {
        let id = CorrelationID.random(using: &dice)
        self.book.withLock { $0.given[id] = app }
        let now = Timestamp.now
        let command = IssuedCommand(
            target: app, scope: .node, action: "count", correlationID: id, payload: ["id": .string(id.description)],
            issuedAt: now, expiresAt: now + .seconds(86_400))
        let issuer = try command.issued(by: self.caller.app, with: self.caller.key, for: self.caller.serverKey)
        let body = ControlBody(command, issuer: issuer, timeToLive: .seconds(86_400)).json
        // Some are given twice, as by somebody who lost the answer.
        for _ in 0...(dice.chance(0.2) ? 1 : 0) {
            let answer = try await self.caller.insist("POST", "/apps/\(app)/control", body)
            if answer.status == 202 {
                self.book.withLock { _ = $0.accepted.insert(id) }
            } else {
                self.complain("command \(id): \(answer.body.text)")
            }
        }
        if dice.chance(0.3), self.current.accepted.contains(id) { try await self.look(at: id) }
    }

    /// Reads what was answered: that must be so for ever.
    private func look(at id: CorrelationID) async throws {
        let answer = try await self.caller.insist("GET", "/controls/\(id)")
        guard answer.status == 200 else { return self.complain("command \(id) was accepted: \(answer.body.text)") }
        guard let first = answer.body["answers"]?.array?.first else { return }
        self.book.withLock { $0.answers[id] = first["result"] }
    }

    /// Waits until a command that was accepted is answered, or cannot be any more.
    func waitForAnswer(to id: CorrelationID) async throws {
        try await Patience.wait("an answer to command \(id)") {
            let answer = try await self.caller.insist("GET", "/controls/\(id)")
            return answer.status != 200 || answer.body["pending"]?.integer == 0
        }
    }

    private func complain(_ text: String) {
        self.book.withLock { book in
            if book.complaints.count < 10 { book.complaints.append(text) }
        }
    }
}
