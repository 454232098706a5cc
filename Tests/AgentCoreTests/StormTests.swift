import AgentCore
import HashTreeCollections
import TestKit
import Testing
import Vocabulary

@Suite struct `Agents in a storm` {
    @Test(arguments: 0..<50 as Range<UInt64>)
    func `are what their logs say, and lose nothing`(group: UInt64) async {
        var refusals = 0
        for seed in group * 10..<(group + 1) * 10 {
            await Task.yield()
            var storm = Storm(seed: seed)
            storm.run(steps: 100)
            expectNone(storm.violations, "Storm(seed: \(seed)) at step \(storm.steps)")
            refusals += storm.refusals
        }
        #expect(refusals < 800, "dice ask for too much that is refused")
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `are the same when a start reads what was folded of their logs (W-18)`(seed: UInt64) throws {
        var storm = Storm(seed: seed)
        for steps in stride(from: 20, through: 100, by: 20) {
            storm.run(steps: steps)
            for ledger in storm.colony.tree.ledgers.values {
                let state = try JSONValue(parsing: JSONValue.object(ledger.state).text).object ?? [:]
                let again = Ledger(ledger.log, state: state)
                #expect(again == ledger, "Storm(seed: \(seed)) at step \(storm.steps)")
                #expect(again?.state == ledger.state)
            }
        }
    }

    @Test func `of another version are not what they seem`() {
        let ledger = Ledger(.user)
        var state = ledger.state
        state["v"] = 2
        #expect(Ledger(ledger.log, state: state) == nil)
        for key in ["count", "gate", "inbox", "received", "requests", "turns"] {
            var state = ledger.state
            state[key] = nil
            #expect(Ledger(ledger.log, state: state) == nil, "without \(key)")
        }
    }

    @Test func `fall the same way for the same seed`() {
        var (one, two) = (Storm(seed: 42), Storm(seed: 42))
        one.run(steps: 100)
        two.run(steps: 100)
        #expect(one.colony.tree == two.colony.tree && one.colony.batches == two.colony.batches)
    }
}

@Suite struct `Two steps of anything` {
    /// What can happen to a root `r` and its child `w`, which has mail.
    static let alphabet: [(String, @Sendable (inout Colony, AgentID, AgentID) throws -> Void)] = [
        ("begin r", { colony, r, _ in try colony.begin(r, .user(prompt: "p", key: "k")) }),
        ("wake w", { colony, _, w in try colony.begin(w) }),
        ("end r", { colony, r, _ in try colony.perform(.completeTurn(r, turn: 1, response: "x")) }),
        ("end w", { colony, _, w in try colony.perform(.completeTurn(w, turn: 1, response: "x")) }),
        ("fail w", { colony, _, w in try colony.perform(.failTurn(w, turn: 1, error: "x", partial: nil)) }),
        ("send w", { colony, r, _ in try colony.call(r, "send_message", ["recipient": "w", "text": "more"]) }),
        ("spawn", { colony, r, _ in try colony.call(r, "spawn_agent", ["name": "x", "instructions": "i"]) }),
        ("send x", { colony, r, _ in try colony.call(r, "send_message", ["recipient": "x", "text": "hi"]) }),
        ("take", { colony, _, w in try colony.call(w, "check_inbox") }),
        ("complete", { colony, _, w in try colony.call(w, "complete", ["result": "42"]) }),
        ("terminate", { colony, r, _ in try colony.call(r, "terminate_child", ["agent_name": "w"]) }),
        ("gate", { colony, r, _ in try colony.call(r, "gate", ["agent_name": "w"]) }),
        ("watch", { colony, r, _ in try colony.call(r, "subscribe", ["agent_name": "w", "transition": "*->*"]) }),
        ("remind", { colony, r, _ in try colony.call(r, "remind_me", ["reason": "tea", "timeout": 1]) }),
        ("crash", { colony, _, _ in colony.crash() }),
    ]

    @Test(arguments: 0..<15, ["llm", "scripted"])
    func `and a crash after any event of the last leave nothing undone`(first: Int, provider: String) throws {
        for second in Self.alphabet.indices {
            for isBusy in [false, true] {
                try Self.check([first, second], provider: provider, isBusy: isBusy)
            }
        }
    }

    private static func check(_ steps: [Int], provider: String, isBusy: Bool) throws {
        var colony = Colony(seed: 3)
        let root = try colony.root("r", provider: provider)
        let child = try colony.create("w", under: root, provider: provider)
        try colony.send(root, "w", "first")
        if isBusy {
            try colony.begin(root, .user(prompt: "p", key: nil))
            try colony.begin(child)
        }
        for step in steps {
            let before = colony
            do { try Self.alphabet[step].1(&colony, root, child) } catch { colony = before }
        }
        let last = colony.batches.last?.records ?? []
        let sure = colony.batches.dropLast().flatMap(\.records)
        let name = steps.map { Self.alphabet[$0].0 }.joined(separator: ", ")
        for count in 0...last.count {
            let logs = `A restart`.logs(of: sure + last.prefix(count))
            `A restart`.check(logs, now: colony.now, "\(name) of \(provider), busy \(isBusy), cut at \(count)")
        }
        expectNone(Invariants.violations(of: colony.tree) + Invariants.differencesFromFold(colony.tree))
    }
}
