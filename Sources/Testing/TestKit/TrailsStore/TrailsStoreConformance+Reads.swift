import HashTreeCollections
import TrailsCore
import TrailsStore
import Vocabulary

extension TrailsStoreConformance {
    package func `tells the history of an app, its children, its subtree in one order`() async throws {
        let driver = try self.family()
        try driver.report(4, .status, seq: 1)
        try driver.report(3, .status, seq: 1)
        try driver.perform(
            .cancel(
                CancelRequest(id: CascadeID(high: 1, low: 1), target: Driver.id(2), isDeep: true, reason: "r"),
                by: driver.principal(1)))
        let reader = driver.store.reader

        let all = try await reader.history(under: Driver.id(1), scope: .subtree, after: EventID(0), limit: 1_000)
        try expect(all.map(\.id), is: all.map(\.id).sorted(), "the order")
        try expect(Set(all.map(\.id)).count, is: all.count, "numbers, each once")
        try expect(all.last?.id, is: try await reader.bounds().last, "the newest")
        for limit in 1...3 {
            var paged: [EventID] = []
            while true {
                let page = try await reader.history(
                    under: Driver.id(1), scope: .subtree, after: paged.last ?? EventID(0), limit: limit)
                if page.isEmpty { break }
                try expect(page.count <= limit, "\(page.count) are at most \(limit)")
                paged += page.map(\.id)
            }
            try expect(paged, is: all.map(\.id), "pages of \(limit)")
        }
        func apps(_ scope: HistoryScope, under number: UInt64) async throws -> Set<AppID> {
            let events = try await reader.history(
                under: Driver.id(number), scope: scope, after: EventID(0), limit: 1_000)
            return Set(events.compactMap { $0.event.app })
        }
        try expect(try await apps(.app, under: 2), is: [Driver.id(2)], "an app alone")
        try expect(try await apps(.children, under: 2), is: [Driver.id(4), Driver.id(5)], "its children")
        try expect(
            try await apps(.subtree, under: 2), is: [Driver.id(2), Driver.id(4), Driver.id(5)], "its subtree")
        let levels = all.filter { if case .cascadeLevelStarted = $0.event { true } else { false } }
        try expect(!levels.isEmpty, "the steps of a cancel are part of the history of its target")
        try expect(Set(levels.map(\.app)), is: [Driver.id(2)], "whose they are")
        try expect(all.allSatisfy { $0.event.app == nil || $0.app == $0.event.app }, "every other event is its app's")
        driver.store.close()
    }

    package func `pages and filters lists`() async throws {
        let driver = try self.family()
        for number in UInt64(10)..<20 {
            let tags = number.isMultiple(of: 2) ? #"{"gpu":true,"n":\#(number),"zone":"b"}"# : nil
            let facts = Driver.facts(
                number, under: 3, name: "worker", tags: tags, at: driver.now + .milliseconds(100 - Int64(number / 2)))
            try driver.perform(.declare(facts, startDeadline: .seconds(60), by: driver.principal(1)))
        }
        try driver.report(4, .result, seq: 1)
        let reader = driver.store.reader

        func list(_ root: UInt64, isRecursive: Bool = true, _ change: (inout AppQuery) -> Void = { _ in }) async throws
            -> [AppID]
        {
            var query = AppQuery(root: Driver.id(root))
            query.isRecursive = isRecursive
            change(&query)
            var found: [AppID] = []
            while true {
                let page = try await reader.apps(query)
                try expect(page.items.count <= query.limit, "a page holds at most \(query.limit)")
                found += page.items.map(\.state.id)
                guard let cursor = page.cursor else { return found }
                query.cursor = cursor
            }
        }
        let all = try await list(1)
        try expect(all.count, is: 14, "apps below the root")
        func expected(under root: AppID) -> [AppID] {
            let children = (driver.tree.children[root].map(Array.init) ?? []).compactMap { driver.tree.apps[$0]?.facts }
            return children.sorted { ($0.scheduledAt.milliseconds, $0.id) < ($1.scheduledAt.milliseconds, $1.id) }
                .flatMap { [$0.id] + expected(under: $0.id) }
        }
        try expect(all, is: expected(under: Driver.id(1)), "each before what is below it, siblings by time, then id")
        for limit in [1, 3, 14] { try expect(try await list(1) { $0.limit = limit }, is: all, "pages of \(limit)") }
        for limit in [1, 3, 15] {
            let whole = try await list(1) { ($0.includesRoot, $0.limit) = (true, limit) }
            try expect(whole, is: [Driver.id(1)] + all, "with the root, in pages of \(limit)")
        }
        var elsewhere = AppQuery(root: Driver.id(3))
        (elsewhere.isRecursive, elsewhere.limit) = (true, 1)
        let cursor = try await reader.apps(elsewhere).cursor
        elsewhere.root = Driver.id(2)
        elsewhere.cursor = cursor
        do {
            _ = try await reader.apps(elsewhere)
            throw UnmetExpectation(description: "a place in another list is taken for one in this")
        } catch is StoreError {}
        let children = try await list(1, isRecursive: false)
        try expect(Set(children), is: [Driver.id(2), Driver.id(3)], "children of the root")
        let pages = try await list(3, isRecursive: false) { $0.limit = 2 }
        try expect(pages, is: all.filter { driver.tree.apps[$0]?.parent == Driver.id(3) }, "children of 3, in pages")
        try expect(try await list(1) { $0.statuses = [.done] }, is: [Driver.id(4)], "those that are done")
        try expect(try await list(1) { $0.name = "worker" }.count, is: 10, "those named so")
        try expect(try await list(1) { $0.tag = ["gpu": "true"] }.count, is: 5, "those with a tag")
        try expect(try await list(1) { $0.tag = ["n": "12"] }, is: [Driver.id(12)], "those with a number as tag")
        try expect(try await list(1) { $0.tag = ["zone": "b", "n": "11"] }.isEmpty, "all tags must fit")
        let since = driver.now + .milliseconds(95)
        try expect(try await list(1) { $0.since = since }.count, is: 2, "those since a moment")
        try expect(try await list(1) { $0.until = driver.now }.count, is: 4, "those up to a moment")
        driver.store.close()
    }

