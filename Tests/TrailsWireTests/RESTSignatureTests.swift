import Testing
import TrailsCore
import TrailsWire
import Vocabulary

@Suite struct `A signed REST call` {
    static let serverKey = Sample.serverKey.publicKey
    static let verifier = Verifier(Sample.childKey.publicKey)

    static func headers(_ signature: RESTSignature, without name: String? = nil, _ value: String? = nil) -> (String) ->
        String?
    {
        var headers = Dictionary(uniqueKeysWithValues: signature.headers.map { ($0.name, $0.value) })
        if let name { headers[name] = value }
        return { headers[$0] }
    }

    @Test func `is known by its headers`() throws {
        let signature = try Sample.restSignature()
        let read = try RESTSignature(headers: Self.headers(signature))
        #expect(read == signature)
        #expect(read.isValid(for: Sample.call, to: Self.serverKey, by: Self.verifier))
        #expect(
            read.headers.map(\.name) == [
                "X-Trails-App", "X-Trails-PubKey", "X-Trails-Timestamp", "X-Trails-Nonce", "X-Trails-Sig",
            ])
    }

    @Test func `is for this method, host, path, body and server only`() throws {
        let signature = try Sample.restSignature()
        let call = Sample.call
        let body = Array("{}".utf8)
        for forged in [
            RESTCall(method: "GET", host: call.host, path: call.path, body: body),
            RESTCall(method: call.method, host: "other", path: call.path, body: body),
            RESTCall(method: call.method, host: call.host, path: call.path + "&x", body: body),
            RESTCall(method: call.method, host: call.host, path: call.path, body: []),
        ] { #expect(!signature.isValid(for: forged, to: Self.serverKey, by: Self.verifier)) }
        #expect(!signature.isValid(for: call, to: Sample.strangerKey.publicKey, by: Self.verifier))
        #expect(!signature.isValid(for: call, to: Self.serverKey, by: Verifier(Sample.strangerKey.publicKey)))
    }

    @Test func `is for this time and nonce only`() throws {
        let signature = try Sample.restSignature()
        let other = Nonce(bytes: [UInt8](repeating: 0, count: 16))?.description
        for (name, value) in [("X-Trails-Timestamp", "1772000000124"), ("X-Trails-Nonce", other)] {
            let forged = try RESTSignature(headers: Self.headers(signature, without: name, value))
            #expect(!forged.isValid(for: Sample.call, to: Self.serverKey, by: Self.verifier), "\(name)")
        }
    }

    @Test func `is the key's that the header names`() throws {
        let stranger = Sample.strangerKey.publicKey
        let forged = try RESTSignature(
            headers: Self.headers(try Sample.restSignature(), without: "X-Trails-PubKey", stranger.description))
        #expect(!forged.isValid(for: Sample.call, to: Self.serverKey, by: Self.verifier))
        #expect(!forged.isValid(for: Sample.call, to: Self.serverKey, by: Verifier(stranger)))
    }

    @Test(arguments: [
        ("X-Trails-App", nil), ("X-Trails-App", "me"), ("X-Trails-PubKey", nil), ("X-Trails-PubKey", "ed25519:AA"),
        ("X-Trails-Timestamp", nil), ("X-Trails-Timestamp", "now"), ("X-Trails-Timestamp", "-1"),
        ("X-Trails-Timestamp", ""),
        ("X-Trails-Timestamp", "99999999999999999999"), ("X-Trails-Timestamp", "+1"), ("X-Trails-Nonce", nil),
        ("X-Trails-Nonce", "AAAA"),
        ("X-Trails-Sig", nil), ("X-Trails-Sig", "ed25519:AAAA"),
    ])
    func `with a bad header is refused by name`(name: String, value: String?) throws {
        let signature = try Sample.restSignature()
        let error = #expect(throws: FrameError.self) {
            try RESTSignature(headers: Self.headers(signature, without: name, value))
        }
        #expect(error?.field == name)
        #expect(error?.code == .badSignature)
    }

    @Test func `may be the admin's`() throws {
        let signature = try RESTSignature(
            of: Sample.call, by: .admin, with: Sample.rootKey, for: Self.serverKey, at: Sample.moment,
            nonce: Sample.requestNonce)
        #expect(signature.headers[0].value == "admin")
        #expect(try RESTSignature(headers: Self.headers(signature)).caller == .admin)
    }

    @Test(
        arguments: [
            (0, true), (300_000, true), (300_001, false), (-300_000, true), (-300_001, false), (Int64.max / 2, false),
        ] as [(Int64, Bool)])
    func `is fresh for five minutes, clocks both ways`(age: Int64, isFresh: Bool) throws {
        let signature = try Sample.restSignature()
        let now = Timestamp(milliseconds: Sample.moment.milliseconds + age)
        let start = Timestamp(milliseconds: 0)
        if isFresh {
            try signature.checkFreshness(now: now, serverStartedAt: start)
        } else {
            let error = #expect(throws: FrameError.self) {
                try signature.checkFreshness(now: now, serverStartedAt: start)
            }
            #expect(error?.code == .stale)
        }
    }

    @Test func `from before the server started is stale`() throws {
        let signature = try Sample.restSignature()
        try signature.checkFreshness(now: Sample.moment, serverStartedAt: Sample.moment)
        let error = #expect(throws: FrameError.self) {
            try signature.checkFreshness(now: Sample.moment, serverStartedAt: Sample.moment + .milliseconds(1))
        }
        #expect(error?.code == .stale)
    }
}

@Suite struct `A signed REST answer` {
    @Test func `is the server's, to this call of this caller, with this status and body`() throws {
        let caller = Sample.childKey.publicKey
        let server = Verifier(Sample.serverKey.publicKey)
        let body = Array("[]".utf8)
        let reply = RESTReply(status: 200, body: body)
        let signature = try reply.sign(to: caller, nonce: Sample.requestNonce, with: Sample.serverKey)
        #expect(reply.isValid(signature, to: caller, nonce: Sample.requestNonce, by: server))
        #expect(
            !RESTReply(status: 201, body: body).isValid(signature, to: caller, nonce: Sample.requestNonce, by: server))
        #expect(
            !RESTReply(status: 200, body: []).isValid(signature, to: caller, nonce: Sample.requestNonce, by: server))
        #expect(!reply.isValid(signature, to: Sample.rootKey.publicKey, nonce: Sample.requestNonce, by: server))
        #expect(!reply.isValid(signature, to: caller, nonce: Sample.nonce, by: server))
        #expect(!reply.isValid(signature, to: caller, nonce: Sample.requestNonce, by: Verifier(caller)))
    }
}

@Suite struct `A new key of an app` {
    @Test func `is proven by its holder, for this app and server`() throws {
        let server = Sample.serverKey.publicKey
        let body = try RekeyBody(json: RekeyBody(app: Sample.child, key: Sample.childKey, for: server).json)
        #expect(body.isProven(for: Sample.child, on: server))
        #expect(!body.isProven(for: Sample.parent, on: server))
        #expect(!body.isProven(for: Sample.child, on: Sample.strangerKey.publicKey))
        #expect(
            !RekeyBody(publicKey: Sample.strangerKey.publicKey, proof: body.proof).isProven(
                for: Sample.child, on: server))
        #expect(!RekeyBody(publicKey: body.publicKey).isProven(for: Sample.child, on: server))
    }
}
