import HashTreeCollections
import TrailsCore
import Vocabulary

/// Plays a transcript: apps have numbers, and each sentence is one command.
///
/// A line is a verb and words, as `register 2 under 1` or `cancel 2 by 3`; the answer is what became of it, one line
/// an event, or `refused:` and why. Whoever is named signs with the key of its first life unless `with key N` says
/// otherwise. `as id` tells cancels apart.
struct Stage {
    private var world = World()

    mutating func play(_ line: String) -> String {
        var words = Words(line)
        let verb = words.next()
        switch verb {
        case "wait":
            self.world.wait(.seconds(words.number()))
            return self.ring()
        case "tree": return self.drawing()
        default: break
        }
        guard let command = self.command(verb, &words) else { return "what is \"\(line)\"?" }
        do {
            let events = try self.world.perform(command)
            return events.isEmpty ? "nothing to do" : events.map(self.sentence).joined(separator: "\n")
        } catch {
            return "refused: \(Self.plain("\(error)"))"
        }
    }

    private func command(_ verb: String, _ words: inout Words) -> Command? {
        let number = words.number()
        let id = app(number)
        let state = self.world.tree.apps[id]
        let signer = words.value(after: "key").map(key) ?? state?.key ?? key(number)
        let session = words.value(after: "session") ?? (state?.presence == .attached ? state?.sessionEpoch : nil)
        switch verb {
        case "init": return .register(wish(number, under: nil, permanent: true))
        case "shell": return .register(wish(number, under: nil, presence: .detached))
        case "declare":
            let by = words.value(after: "by") ?? words.value(after: "under")!
            return .declare(
                facts(number, under: words.value(after: "under")), startDeadline: .seconds(300), by: self.principal(by))
        case "register":
            var wished = wish(number, under: words.value(after: "under"), key: words.value(after: "key").map(key))
            wished.enrolment?.declaredBy = words.value(after: "declared by").map(key)
            if words.has("unenrolled") { wished.enrolment = nil }
            return .register(wished)
        case "return": return .reregister(id, key: signer, isProven: true)
        case "status", "result", "error":
            let kind: MessageKind = verb == "status" ? .status : verb == "result" ? .result : .error
            return .report(
                IncomingReport(
                    app: id, session: session, signer: signer, kind: kind,
                    seq: (state?.sequence?.highest ?? 0) + 1, timestamp: self.world.now, correlation: nil,
                    payload: "{}"))
        case "call": return .renew(id, key: signer)
        case "drop": return .dropConnection(id, session: state?.sessionEpoch ?? 0)
        case "leave": return .disconnect(id, session: session, signer: signer, DisconnectReason(words.last))
        case "send":
            return .control(
                ControlRequest(
                    id: TrailsCoreTests.command(1), target: id, action: "pause", payload: "{}",
                    issuedAt: self.world.now),
                by: self.principal(words.value(after: "by")))
        case "cancel":
            return .cancel(
                CancelRequest(
                    id: cascade(words.value(after: "as") ?? 1), target: id, isDeep: !words.has("alone"),
                    reason: "enough"),
                by: self.principal(words.value(after: "by")))
        case "ack":
            let control = state?.controls.first?.id ?? TrailsCoreTests.command(9)
            return self.world.answer(of: number, to: control)
        case "withdraw": return .withdraw(id, by: self.principal(words.value(after: "by")))
        case "revoke": return .revoke(id, reason: "lost", by: self.principal(words.value(after: "by")))
        case "rekey": return .rekey(id, key: signer, by: self.principal(words.value(after: "by")))
        case "restart": return .start(instance: "b")
        default: return nil
        }
    }

    private func principal(_ number: Int?) -> Principal {
        guard let number else { return .administrator }
        return .app(app(number), key: self.world.tree.apps[app(number)]?.key ?? key(number))
    }

