import Testing
import TrailsWire

@Suite struct `A server endpoint` {
    @Test(arguments: [
        ("ws://127.0.0.1:8443/ws", "ws://127.0.0.1:8443/ws", "http://127.0.0.1:8443/api/v1", "127.0.0.1:8443"),
        ("http://localhost:8443", "ws://localhost:8443/ws", "http://localhost:8443/api/v1", "localhost:8443"),
        (
            "HTTPS://Trails.Example.com/", "wss://trails.example.com/ws", "https://trails.example.com/api/v1",
            "trails.example.com"
        ),
        ("wss://a.b:443/team/", "wss://a.b/team/ws", "https://a.b/team/api/v1", "a.b"),
        ("wss://a.b/team/ws/", "wss://a.b/team/ws", "https://a.b/team/api/v1", "a.b"),
        ("wss://a.b/news", "wss://a.b/news/ws", "https://a.b/news/api/v1", "a.b"),
        ("ws://[::1]:9", "ws://[::1]:9/ws", "http://[::1]:9/api/v1", "[::1]:9"),
        ("ws://[2001:DB8::1]", "ws://[2001:db8::1]/ws", "http://[2001:db8::1]/api/v1", "[2001:db8::1]"),
        ("ws://h:80", "ws://h/ws", "http://h/api/v1", "h"),
        ("ws://h:443", "ws://h:443/ws", "http://h:443/api/v1", "h:443"),
    ])
    func `is normalised`(text: String, socket: String, rest: String, host: String) throws {
        let endpoint = try ServerEndpoint(text)
        #expect(endpoint.webSocketURL == socket)
        #expect(endpoint.restBase == rest)
        #expect(endpoint.hostHeader == host)
        #expect(try ServerEndpoint(socket) == endpoint)
    }

    @Test(arguments: [
        "", "ws", "ws:", "ws:/h", "ws://", "ws:///ws", "ftp://h", "h:8443", "ws://h:0", "ws://h:65536", "ws://h:",
        "ws://h:+1",
        "ws://h:１", "ws://u@h", "ws://u:p@h", "ws://h?x", "ws://h/ws#f", "ws://h h", "ws://h\n", "ws://é", "ws://[::1",
        "ws://[]",
        "ws://[::g]", "ws://[1:2:3]", "ws://[::1]x", "ws://::1", "ws://a,b", "ws://[1::2::3]", "ws://[fe80::1%eth0]",
        "ws://h\"",
    ])
    func `that is none is refused`(text: String) {
        #expect(throws: ServerEndpoint.ParseError.self) { try ServerEndpoint(text) }
    }

    @Test func `of endless length is refused`() {
        #expect(throws: ServerEndpoint.ParseError.self) {
            try ServerEndpoint("ws://h/" + String(repeating: "a", count: 3000))
        }
        #expect(throws: ServerEndpoint.ParseError.self) {
            try ServerEndpoint("ws://" + String(repeating: "a", count: 254))
        }
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.9.9.9", true), ("localhost", true), ("x.localhost", true), ("[::1]", true),
        ("[0:0:0:0:0:0:0:1]", true), ("[::ffff:127.0.0.1]", true), ("128.0.0.1", false), ("10.0.0.1", false),
        ("localhost.example.com", false), ("[::2]", false), ("127.0.0.1.example.com", false), ("127.1", false),
        ("[::ffff:10.0.0.1]", false), ("0.0.0.0", false), ("notlocalhost", false),
    ])
    func `knows loopback`(host: String, isLoopback: Bool) throws {
        #expect(try ServerEndpoint("ws://\(host):1").isLoopback == isLoopback)
    }

    @Test func `says whether it is TLS`() throws {
        #expect(try ServerEndpoint("https://h").isTLS)
        #expect(try !ServerEndpoint("ws://h").isTLS)
    }
}