    package func `lists as reconnecting what a start made so`() async throws {
        let driver = try self.family()
        try driver.restart()
        var query = AppQuery(root: Driver.id(1))
        query.isRecursive = true
        query.statuses = [.reconnecting]
        let reader = driver.store.reader
        try expect(
            try await reader.apps(query).items.map(\.state.status),
            is: [.reconnecting, .reconnecting, .reconnecting, .reconnecting], "statuses")
        query.statuses = [.connected]
        try expect(try await reader.apps(query).items.isEmpty, "none is connected")
        try driver.perform(.reregister(Driver.id(4), key: Driver.key(4), isProven: true))
        try expect(try await reader.apps(query).items.map(\.state.id), is: [Driver.id(4)], "who is back")
        driver.store.close()
    }

    package func `says who stands how to whom`() async throws {
        let driver = try self.family()
        try driver.perform(.revoke(Driver.id(3), reason: "r", by: driver.principal(1)))
        let reader = driver.store.reader
        func standing(_ caller: UInt64, _ app: UInt64, key: UInt64? = nil) async throws -> StoredStanding {
            try await reader.standing(of: Driver.id(caller), key: Driver.key(key ?? caller), to: Driver.id(app))
        }
        try expect(try await standing(1, 4), is: .ancestor, "root to grandchild")
        try expect(try await standing(2, 4), is: .ancestor, "parent to child")
        try expect(try await standing(4, 4), is: .itself, "app to itself")
        try expect(try await standing(4, 2), is: .stranger, "child to parent")
        try expect(try await standing(4, 5), is: .stranger, "sibling to sibling")
        try expect(try await standing(1, 4, key: 2), is: .keyMismatch, "another's key")
        try expect(try await standing(3, 3), is: .revoked, "a revoked key")
        try expect(try await standing(1, 9), is: .unknown, "to an unknown app")
        try expect(try await standing(9, 1), is: .unknown, "of an unknown app")
        driver.store.close()
    }

    package func `finds apps by tags, by the start of their identifier, and counts the live ones`() async throws {
        let driver = try self.family()
        let tagged = Driver.facts(6, under: 3, tags: #"{"device":"x","n":1}"#)
        try driver.perform(.declare(tagged, startDeadline: .seconds(60), by: driver.principal(1)))
        let store = driver.store
        try expect(try store.apps(under: Driver.id(1), matching: ["device": "x"]), is: [Driver.id(6)], "by tag")
        try expect(try store.apps(under: Driver.id(1), matching: ["n": "1"]).isEmpty, "1 is not \"1\"")
        try expect(try store.apps(under: Driver.id(2), matching: ["device": "x"]).isEmpty, "elsewhere")
        try expect(try store.apps(under: Driver.id(3), matching: [:]).count, is: 2, "by no tags at all")
        for count in [0, 8, 7, 13, 32] {
            let prefix = String(Driver.id(4).description.filter { $0 != "-" }.prefix(count))
            let found = try await store.reader.apps(withPrefix: prefix, under: Driver.id(2), limit: 10)
            try expect(found.contains(Driver.id(4)), "\"\(prefix)\" is found")
            try expect(found.allSatisfy { $0.description.filter { $0 != "-" }.hasPrefix(prefix) }, "and only that")
        }
        try expect(
            try await store.reader.apps(withPrefix: "", under: Driver.id(2), limit: 2),
            is: [Driver.id(2), Driver.id(4)],
            "all that starts with nothing, up to the limit")
        try expect(try await store.reader.apps(withPrefix: "xyz", under: Driver.id(1), limit: 2), is: [], "no digits")
        try expect(try await store.reader.liveDescendants(of: Driver.id(1)), is: 5, "live ones")
        try driver.report(4, .result, seq: 1)
        try expect(try await store.reader.liveDescendants(of: Driver.id(2)), is: 1, "live ones below 2")
        store.close()
    }

    package func `pages messages, and knows the newest status`() async throws {
        let driver = try self.family()
        for seq in Int64(1)...7 { try driver.report(4, .status, seq: seq, payload: "\(seq)") }
        try driver.report(4, .error, seq: 8, payload: #""bad""#)
        let reader = driver.store.reader
        var query = MessageQuery(app: Driver.id(4))
        query.limit = 3
        var seqs: [Int64] = []
        while true {
            let page = try await reader.messages(query)
            seqs += page.items.map(\.report.seq)
            guard page.cursor != nil else { break }
            query.after = page.items.last?.id
        }
        try expect(seqs, is: Array(1...8), "numbers, page by page")
        query = MessageQuery(app: Driver.id(4))
        query.kind = .error
        try expect(try await reader.messages(query).items.map(\.report.seq), is: [8], "errors")
        query.kind = .status
        try expect(try await reader.messages(query).items.count, is: 7, "statuses")
        query.kind = .result
        try expect(try await reader.messages(query).items.isEmpty, "no results")
        try expect(try await reader.latestStatus(of: Driver.id(4))?.report.payload, is: "7", "the newest status")
        try expect(try await reader.latestStatus(of: Driver.id(5)) == nil, "none yet")
        driver.store.close()
    }
}
