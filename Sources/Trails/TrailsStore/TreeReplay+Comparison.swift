import HashTreeCollections
package import TrailsCore
import Vocabulary

// Rows against replay.

extension TreeReplay {
    /// Says where the rows of apps are not the fold of the events. To be called once, with all of them.
    package mutating func compare(with rows: [AppState]) {
        var seen: Set<AppID> = []
        for row in rows {
            seen.insert(row.id)
            guard let replayed = self.tree.apps[row.id] else {
                self.violate("app \(row.id) has rows, and no event made it")
                continue
            }
            for difference in Self.differences(of: row.durable, from: replayed.durable) {
                self.violate("app \(row.id): \(difference)")
            }
        }
        for app in self.tree.apps.keys.sorted() where !seen.contains(app) {
            self.violate("app \(app) has no row")
        }
    }

    /// Says where the rows of cancels at work are not the fold of the events.
    package mutating func compare(with rows: [CascadeState]) {
        var missing = Set(self.tree.cascades.keys)
        for row in rows {
            let id = row.cascade.id
            missing.remove(id)
            guard let replayed = self.tree.cascades[id] else {
                self.violate("cancel \(id) is at work by its row, and not by the events")
                continue
            }
            guard (row.cascade, row.level, row.deadline) != (replayed.cascade, replayed.level, replayed.deadline) else {
                continue
            }
            self.violate(
                "cancel \(id) is at level \(row.level) by its row and at level \(replayed.level) by the events, "
                    + "or differs in what it says")
        }
        for id in missing.sorted() { self.violate("cancel \(id) is at work, and has no row") }
    }

    /// Says where the answers in the queue are not those that were recorded.
    package mutating func compare(with rows: [ControlKey: ControlAnswer]) {
        for (key, answer) in rows where self.answers[key] != answer {
            self.violate(
                "command \(key.id) to app \(key.app) was not answered \(answer.outcome.rawValue) as its row says")
        }
        for (key, answer) in self.answers where rows[key] == nil {
            self.violate(
                "command \(key.id) to app \(key.app) was answered \(answer.outcome.rawValue); its row lacks it")
        }
    }

    private static func differences(of row: AppState, from replayed: AppState) -> [String] {
        var differences: [String] = []
        func compare<Value: Equatable>(_ name: String, _ value: (AppState) -> Value) {
            guard value(row) != value(replayed) else { return }
            differences.append("its row says \(name) \(text(value(row))), its events \(text(value(replayed)))")
        }
        compare("status") { $0.status.rawValue }
        compare("before") { $0.before.rawValue }
        compare("presence") { $0.presence.rawValue }
        compare("cause") { $0.cause?.rawValue }
        compare("incarnation") { $0.incarnation }
        compare("session epoch") { $0.sessionEpoch }
        compare("key") { $0.key?.shortFingerprint }
        compare("claimed key") { $0.claimedKey?.shortFingerprint }
        compare("key epoch") { $0.keyEpoch }
        compare("revoked") { $0.isRevoked }
        compare("process") { $0.process }
        compare("registered at") { $0.registeredAt?.milliseconds }
        compare("changed at") { $0.changedAt.milliseconds }
        compare("ended at") { $0.endedAt?.milliseconds }
        compare("deadline") { $0.deadline?.milliseconds }
        compare("lease") { $0.lease?.wholeMilliseconds }
        compare("cancels") { $0.cascades.map(\.description) }
        compare("commands") { $0.controls.map(\.id.description) }
        if row.facts != replayed.facts { differences.append("its facts are not those that were declared") }
        if row.controls != replayed.controls, row.controls.map(\.id) == replayed.controls.map(\.id) {
            differences.append("a waiting command is not the one that was given")
        }
        return differences
    }

    private static func text(_ value: some Equatable) -> String {
        guard let optional = value as? any OptionalText else { return "\(value)" }
        return optional.text
    }
}

/// An optional value as people read it.
private protocol OptionalText {
    var text: String { get }
}

extension Optional: OptionalText {
    fileprivate var text: String { self.map { "\($0)" } ?? "nothing" }
}
