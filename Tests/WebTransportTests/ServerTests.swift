import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing
import WebTransport

@Suite(.timeLimit(.minutes(10))) struct ServerTests {
    private static let get = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test func `answers requests from the router, many on one connection`() async throws {
        try await TestServer.run { server in
            let peer = try await RawPeer.connect(port: server.port)
            for _ in 0..<3 {
                try await peer.send(Self.get)
                let answer = await peer.text(endingWith: "well")
                #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(answer.contains("\r\nDate: ") && answer.contains(" GMT\r\n"))
                peer.heard.change { $0.bytes = [] }
            }
            try await peer.send(Self.get + Self.get + "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            let text = await peer.all().text
            #expect(text.components(of: "HTTP/1.1 200 OK") == 2)
            #expect(text.components(of: "HTTP/1.1 404 Not Found") == 1)
        }
    }

    @Test func `a client that half-closes after its request still gets the answer`() async throws {
        try await TestServer.run { server in
            let peer = try await RawPeer.connect(port: server.port)
            try await peer.send(Self.get)
            try await peer.channel.close(mode: .output).get()
            #expect(await peer.all().text.hasSuffix("well"))
        }
    }

    @Test func `a client that half-closes while the gate refuses gets the answer, and the end`() async throws {
        let asked = Watched(false)
        let isOpen = Watched(false)
        try await TestServer.run(gate: { _ in
            asked.change { $0 = true }
            await isOpen.wait { $0 }
            return false
        }) { server in
            let peer = try await RawPeer.connect(port: server.port)
            try await peer.send(RawPeer.upgradeRequest())
            try await peer.channel.close(mode: .output).get()
            await asked.wait { $0 }
            isOpen.change { $0 = true }
            #expect(await peer.all().text.hasSuffix("you?\"}"))
        }
    }

    @Test func `a gate that takes its time is waited for, and frames sent meanwhile are not lost`() async throws {
        let isOpen = Watched(false)
        let asked = Watched<[String?]>([])
        try await TestServer.run(gate: { request in
            asked.change { $0 = [request.path, request.query, request.host, request.origin] }
            await isOpen.wait { $0 }
            return true
        }) { server in
            let peer = try await RawPeer.connect(port: server.port)
            let request = RawPeer.upgradeRequest(path: "/ws?token=1", changing: ["Origin": "http://page"])
            try await peer.send(Array(request.utf8) + frame(0x81, Array("early".utf8)))
            await asked.wait { !$0.isEmpty }
            try await peer.send(frame(0x81, Array("bird".utf8)))
            isOpen.change { $0 = true }
            let session = try await server.session
            #expect(await session.texts(2) == ["early", "bird"])
            #expect(asked.value == ["/ws", "token=1", "localhost", "http://page"])
            let head = await peer.text(endingWith: "bird")
            #expect(head.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
            #expect(head.contains("x-session: here\r\n"))
        }
    }

    @Test func `a refused upgrade is answered by the router, and the connection serves on`() async throws {
        try await TestServer.run(gate: { _ in false }) { server in
            let peer = try await RawPeer.connect(port: server.port)
            // Twice, and then a plain request: the decoder would stop after the first.
            for _ in 0..<2 {
                try await peer.send(RawPeer.upgradeRequest())
                let text = await peer.text(endingWith: "you?\"}")
                #expect(text.hasPrefix("HTTP/1.1 401 Unauthorized\r\n"))
                #expect(text.contains("application/problem+json"))
                peer.heard.change { $0.bytes = [] }
            }
            try await peer.send(RawPeer.upgradeRequest() + Self.get)
            #expect(await peer.text(endingWith: "well").contains("200 OK"))
            #expect(server.sessions.value.isEmpty)
        }
    }

    @Test(
        arguments: [
            ["Sec-WebSocket-Version": "12"], ["Sec-WebSocket-Version": nil], ["Sec-WebSocket-Key": nil],
            ["Sec-WebSocket-Key": "c2hvcnQ="], ["Sec-WebSocket-Key": "not base64 at all!!!!!!!"],
            ["Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQCAAAAAAIAAAAA", "Connection": "Upgrade, HTTP2-Settings"],
            ["Connection": "keep-alive"], ["Content-Length": "0"],
        ] as [[String: String?]])
    func `what is no WebSocket request goes to the router`(changes: [String: String?]) async throws {
        try await TestServer.run { server in
            let peer = try await RawPeer.connect(port: server.port)
            try await peer.send(RawPeer.upgradeRequest(changing: changes))
            #expect(await peer.text(endingWith: "you?\"}").hasPrefix("HTTP/1.1 401 "))
            #expect(server.sessions.value.isEmpty)
            peer.heard.change { $0.bytes = [] }
            try await peer.send(Self.get)
            #expect(await peer.text(endingWith: "well").hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func `a POST that wants to upgrade is a POST`() async throws {
        try await TestServer.run { server in
            let peer = try await RawPeer.connect(port: server.port)
            let request = RawPeer.upgradeRequest(path: "/count", changing: ["Content-Length": "3"])
            try await peer.send(request.replacing("GET ", with: "POST ") + "abc" + Self.get)
            let text = await peer.text(endingWith: "well")
            #expect(text.contains("\r\n\r\n3HTTP/1.1 200 OK"))
        }
    }

    @Test(arguments: [
        "\r\n\r\nrubbish\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{0}\u{1}\u{2}", "GET /\r\nno colon\r\n\r\n",
    ])
    func `garbage ends its connection, and no other`(garbage: String) async throws {
        try await TestServer.run { server in
            let (connection, client) = try await server.client()
            let peer = try await RawPeer.connect(port: server.port)
            try? await peer.send(garbage)
            let text = await peer.all().text
            #expect(text.isEmpty || text.hasPrefix("HTTP/1.1 400 "))
            connection.send(text: ByteBuffer(string: "hello"))
            #expect(await client.texts(1) == ["hello"])
        }
    }

    @Test(arguments: [
        (1002, frame(0x81, [0x61], mask: nil)), (1002, frame(0xF1, [0x61])), (1002, frame(0x83, [])),
        (1002, frame(0x09, [])), (1007, frame(0x81, [0xFF])), (1002, frame(0x88, [0x03, 0xED])),
    ])
    func `a broken rule is answered with its code, and ends the connection`(code: Int, bytes: [UInt8]) async throws {
        try await TestServer.run { server in
            let peer = try await RawPeer.connect(port: server.port)
            try await peer.upgrade()
            try await peer.send(frame(0x81, [0x61]) + bytes + [UInt8](repeating: 0x55, count: 1 << 20))
            let frames = serverFrames(await peer.all().bytes)
            #expect(frames.map(\.0) == [0x81, 0x88])
            #expect(frames.last?.1.prefix(2) == [UInt8(code >> 8), UInt8(code & 0xFF)])
            let reason = try await server.session.closing()
            guard case .violation(UInt16(code), _) = reason else {
                Issue.record("\(server.sessions.value[0].events.value)")
                return
            }
        }
    }

    @Test func `random bytes after the handshake never stop the server`() async throws {
        try await TestServer.run { server in
            for _ in 0..<50 {
                let peer = try await RawPeer.connect(port: server.port)
                try await peer.upgrade()
                try? await peer.send((0..<500).map { _ in UInt8.random(in: 0...255) })
                try? await peer.channel.close().get()
            }
            for session in server.sessions.value { _ = await session.closing() }
            let (connection, client) = try await server.client()
            connection.send(text: ByteBuffer(string: "hello"))
            #expect(await client.texts(1) == ["hello"])
        }
    }

    @Test func `who says nothing, or half a request, is dropped after the handshake time`() async throws {
        var configuration = WebServerConfiguration()
        configuration.handshakeTimeout = .milliseconds(200)
        try await TestServer.run(configuration) { server in
            let silent = try await RawPeer.connect(port: server.port)
            let slow = try await RawPeer.connect(port: server.port)
            try? await slow.send("GET /ws HTTP/1.1\r\nHo")
            #expect(await silent.all().bytes.isEmpty)
            #expect(await slow.all().bytes.isEmpty)
        }
    }

    @Test func `a gate that never answers costs the handshake time only`() async throws {
        var configuration = WebServerConfiguration()
        configuration.handshakeTimeout = .milliseconds(200)
        let isOpen = Watched(false)
        try await TestServer.run(configuration, gate: { _ in await isOpen.wait { $0 } }) { server in
            let peer = try await RawPeer.connect(port: server.port)
            try? await peer.send(RawPeer.upgradeRequest())
            #expect(await peer.all().bytes.isEmpty)
            isOpen.change { $0 = true }
        }
    }

    @Test func `an idle HTTP connection is closed`() async throws {
        var configuration = WebServerConfiguration()
        configuration.idleHTTPTimeout = .milliseconds(200)
        try await TestServer.run(configuration) { server in
            let peer = try await RawPeer.connect(port: server.port)
            try await peer.send(Self.get)
            #expect(await peer.all().text.hasSuffix("well"))
        }
    }

    @Test func `a body over the limit is answered with 413, announced or not`() async throws {
        var configuration = WebServerConfiguration()
        configuration.bodyMax = 1_000
        try await TestServer.run(configuration) { server in
            let head = "POST /count HTTP/1.1\r\nHost: x\r\n"
            let fits = try await RawPeer.connect(port: server.port)
            try await fits.send("\(head)Content-Length: 1000\r\n\r\n" + String(repeating: "x", count: 1_000))
            #expect(await fits.text(endingWith: "1000").hasPrefix("HTTP/1.1 200 "))
            let announced = try await RawPeer.connect(port: server.port)
            try await announced.send("\(head)Content-Length: 1001\r\n\r\n" + String(repeating: "x", count: 1_001))
            #expect(await announced.all().text.hasPrefix("HTTP/1.1 413 "))
            let chunked = try await RawPeer.connect(port: server.port)
            let chunk = "3e9\r\n" + String(repeating: "x", count: 1_001) + "\r\n0\r\n\r\n"
            try await chunked.send("\(head)Transfer-Encoding: chunked\r\n\r\n" + chunk)
            #expect(await chunked.text(endingWith: "\r\n\r\n").hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func `connections over the limit of an address are turned away, and a place that is freed is given`()
        async throws
    {
        var configuration = WebServerConfiguration()
        configuration.connectionsPerAddressMax = 2
        try await TestServer.run(configuration) { server in
            let (first, _) = try await server.client()
            let (_, _) = try await server.client()
            let third = try await RawPeer.connect(port: server.port)
            #expect(await third.all().text.hasPrefix("HTTP/1.1 429 Too Many Requests\r\n"))
            let refused = await #expect(throws: WebSocketClientError.self) { try await server.client() }
            #expect(refused?.status == 429)
            first.close(code: 1_000, reason: "")
            _ = await server.sessions.value[0].closing()
            // The place is free when the server's socket is closed, which is just after the session heard of it.
            var (place, attempts) = (try? await server.client(), 0)
            while place == nil, attempts < 100 {
                place = try? await server.client()
                attempts += 1
            }
            #expect(place != nil)
        }
    }

    @Test func `a graceful stop closes fifty sockets with 1001, finishes a request, and ends`() async throws {
        try await TestServer.run { server in
            var clients: [Recorder] = []
            for _ in 0..<50 { clients.append(try await server.client().1) }
            let idle = try await RawPeer.connect(port: server.port)
            try await idle.send(Self.get)
            _ = await idle.text(endingWith: "well")
            let busy = try await RawPeer.connect(port: server.port)
            try await busy.send("POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe")
            await server.counted.wait { $0 == 1 }
            await server.stop()
            for client in clients {
                #expect(await client.closing() == .peer(code: 1001, reason: "the server is going away"))
            }
            #expect(await idle.all().isClosed)
            try await busy.send("llo")
            #expect(await busy.all().text.hasSuffix("\r\n\r\n5"))
            await server.hasEnded()
            await #expect(throws: (any Error).self) { try await RawPeer.connect(port: server.port) }
        }
    }

    @Test func `who is at the gate when the server stops is let in and sent away, or answered`() async throws {
        let asked = Watched(0)
        let isOpen = Watched(false)
        var configuration = WebServerConfiguration()
        configuration.handshakeTimeout = .seconds(50)
        configuration.shutdownGrace = .seconds(50)
        configuration.closeTimeout = .milliseconds(200)
        try await TestServer.run(
            configuration,
            gate: { request in
                asked.change { $0 += 1 }
                await isOpen.wait { $0 }
                return request.path == "/ws"
            }
        ) { server in
            let accepted = try await RawPeer.connect(port: server.port)
            try await accepted.send(RawPeer.upgradeRequest())
            let refused = try await RawPeer.connect(port: server.port)
            try await refused.send(RawPeer.upgradeRequest(path: "/health"))
            await asked.wait { $0 == 2 }
            await server.stop()
            // The listener is closed in the same moment as the connections are told.
            while let late = try? await RawPeer.connect(port: server.port) { try? await late.channel.close().get() }
            isOpen.change { $0 = true }
            #expect(await refused.all().text.hasSuffix("well"))
            #expect(try await server.session.closing() == .local(code: 1001, reason: "the server is going away"))
            await server.hasEnded()
        }
    }

    @Test func `a peer that does not answer the close frame holds up the stop for the close timeout only`() async throws
    {
        var configuration = WebServerConfiguration()
        configuration.closeTimeout = .milliseconds(200)
        try await TestServer.run(configuration) { server in
            let deaf = try await RawPeer.connect(port: server.port)
            try await deaf.upgrade()
            _ = try await server.session
            await server.stop()
            await server.hasEnded()
            #expect(await deaf.all().bytes.prefix(4) == [0x88, 26, 0x03, 0xE9])
            #expect(await server.sessions.value[0].closing() == .local(code: 1001, reason: "the server is going away"))
        }
    }

    @Test func `a request that never ends holds up the stop for the grace only`() async throws {
        var configuration = WebServerConfiguration()
        configuration.shutdownGrace = .milliseconds(200)
        try await TestServer.run(configuration) { server in
            let peer = try await RawPeer.connect(port: server.port)
            try await peer.send("POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe")
            await server.stop()
            await server.hasEnded()
            #expect(await peer.all().isClosed)
        }
    }

    @Test func `a port that is taken is said so`() async throws {
        try await TestServer.run { server in
            let second = WebServer(
                configuration: .init(port: server.port), router: TestServer.router(), upgrade: { _ in .refuse },
                logger: .init(label: "test"))
            let error = await #expect(throws: WebServerError.self) { try await second.run() }
            #expect(error?.code == .cannotListen)
            #expect(error?.message == "cannot listen on 127.0.0.1:\(server.port)")
        }
    }

    @Test func `a server with threads of its own ends with them`() async throws {
        var configuration = WebServerConfiguration()
        configuration.numberOfThreads = 1
        try await TestServer.run(configuration) { server in
            let (connection, client) = try await server.client()
            connection.send(text: ByteBuffer(string: "hello"))
            #expect(await client.texts(1) == ["hello"])
        }
    }
}

extension String {
    func components(of part: String) -> Int { self.ranges(of: part).count }
}
