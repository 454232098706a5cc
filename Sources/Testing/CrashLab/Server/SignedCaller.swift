import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
package import TrailsWire
package import Vocabulary

/// Makes signed REST calls for one app.
package struct SignedCaller: Sendable {
    package let address: String
    package let app: AppID
    package let key: SigningKey
    package let serverKey: PublicKey

    package struct Answer: Sendable {
        package let status: Int
        package let body: JSONValue

        var isTemporary: Bool {
            self.status >= 500 || self.status == 429 || self.body["code"]?.string == ErrorCode.stale.rawValue
        }
    }
}

extension SignedCaller {
    /// A server that is not there is tried again at once, not after a while that grows.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(2)))
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// Calls until the server gives an answer that stays: also through kills and restarts.
    package func insist(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> Answer {
        let deadline = ContinuousClock.now + .seconds(120)
        while true {
            if let answer = try? await self.call(method, path, body), !answer.isTemporary { return answer }
            try Task.checkCancellation()
            guard ContinuousClock.now < deadline else { throw LabError("no answer to \(method) \(path)") }
            try await Task.sleep(for: .milliseconds(15))
        }
    }

    /// Calls once. An answer that the server did not sign rightly is an error.
    package func call(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> Answer {
        let path = "/api/v1" + path
        let bytes = body?.utf8 ?? []
        var dice = SystemRandomNumberGenerator()
        let nonce = Nonce.request(using: &dice)
        let call = RESTCall(method: method, host: self.address, path: path, body: bytes)
        let signature = try RESTSignature(
            of: call, by: .app(self.app), with: self.key, for: self.serverKey, at: .now, nonce: nonce)
        var request = HTTPClientRequest(url: "http://\(self.address)\(path)")
        request.method = HTTPMethod(rawValue: method)
        for header in signature.headers { request.headers.add(name: header.name, value: header.value) }
        if !bytes.isEmpty { request.body = .bytes(bytes) }
        let response = try await Self.client.execute(request, timeout: .seconds(20))
        let answer = Array(try await response.body.collect(upTo: 64 << 20).readableBytesView)
        let status = Int(response.status.code)
        let proof = response.headers.first(name: RESTReply.signatureHeader).flatMap { Signature($0) }
        guard let proof,
            RESTReply(status: status, body: answer)
                .isValid(proof, to: self.key.publicKey, nonce: nonce, by: Verifier(self.serverKey))
        else { throw LabError("\(method) \(path): status \(status), not signed by the server") }
        return Answer(status: status, body: try JSONValue(parsing: answer))
    }

    /// Who serves at `address`.
    package static func serverKey(at address: String) async throws -> PublicKey {
        let request = HTTPClientRequest(url: "http://\(address)/api/v1/server")
        let response = try await Self.client.execute(request, timeout: .seconds(20))
        let body = try await response.body.collect(upTo: 1 << 20)
        return try ServerDescription(parsing: body.readableBytesView).serverKey
    }
}

extension Timestamp {
    /// By the system's clock.
    static var now: Timestamp {
        Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
    }
}
