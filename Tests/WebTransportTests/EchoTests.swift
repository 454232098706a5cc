import NIOCore
import Synchronization
import Testing
import WebTransport

@Suite(.timeLimit(.minutes(10))) struct EchoTests {
    @Test func `echoes text and binary`() async throws {
        try await TestServer.run { server in
            let (connection, client) = try await server.client()
            connection.send(text: ByteBuffer(string: "grüße"))
            connection.send(binary: ByteBuffer(bytes: [0, 255, 1]))
            await client.events.wait { $0.contains(.binary([0, 255, 1])) }
            #expect(client.events.value == [.opened, .text("grüße"), .binary([0, 255, 1])])
        }
    }

    @Test func `keeps the order of one sender, single, in batches and over many connections`() async throws {
        try await TestServer.run { server in
            let (one, first) = try await server.client()
            let (two, second) = try await server.client()
            for number in 0..<500 { one.send(text: ByteBuffer(string: "\(number)")) }
            one.send(texts: (500..<1_000).map { ByteBuffer(string: "\($0)") })
            WebSocketConnection.send([
                (one, (1_000..<1_500).map { ByteBuffer(string: "\($0)") }),
                (two, (0..<500).map { ByteBuffer(string: "\($0)") }),
            ])
            #expect(await first.texts(1_500) == (0..<1_500).map(String.init))
            #expect(await second.texts(500) == (0..<500).map(String.init))
        }
    }

    @Test func `carries messages up to the limit`() async throws {
        try await TestServer.run { server in
            let (connection, client) = try await server.client()
            for size in [0, 125, 126, 65_535, 65_536, 1 << 20] {
                let text = String(repeating: "x", count: size)
                connection.send(text: ByteBuffer(string: text))
                await client.events.wait { $0.contains(.text(text)) || $0.closing != nil }
            }
            #expect(client.texts.map(\.utf8.count) == [0, 125, 126, 65_535, 65_536, 1 << 20])
        }
    }

    @Test func `tells of an oversized message and stays connected`() async throws {
        var configuration = WebServerConfiguration()
        configuration.messageMax = 1_000
        try await TestServer.run(configuration) { server in
            let (connection, client) = try await server.client()
            connection.send(text: ByteBuffer(string: String(repeating: "x", count: 1_001)))
            connection.send(binary: ByteBuffer(repeating: 1, count: 3 << 20))
            connection.send(text: ByteBuffer(string: "still here"))
            #expect(await client.texts(3) == ["too_large 1001", "too_large 3145728", "still here"])
        }
    }

    @Test func `closes with 1009 at the wall, and the sender hears it`() async throws {
        try await TestServer.run { server in
            let (connection, client) = try await server.client()
            connection.send(binary: ByteBuffer(repeating: 1, count: (16 << 20) + 1))
            #expect(await client.closing() == .peer(code: 1009, reason: "a message is over 16777216 bytes"))
            let session = try await server.session
            #expect(await session.closing() == .violation(code: 1009, message: "a message is over 16777216 bytes"))
        }
    }

    @Test func `closes with 1009 at the wall also when it is reached in fragments`() async throws {
        try await TestServer.run { server in
            let peer = try await RawPeer.connect(port: server.port)
            try await peer.upgrade()
            let part = [UInt8](repeating: 7, count: 4 << 20)
            try await peer.send(frame(0x02, part))
            for _ in 0..<4 { try? await peer.send(frame(0x00, part)) }
            let frames = serverFrames(await peer.all().bytes)
            #expect(frames.first?.0 == 0x88)
            #expect(frames.first?.1.prefix(2) == [0x03, 0xF1])
        }
    }

    @Test func `a close is answered, and both sides hear the code and the reason once`() async throws {
        try await TestServer.run { server in
            let (connection, client) = try await server.client()
            connection.close(code: 4_001, reason: "superseded")
            connection.close(code: 4_002, reason: "twice")
            connection.send(text: ByteBuffer(string: "too late"))
            #expect(await client.closing() == .local(code: 4_001, reason: "superseded"))
            let session = try await server.session
            #expect(await session.closing() == .peer(code: 4_001, reason: "superseded"))
            #expect(session.events.value == [.opened, .closed(.peer(code: 4_001, reason: "superseded"))])
            #expect(connection.pendingBytes == 0)
        }
    }

    @Test func `what came in one read with the close is drained before the end`() async throws {
        try await TestServer.run { server in
            let peer = try await RawPeer.connect(port: server.port)
            try await peer.upgrade()
            try await peer.send(frame(0x81, Array("last words".utf8)) + frame(0x88, [0x03, 0xE8]))
            let session = try await server.session
            _ = await session.closing()
            #expect(session.events.value.texts == ["last words"])
            #expect(session.drains.value == 1)
        }
    }

    @Test func `a peer that drops is reported once, and what it sent before is delivered`() async throws {
        try await TestServer.run { server in
            let peer = try await RawPeer.connect(port: server.port)
            try await peer.upgrade()
            try await peer.send(frame(0x81, Array("last words".utf8)))
            try await peer.channel.close().get()
            let session = try await server.session
            // The echo that nobody reads may turn the end into a reset.
            guard case .dropped(let cause) = await session.closing() else {
                Issue.record("\(session.events.value)")
                return
            }
            #expect(session.events.value == [.opened, .text("last words"), .closed(.dropped(cause: cause))])
        }
    }

    @Test func `a peer that half-closes is closed, and nobody waits in CLOSE_WAIT`() async throws {
        try await TestServer.run { server in
            let peer = try await RawPeer.connect(port: server.port)
            try await peer.upgrade()
            try await peer.channel.close(mode: .output).get()
            #expect(await peer.all().isClosed)
            #expect(try await server.session.closing() != nil)
        }
    }

    @Test func `a paused reader delivers nothing until it resumes, and then everything in order`() async throws {
        try await TestServer.run(session: {
            Recorder { connection, event in
                if event == .text("0") { connection.pauseReading() }
            }
        }) { server in
            let (connection, _) = try await server.client()
            let bulk = (0..<200).map { $0 == 0 ? "0" : "\($0) " + String(repeating: "x", count: 60_000) }
            connection.send(texts: bulk.map(ByteBuffer.init(string:)))
            let session = try await server.session
            _ = await session.texts(1)
            // 12 MB do not fit into the sockets: the sender is stuck with some of it.
            #expect(session.texts == ["0"])
            #expect(connection.pendingBytes > 1 << 20)
            try await session.connection.resumeReading()
            #expect(await session.texts(200) == bulk)
            #expect(session.events.value.closing == nil)
        }
    }

    @Test func `a pause holds back what came in the same packet`() async throws {
        try await TestServer.run(session: {
            Recorder { connection, event in
                if event == .text("a") { connection.pauseReading() }
            }
        }) { server in
            let peer = try await RawPeer.connect(port: server.port)
            try await peer.upgrade()
            try await peer.send(frame(0x81, [0x61]) + frame(0x81, [0x62]) + frame(0x81, [0x63]))
            let session = try await server.session
            await session.drains.wait { $0 == 1 }
            #expect(session.texts == ["a"])
            try await session.connection.resumeReading()
            #expect(await session.texts(3) == ["a", "b", "c"])
        }
    }

    @Test func `what is sent because the peer is slow comes after what was sent before`() async throws {
        let bulk = (0..<40).map { "\($0) " + String(repeating: "x", count: 100_000) }
        try await TestServer.run(session: {
            Recorder { connection, event in
                switch event {
                case .opened: connection.send(texts: bulk.map(ByteBuffer.init(string:)))
                case .writable(false): connection.send(text: ByteBuffer(string: "slow"))
                default: break
                }
            }
        }) { server in
            let (_, client) = try await server.client()
            #expect(await client.texts(41) == bulk + ["slow"])
        }
    }

    @Test func `who broke a rule hears the code, however late it reads`() async throws {
        var configuration = WebServerConfiguration()
        configuration.closeTimeout = .milliseconds(300)
        try await TestServer.run(configuration) { server in
            let peer = try await RawPeer.connect(port: server.port)
            try await peer.upgrade()
            try await peer.channel.setOption(.autoRead, value: false).get()
            try? await peer.send(frame(0x83, []) + [UInt8](repeating: 0, count: 1 << 20))
            _ = try await server.session.closing()
            try? await peer.channel.setOption(.autoRead, value: true).get()
            #expect(await peer.all().bytes.prefix(4).dropFirst(2) == [0x03, 0xEA])
        }
    }

    @Test func `what came before the end is delivered to a paused reader too`() async throws {
        try await TestServer.run(session: {
            Recorder { connection, event in
                if event == .opened { connection.pauseReading() }
            }
        }) { server in
            let peer = try await RawPeer.connect(port: server.port)
            try await peer.upgrade()
            try await peer.send(frame(0x81, [0x61]) + frame(0x81, [0x62]))
            try await peer.channel.close().get()
            let session = try await server.session
            _ = await session.closing()
            #expect(session.events.value == [.opened, .text("a"), .text("b"), .closed(.dropped(cause: nil))])
        }
    }

    @Test func `a slow reader shows in pendingBytes and in writability`() async throws {
        try await TestServer.run { server in
            let (client, _) = try await server.client(
                session: Recorder { connection, event in
                    if event == .opened { connection.pauseReading() }
                })
            let session = try await server.session
            let connection = try await session.connection
            connection.send(texts: (0..<200).map { _ in ByteBuffer(repeating: 0x61, count: 100_000) })
            await session.events.wait { $0.contains(.writable(false)) }
            #expect(connection.pendingBytes > 1 << 20)
            client.resumeReading()
            await session.events.wait { $0.contains(.writable(true)) }
        }
    }

    @Test func `a silent peer is pinged, and found dead within two intervals`() async throws {
        var configuration = WebServerConfiguration()
        configuration.pingInterval = .milliseconds(300)
        try await TestServer.run(configuration) { server in
            let deaf = try await RawPeer.connect(port: server.port)
            try await deaf.upgrade()
            #expect(try await server.session.closing() == .unresponsive)
            #expect(await deaf.all().bytes.prefix(2) == [0x89, 0x00])
        }
    }

    @Test func `answers pings with what they carry`() async throws {
        try await TestServer.run { server in
            let peer = try await RawPeer.connect(port: server.port)
            try await peer.upgrade()
            try await peer.send(frame(0x89, [9, 8, 7]))
            #expect(await peer.bytes(5) == [0x8A, 0x03, 9, 8, 7])
        }
    }

    @Test func `a thousand connections at once come and go and leave no session behind`() async throws {
        try await TestServer.run { server in
            var clients: [(connection: WebSocketConnection, session: Recorder)] = []
            for _ in 0..<1_000 { clients.append(try await server.client()) }
            #expect(server.sessions.value.count == 1_000)
            for client in clients { client.connection.close(code: 1_000, reason: "") }
            for client in clients { #expect(await client.session.closing() == .local(code: 1_000, reason: "")) }
            for session in server.sessions.value { _ = await session.closing() }
            let held = WeakSessions(server.sessions.value + clients.map(\.session))
            server.sessions.change { $0 = [] }
            clients = []
            #expect(await held.count() == 0)
        }
    }
}

/// Looks at sessions without holding them.
struct WeakSessions: Sendable {
    private struct Weak: Sendable { weak let session: Recorder? }
    private let sessions: [Weak]

    init(_ sessions: [Recorder]) { self.sessions = sessions.map { Weak(session: $0) } }

    /// How many there are once the event loops have let go of what they were just doing.
    func count() async -> Int {
        for _ in 0..<1_000 where self.sessions.contains(where: { $0.session != nil }) { await Task.yield() }
        return self.sessions.count { $0.session != nil }
    }
}
