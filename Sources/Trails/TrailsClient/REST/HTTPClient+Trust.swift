package import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL
package import WebTransport

extension HTTPClient {
    /// A client for calls to a server: one attempt a call, no redirects, HTTP/1.1.
    package static func forTrails(trust: TLSTrust) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = .seconds(5)
        configuration.connectionPool.retryConnectionEstablishment = false
        if case .authority(let file) = trust {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.minimumTLSVersion = .tlsv12
            tls.trustRoots = .file(file)
            configuration.tlsConfiguration = tls
        }
        return HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), configuration: configuration)
    }
}
