import AsyncHTTPClient
import Synchronization
import TrailsClient
import WebTransport

/// The HTTP client of the process, one for each trust; it lives until the process ends.
enum SharedHTTPClient {
    private static let clients = Mutex<[TLSTrust: HTTPClient]>([:])

    static func with(trust: TLSTrust) -> HTTPClient {
        self.clients.withLock { clients in
            if let client = clients[trust] { return client }
            let client = HTTPClient.forTrails(trust: trust)
            clients[trust] = client
            return client
        }
    }
}
