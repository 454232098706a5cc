import AgentCore
import Testing
import Vocabulary

@Suite struct `Subscriptions` {
    static func pair(_ transition: String, once: Bool = false) throws -> (Colony, root: AgentID, child: AgentID) {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        let answer = try colony.call(
            root, "subscribe", ["agent_name": "w", "transition": .string(transition), "once": .bool(once)])
        #expect(answer["status"] == "active")
        return (colony, root, child)
    }

    @Test(arguments: [
        ("idle->busy", ["idle -> busy"]), ("busy->idle", ["busy -> idle"]),
        ("*->terminated", ["idle -> terminated"]), ("*->*", ["idle -> busy", "busy -> idle", "idle -> terminated"]),
        ("waiting->*", []),
    ])
    func `tell of every change they are about`(transition: String, told: [String]) throws {
        var (colony, root, child) = try Self.pair(transition)
        try colony.begin(child, .user(prompt: "p", key: nil))
        try colony.end(child)
        try colony.perform(.terminate(child, isRecursive: false))
        #expect(colony.inbox(root) == told.map { "[state] w: \($0)" })
        #expect(colony.ledger(root).subscriptions.isEmpty)
    }

    @Test func `tell of waiting for a slot`() throws {
        var (colony, root, child) = try Self.pair("*->*")
        try colony.perform(.wait(child, isOver: false))
        try colony.perform(.startTurn(child, .user(prompt: "p", key: nil), hasWaited: true))
        #expect(
            colony.inbox(root).map { $0.dropFirst("[state] w: ".count) } == [
                "idle -> busy", "busy -> waiting", "waiting -> busy",
            ])
        try colony.end(child)
        try colony.perform(.wait(child, isOver: true))
        #expect(colony.inbox(root).suffix(2) == ["[state] w: waiting -> busy", "[state] w: busy -> idle"])
    }

    @Test func `for once tell once, and survive until then (W-14)`() throws {
        var (colony, root, child) = try Self.pair("busy->idle", once: true)
        colony.crash()
        for _ in 0..<2 {
            try colony.begin(child, .user(prompt: "p", key: nil))
            try colony.end(child)
        }
        #expect(colony.inbox(root) == ["[state] w: busy -> idle"])
        colony.crash()
        #expect(colony.ledger(root).subscriptions.isEmpty && colony.tree.watchers.isEmpty)
    }

    @Test func `are ended by their owner only`() throws {
        var (colony, root, child) = try Self.pair("*->*")
        let id = JSONValue.string(colony.ledger(root).subscriptions[0].id.description)
        #expect(try colony.call(child, "unsubscribe", ["subscription_id": id])["error"] != nil)
        #expect(try colony.call(root, "list_subscriptions")["subscriptions"]?.array?.count == 1)
        #expect(try colony.call(root, "unsubscribe", ["subscription_id": id])["status"] == "removed")
        #expect(colony.tree.watchers.isEmpty)
        #expect(try colony.call(root, "unsubscribe", ["subscription_id": id])["error"] != nil)
    }

    @Test func `end with the one who had them`() throws {
        var (colony, _, child) = try Self.pair("busy->idle", once: true)
        let other = try colony.create("v", under: colony.agent("r"))
        try colony.call(other, "subscribe", ["agent_name": "w", "transition": "*->*"])
        try colony.perform(.terminate(other, isRecursive: false))
        expectNone(Invariants.violations(of: colony.tree))
        try colony.begin(child, .user(prompt: "p", key: nil))
        #expect(colony.effects == [])
    }

    @Test func `are to those within a hop`() throws {
        var (colony, root, child) = try Self.pair("*->*")
        _ = try colony.create("x", under: child)
        let x = colony.agent("x").hex
        let answer = try colony.call(root, "subscribe", ["agent_name": .string(x), "transition": "*->*"])
        #expect(answer["error"] != nil)
    }

    @Test func `do not overfill an inbox`() throws {
        var limits = AgentLimits()
        limits.inboxMax = 1
        var colony = Colony(limits: limits)
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        try colony.call(root, "subscribe", ["agent_name": "w", "transition": "*->*"])
        try colony.begin(child, .user(prompt: "p", key: nil))
        try colony.end(child)
        #expect(colony.inbox(root).count == 1)
    }
}

@Suite struct `Reminders` {
    @Test func `come when they are due, once after a crash (W-14)`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        try colony.call(root, "remind_me", ["reason": "tea", "timeout": 60])
        let reminder = try #require(colony.ledger(root).reminders.first)
        #expect(colony.effects == [.remind(root, reminder.id, at: colony.now + .seconds(60))])
        try colony.perform(.remind(root, reminder.id))
        #expect(colony.inbox(root) == [] && colony.effects.count == 1)
        var waiting = colony
        waiting.crash()
        #expect(waiting.effects == [.remind(root, reminder.id, at: reminder.due)])
        colony.wait(.seconds(3_600))
        colony.crash()
        #expect(colony.inbox(root) == ["Reminder: tea"])
        #expect(colony.ledger(root).reminders.isEmpty)
        colony.crash()
        #expect(colony.inbox(root).count == 1)
        #expect(throws: AgentRefusal.unknownReminder(reminder.id.description)) {
            try colony.perform(.remind(root, reminder.id))
        }
    }

    @Test func `that repeat skip what was missed`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        try colony.call(root, "remind_me", ["reason": "tea", "timeout": 10, "every": 10.5])
        let reminder = try #require(colony.ledger(root).reminders.first)
        colony.wait(.seconds(100))
        try colony.perform(.remind(root, reminder.id))
        #expect(colony.inbox(root).count == 1 && colony.inbox(root)[0].contains("cancel_reminder"))
        let next = try #require(colony.ledger(root).reminders.first?.due)
        #expect(next > colony.now && next <= colony.now + .milliseconds(10_500))
        #expect(next.since(reminder.due).wholeMilliseconds.isMultiple(of: 10_500))
    }

    @Test func `are cancelled, and end with their agent`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        for _ in 0..<2 { try colony.call(root, "remind_me", ["reason": "tea", "timeout": 60]) }
        let id = JSONValue.string(colony.ledger(root).reminders[0].id.hex)
        #expect(try colony.call(root, "cancel_reminder", ["reminder_id": id])["status"] == "cancelled")
        #expect(try colony.call(root, "cancel_reminder", ["reminder_id": id])["error"] != nil)
        try colony.perform(.terminate(root, isRecursive: false))
        colony.wait(.seconds(3_600))
        #expect(colony.crash().batch.isEmpty)
    }
}

@Suite struct `What parents note of children` {
    @Test func `is changed, deleted and kept`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        try colony.call(root, "set_agent_metadata", ["agent_name": "w", "key": "a", "value": "1"])
        try colony.call(root, "set_agent_metadata", ["agent_name": "w", "key": "b", "value": "2"])
        try colony.call(root, "set_agent_metadata", ["agent_name": "w", "key": "a", "value": nil])
        colony.crash()
        #expect(colony.ledger(child).metadata == ["b": "2"])
        let listed = try colony.call(root, "list_children")["children"]?.array?.first
        #expect(listed?["metadata"] == ["b": "2"] && listed?["state"] == "idle" && listed?["gated"] == false)
    }
}