    /// Every alarm rings; those whose time has come say so.
    private mutating func ring() -> String {
        let alarms =
            self.world.tree.cascades.keys.sorted { $0.low < $1.low }.map(Alarm.cascade)
            + self.world.tree.apps.keys.sorted().map(Alarm.app)
        var lines: [String] = []
        for alarm in alarms {
            let events = (try? self.world.perform(.wake(alarm))) ?? []
            lines += events.map(self.sentence)
        }
        return lines.isEmpty ? "nothing happens" : lines.joined(separator: "\n")
    }
}

// MARK: - In words

extension Stage {
    private func sentence(_ event: Event) -> String {
        let who = event.app.map { "\($0.low)" } ?? ""
        return switch event {
        case .declared: "\(who) is scheduled"
        case .expected: "\(who) is expected"
        case .registered(let registered): "\(who) is connected, incarnation \(registered.incarnation)"
        case .returned(let returned): "\(who) is back: \(returned.status.rawValue), session \(returned.sessionEpoch)"
        case .reported(let report): "message \(report.seq) of \(who) is stored\(report.isLate ? ", late" : "")"
        case .changed(let change):
            "\(who) is \(change.status.rawValue)\(change.cause.map { " (\($0.rawValue))" } ?? "")"
        case .detached: "\(who) is detached"
        case .leaseExtended: "\(who) has its lease renewed"
        case .enrolmentConflict: "\(who) is held by another: key mismatch"
        case .queued(let control): "\(who) is told to \(control.action)"
        case .answered(let answer): "\(who) answers \(answer.outcome.rawValue)\(answer.isLate ? ", late" : "")"
        case .cascadeStarted(let cascade): "a cancel takes \(Self.list(cascade.levels))"
        case .cascadeLevelStarted(_, let level, _): "level \(level + 1):"
        case .cascadeFinished: "the cancel is through"
        case .fenced: "\(who) is fenced"
        case .revoked: "the key of \(who) is worthless"
        case .rekeyed: "\(who) has a new key"
        case .bound(_, let ranges, _, _): "the key of \(who) is bound to \(ranges.map(\.description))"
        case .started: "the server is back"
        }
    }

    private static func list(_ levels: [[AppID]]) -> String {
        guard !levels.isEmpty else { return "nobody" }
        return levels.map { $0.map { "\($0.low)" }.joined(separator: " ") }.joined(separator: ", then ")
    }

    private func drawing() -> String {
        let roots = self.world.tree.apps.values.filter { $0.parent == nil }.map(\.id).sorted()
        return roots.flatMap { self.lines(of: $0, indent: "") }.joined(separator: "\n")
    }

    private func lines(of id: AppID, indent: String) -> [String] {
        guard let state = self.world.tree.apps[id] else { return [] }
        let detached = state.presence == .detached ? " (detached)" : ""
        return ["\(indent)\(id.low) [\(state.status.rawValue)]\(detached)"]
            + (self.world.tree.children[id]?.sorted() ?? []).flatMap { self.lines(of: $0, indent: indent + "  ") }
    }

    /// Identifiers as the numbers that they are.
    private static func plain(_ text: String) -> String {
        var text = text
        for number in (1...20).reversed() {
            text = text.split(separator: app(number).short, omittingEmptySubsequences: false).joined(
                separator: "\(number)")
        }
        return text
    }
}

/// The words of a line, read from the left.
private struct Words {
    private var rest: [String]

    init(_ line: String) {
        self.rest = line.split(separator: " ").map(String.init)
    }

    var last: String { self.rest.last ?? "" }

    mutating func next() -> String { self.rest.isEmpty ? "" : self.rest.removeFirst() }
    mutating func number() -> Int { Int(self.next()) ?? 0 }
    func has(_ word: String) -> Bool { self.rest.contains(word) }

    /// The number behind `phrase`.
    func value(after phrase: String) -> Int? {
        let words = phrase.split(separator: " ").map(String.init)
        for place in self.rest.indices.dropLast(words.count)
        where Array(self.rest[place..<place + words.count]) == words {
            return Int(self.rest[place + words.count])
        }
        return nil
    }
}
