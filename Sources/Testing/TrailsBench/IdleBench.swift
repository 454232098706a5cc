import BenchKit
import Foundation
import TrailsCore
import TrailsWire
import Vocabulary
import WebTransport

/// Memory of a server and of connections that say nothing, with and without TLS.
enum IdleBench {
    /// What the spec allows, in the unit that its row is printed in.
    private struct Goals {
        var idleMiB: Double
        var connectionKiB: Double
    }

    static func run(_ report: BenchReport, connections: Int) async throws {
        report.title("memory")
        try await self.run(report, .open, nil, connections, Goals(idleMiB: 48, connectionKiB: 16))
        let folder = try BenchFolder()
        let certificate = try BenchCertificate(in: folder)
        try await self.run(report, .full, certificate, connections, Goals(idleMiB: 60, connectionKiB: 40))
    }

    private static func run(
        _ report: BenchReport, _ level: SecurityLevel, _ certificate: BenchCertificate?, _ connections: Int,
        _ goals: Goals
    ) async throws {
        let daemon = try Daemon(arguments: certificate?.arguments ?? [])
        defer { daemon.stop() }
        let trust = certificate?.trust ?? .system
        let server = try await daemon.key(trust: trust)
        let kind = certificate == nil ? "ws" : "wss"
        let idle = Double(daemon.resident) / 1_024
        report.row("idle trailsd, \(kind)", String(format: "%.0f MiB", idle))
        report.ratio("  MiB against the goal of \(goals.idleMiB.whole)", idle / goals.idleMiB, atMost: 1)
        var clients: [LoadClient] = []
        var first = 0
        for number in 1...connections {
            let client = LoadClient(level: level, server: server)
            try await client.start(at: daemon.endpoint, trust: trust)
            clients.append(client)
            if number == connections / 10 { first = daemon.resident }
        }
        let slope = Double(daemon.resident - first) / Double(connections - connections / 10)
        report.row(
            "a registered idle \(kind) connection, slope from \(connections / 10) to \(connections)",
            String(format: "%.1f KiB", slope))
        report.ratio("  KiB against the goal of \(goals.connectionKiB.whole)", slope / goals.connectionKiB, atMost: 1)
        for client in clients { client.close() }
    }
}

/// A self-signed certificate for this machine, made for one run.
struct BenchCertificate {
    private let files: TLSFiles

    init(in folder: BenchFolder) throws {
        self.files = TLSFiles(certificate: folder.file("server.pem"), key: folder.file("server.key"))
        try BenchProgram.run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=trails-bench", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-keyout", self.files.key, "-out", self.files.certificate,
            ])
    }

    /// What trailsd is told.
    var arguments: [String] { ["--tls-cert", self.files.certificate, "--tls-key", self.files.key] }

    /// Whom a client believes.
    var trust: TLSTrust { .authority(file: self.files.certificate) }
}
