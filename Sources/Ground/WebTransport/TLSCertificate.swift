import NIOCore
import NIOSSL
import Synchronization

/// A server's certificate in use; connections keep the one they began with.
final class TLSCertificate: Sendable {
    private let files: TLSFiles
    private let current: Mutex<NIOSSLContext>

    init(_ files: TLSFiles) throws(WebServerError) {
        self.files = files
        self.current = Mutex(try Self.load(files))
    }

    var context: NIOSSLContext { self.current.withLock { $0 } }

    /// Reads the files again, for the connections to come. When it throws, the certificate stays what it was.
    func reload() throws(WebServerError) {
        let loaded = try Self.load(self.files)
        self.current.withLock { $0 = loaded }
    }

    private static func load(_ files: TLSFiles) throws(WebServerError) -> NIOSSLContext {
        let chain: [NIOSSLCertificate]
        let key: NIOSSLPrivateKey
        do { chain = try NIOSSLCertificate.fromPEMFile(files.certificate) } catch {
            throw .tls("cannot read a certificate from \(files.certificate)", cause: error)
        }
        guard !chain.isEmpty else { throw .tls("no certificate in \(files.certificate)", cause: nil) }
        do { key = try NIOSSLPrivateKey(file: files.key, format: .pem) } catch {
            throw .tls("cannot read a private key from \(files.key)", cause: error)
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = .seconds(1)
        do { return try NIOSSLContext(configuration: configuration) } catch {
            throw .tls("the key in \(files.key) does not fit the certificate in \(files.certificate)", cause: error)
        }
    }
}
