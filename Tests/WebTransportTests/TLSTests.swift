import Foundation
import NIOCore
import NIOPosix
import Subprocess
import Testing
import WebTransport

@Suite(.serialized, .timeLimit(.minutes(10))) struct TLSTests {
    @Test func `carries messages over wss, by name and by address`() async throws {
        try await withCertificate { directory in
            let files = try await directory.makeCertificate("one")
            try await TestServer.run(.init(tls: files)) { server in
                for host in ["localhost", "127.0.0.1"] {
                    let (connection, client) = try await server.client(
                        "wss://\(host):\(server.port)/ws", trust: .authority(file: files.certificate))
                    let big = String(repeating: "x", count: 1 << 20)
                    connection.send(texts: ["hello", big, "bye"].map(ByteBuffer.init(string:)))
                    #expect(await client.texts(3) == ["hello", big, "bye"])
                    connection.close(code: 1_000, reason: "done")
                    #expect(await client.closing() == .local(code: 1_000, reason: "done"))
                }
                await server.sessions.wait { sessions in sessions.count == 2 }
                for session in server.sessions.value {
                    #expect(await session.closing() == .peer(code: 1_000, reason: "done"))
                }
            }
        }
    }

    @Test func `trusts only whom it is told to, and a name only if the certificate has it`() async throws {
        try await withCertificate { directory in
            let files = try await directory.makeCertificate("one")
            let other = try await directory.makeCertificate("other")
            let nameless = try await directory.makeCertificate("nameless", names: "DNS:example.org")
            try await TestServer.run(.init(tls: files)) { server in
                let url = "wss://localhost:\(server.port)/ws"
                for trust in [TLSTrust.system, .authority(file: other.certificate)] {
                    let error = await #expect(throws: WebSocketClientError.self) {
                        try await server.client(url, trust: trust)
                    }
                    #expect(error?.code == .tls)
                }
            }
            try await TestServer.run(.init(tls: nameless)) { server in
                for host in ["localhost", "127.0.0.1"] {
                    let error = await #expect(throws: WebSocketClientError.self) {
                        try await server.client(
                            "wss://\(host):\(server.port)/ws", trust: .authority(file: nameless.certificate))
                    }
                    #expect(error?.code == .tls)
                }
            }
        }
    }

    @Test func `a new certificate is for new connections, and a broken one for nobody`() async throws {
        try await withCertificate { directory in
            let used = try await directory.makeCertificate("one")
            let first = try directory.copy(used.certificate, to: "first.pem")
            try await TestServer.run(.init(tls: used)) { server in
                let url = "wss://localhost:\(server.port)/ws"
                let (old, oldClient) = try await server.client(url, trust: .authority(file: first))

                try "nonsense".write(toFile: used.key, atomically: true, encoding: .utf8)
                let error = #expect(throws: WebServerError.self) { try server.server.reloadTLS() }
                #expect(error?.message == "cannot read a private key from \(used.key)")
                _ = try await server.client(url, trust: .authority(file: first))

                let next = try await directory.makeCertificate("one")
                let foreign = try await directory.makeCertificate("foreign")
                let own = try directory.copy(next.key, to: "own.key")
                try directory.replace(next.key, with: foreign.key)
                #expect(throws: WebServerError.self) { try server.server.reloadTLS() }
                _ = try await server.client(url, trust: .authority(file: first))

                try directory.replace(next.key, with: own)
                try server.server.reloadTLS()
                _ = try await server.client(url, trust: .authority(file: next.certificate))
                await #expect(throws: WebSocketClientError.self) {
                    try await server.client(url, trust: .authority(file: first))
                }
                old.send(text: ByteBuffer(string: "still here"))
                #expect(await oldClient.texts(1) == ["still here"])
            }
        }
    }

    @Test func `closes with 1009 at the wall over wss too, and stops gracefully`() async throws {
        try await withCertificate { directory in
            let files = try await directory.makeCertificate("one")
            var configuration = WebServerConfiguration(tls: files)
            configuration.frameWall = 2 << 20
            try await TestServer.run(configuration) { server in
                let url = "wss://localhost:\(server.port)/ws"
                let (connection, client) = try await server.client(url, trust: .authority(file: files.certificate))
                connection.send(binary: ByteBuffer(repeating: 1, count: 5 << 20))
                #expect(await client.closing() == .peer(code: 1009, reason: "a message is over 2097152 bytes"))
                let (_, other) = try await server.client(url, trust: .authority(file: files.certificate))
                await server.stop()
                #expect(await other.closing() == .peer(code: 1001, reason: "the server is going away"))
                await server.hasEnded()
            }
        }
    }

    @Test func `plain talk to a TLS port ends that connection only`() async throws {
        try await withCertificate { directory in
            let files = try await directory.makeCertificate("one")
            try await TestServer.run(.init(tls: files)) { server in
                let peer = try await RawPeer.connect(port: server.port)
                try? await peer.send("GET /health HTTP/1.1\r\n\r\n")
                #expect(await !peer.all().text.contains("well"))
                _ = try await server.client(
                    "wss://localhost:\(server.port)/ws", trust: .authority(file: files.certificate))
            }
        }
    }

    @Test func `curl gets answers over plain and secure HTTP, also when it offers HTTP 2`() async throws {
        try await withCertificate { directory in
            let files = try await directory.makeCertificate("one")
            try await TestServer.run { server in
                let url = "http://127.0.0.1:\(server.port)"
                let twice = try await curl("--http2", "\(url)/health", "\(url)/health")
                #expect(twice == "wellwell")
                let posted = try await curl("-d", "12345", "\(url)/count")
                #expect(posted == "5")
            }
            try await TestServer.run(.init(tls: files)) { server in
                let url = "https://localhost:\(server.port)/health"
                let secure = try await curl("--http2", "--cacert", files.certificate, url)
                #expect(secure == "well")
            }
        }
    }
}

private func curl(_ arguments: String...) async throws -> String {
    let outcome = try await Subprocess.run(
        .name("curl"), arguments: .init(["-sS", "--max-time", "20"] + arguments), output: .string(limit: 1 << 16),
        error: .string(limit: 1 << 16))
    #expect(outcome.terminationStatus.isSuccess, "\(outcome.standardError)")
    return outcome.standardOutput
}

/// A directory that lasts as long as `body`.
private func withCertificate(_ body: (CertificateDirectory) async throws -> Void) async throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    try await body(CertificateDirectory(url: url))
}

private struct CertificateDirectory {
    let url: URL

    /// Makes a self-signed certificate and its key, in the place of those of the same name.
    func makeCertificate(_ name: String, names: String = "DNS:localhost,IP:127.0.0.1") async throws -> TLSFiles {
        let files = TLSFiles(certificate: self.path("\(name).pem"), key: self.path("\(name).key"))
        let outcome = try await Subprocess.run(
            .name("openssl"),
            arguments: [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=\(name)", "-addext", "subjectAltName=\(names)", "-keyout", files.key, "-out",
                files.certificate,
            ], output: .discarded, error: .string(limit: 1 << 16))
        #expect(outcome.terminationStatus.isSuccess, "\(outcome.standardError)")
        return files
    }

    func copy(_ path: String, to name: String) throws -> String {
        try self.replace(self.path(name), with: path)
        return self.path(name)
    }

    func replace(_ path: String, with other: String) throws {
        try Data(contentsOf: URL(fileURLWithPath: other)).write(to: URL(fileURLWithPath: path))
    }

    private func path(_ name: String) -> String { self.url.appendingPathComponent(name).path }
}
