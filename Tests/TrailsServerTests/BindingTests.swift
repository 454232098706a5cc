import Testing
import TrailsCore
import TrailsWire
import Vocabulary
import WebTransport

@Suite(.serialized, .timeLimit(.minutes(10)))
struct BindingTests {
    private func bind(_ member: Member, _ cidrs: [String], as caller: Member?, _ stage: Stage) async throws -> Reply {
        let body = BindBody(ranges: cidrs.compactMap { AddressRange($0) })
        return try await stage.call("POST", "/apps/\(member.id)/bind", body, as: caller)
    }

    @Test func `the holder narrows, from inside, and never widens`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let line = try await stage.line(child)
            #expect(try await self.bind(child, ["10.0.0.0/8"], as: child, stage).status == 403)
            #expect(try await self.bind(child, [], as: child, stage).status == 403)
            #expect(try await self.bind(child, ["127.0.0.0/8", "10.0.0.0/8"], as: child, stage).status == 200)
            #expect(try await self.bind(child, ["127.0.0.0/16"], as: child, stage).status == 200)
            let before = try await stage.history(of: root)
            for wider in [["127.0.0.0/8"], ["127.0.0.0/16", "10.0.0.0/8"], ["0.0.0.0/0"], ["::/0"], []] {
                #expect(try await self.bind(child, wider, as: child, stage).status == 403, "\(wider)")
            }
            #expect(try await self.bind(child, ["127.0.0.9"], as: child, stage).status == 403)
            for stranger in [root, try await stage.root("stranger")] {
                #expect(try await self.bind(child, ["127.0.0.1"], as: stranger, stage).status == 403)
            }
            #expect(try await stage.history(of: root) == before)
            try line.report(child, 1)
            try await line.acknowledged(child.id, 1)
            #expect(try await stage.show(child).status == .running)
            let path = "/apps/\(child.id)/bind"
            let bad = try await stage.call("POST", path, text: #"{"cidrs":["10.0.0.1/8"]}"#, as: child)
            #expect(bad.status == 400)
        }
    }

    @Test func `a key that is bound elsewhere does nothing here`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            _ = try await stage.line(child)
            let grandchild = try await stage.declared(by: child)
            #expect(try await self.bind(child, ["10.0.0.0/8"], as: nil, stage).status == 200)
            // Its connection is closed, and that is recorded.
            try await stage.wait(for: child, under: root) { $0.status == .reconnecting }
            let before = try await stage.history(of: root)
            let body = CancelBody(cascadeID: .fresh())
            let message = PostMessagesBody(
                PostedMessage(messageID: .fresh(), kind: .result, timestamp: .now(), payload: [:]))
            let calls: [(String, String, (any WireRecord)?)] = [
                ("GET", "/apps/\(child.id)", nil), ("GET", "/apps/\(grandchild.id)", nil), ("GET", "/apps", nil),
                ("GET", "/watch?subtree=\(child.id)", nil), ("POST", "/apps/\(grandchild.id)/cancel", body),
                ("POST", "/apps/\(child.id)/messages", message),
                ("POST", "/admin/revocations", RevokeBody(appID: child.id)),
            ]
            for (method, path, body) in calls {
                let reply = try await stage.call(method, path, body, as: child)
                #expect(reply.status == 403, "\(method) \(path): \(reply.text)")
            }
            let line = try await stage.line()
            let again = await #expect(throws: Refused.self) { try await line.registerAgain(child) }
            #expect(again?.frame.code == .notAuthorized)
            let anew = await #expect(throws: Refused.self) { try await line.register(child) }
            #expect(anew?.frame.code == .notAuthorized)
            #expect(try await stage.history(of: root) == before)

            #expect(try await self.bind(child, [], as: nil, stage).status == 200)
            #expect(try await line.registerAgain(child).status == .connected)
        }
    }

    @Test func `a narrower binding closes what is open from elsewhere, and nothing else`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let (child, other) = (try await stage.declared(by: root), try await stage.declared(by: root))
            let line = try await stage.line(child)
            let kept = try await stage.line(other)
            let watcher = try await stage.watch("app_id=\(child.id)", as: child)
            _ = try await watcher.live()
            #expect(try await self.bind(child, ["127.0.0.0/8"], as: nil, stage).status == 200)
            try line.report(child, 1)
            try await line.acknowledged(child.id, 1)

            #expect(try await self.bind(child, ["10.0.0.0/8"], as: nil, stage).status == 200)
            #expect(try await line.error().code == .notAuthorized)
            for reason in [try await line.closing(), try await watcher.closing()] {
                guard case .peer(let code, _) = reason else {
                    Issue.record("\(reason)")
                    continue
                }
                #expect(code == 1008)
            }
            try await stage.wait(for: child, under: root) { $0.status == .reconnecting }
            try kept.report(other, 1)
            try await kept.acknowledged(other.id, 1)
        }
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("10.1.2.3", "10.1.2.3", true),
        ("10.1.2.3", "10.1.2.4", false), ("0.0.0.0/0", "1.2.3.4", true), ("0.0.0.0/0", "::1", false),
        ("::/0", "1.2.3.4", true), ("2001:db8::/33", "2001:db8:7fff::1", true),
        ("2001:db8::/33", "2001:db8:8000::1", false), ("fe80::/10", "fe80::1%eth0", true),
        ("127.0.0.0/31", "127.0.0.1", true), ("127.0.0.0/31", "127.0.0.2", false),
        ("10.0.0.0/8", "::ffff:10.1.1.1", true),
    ])
    func `a range holds the addresses that begin as it does`(range: String, address: String, isInside: Bool) throws {
        let range = try #require(AddressRange(range))
        #expect(range.contains(try #require(NetworkAddress(address))) == isInside)
    }

    @Test(arguments: [
        "", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "x", "::/129", "fe80::1%eth0/64", "1.2.3",
    ])
    func `what is no range is refused`(text: String) {
        #expect(AddressRange(text) == nil)
    }
}
