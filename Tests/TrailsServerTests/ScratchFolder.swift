import Foundation
import ProgramKit
import Testing
import WebTransport

/// A folder that is gone when the test is over.
final class ScratchFolder: Sendable {
    let path: String

    init() throws {
        self.path = NSTemporaryDirectory() + "/trailsd-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: self.path) }

    func file(_ name: String) -> String { "\(self.path)/\(name)" }

    /// Makes a self-signed certificate for localhost, and its key.
    func makeCertificate(_ name: String = "server") throws -> TLSFiles {
        let files = TLSFiles(certificate: self.file("\(name).pem"), key: self.file("\(name).key"))
        let made = try Finished.run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", files.key,
                "-out", files.certificate,
            ])
        #expect(made.status == 0, "\(made.errors)")
        return files
    }
}

/// A program that has ended.
struct Finished {
    var status: Int32
    var output: String
    var errors: String

    static func run(_ path: String, _ arguments: [String], environment: [String: String]? = nil) throws -> Finished {
        let program = try TestProgram([path] + arguments, environment: environment)
        let status = program.waitHere()
        return Finished(status: status, output: program.output, errors: program.errors)
    }
}
