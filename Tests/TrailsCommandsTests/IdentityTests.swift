import Testing
import TrailsWire
import Vocabulary

@testable import TrailsCommands

@Suite struct `Who a command acts as` {
    static let app = "5b1ae746-11d3-479c-9ef7-4082ad1a8f99"
    static let key = "ed25519:" + Base64.encode([UInt8](repeating: 7, count: 32))
    static let evaluated = ["TRAILS_APP_ID": app, "TRAILS_PRIVATE_KEY": key]

    func source(_ environment: [String: String], as explicit: String? = nil) throws -> IdentitySource {
        try .whoAmI(as: explicit, environment: environment)
    }

    @Test func `is first what was said`() throws {
        let everything = Self.evaluated.merging(["TRAILS_INFO": "x", "TRAILS_APP": "y"]) { $1 }
        #expect(try self.source(everything, as: "etl") == .named("etl"))
        #expect(try self.source(everything, as: "./contexts/etl.yml") == .file("./contexts/etl.yml"))
    }

    @Test func `is then what the parent gave`() throws {
        #expect(try self.source(Self.evaluated.merging(["TRAILS_INFO": "x"]) { $1 }) == .info("x"))
    }

    @Test func `is then what eval set, then what was selected`() throws {
        guard case .environment(let app, let key) = try self.source(Self.evaluated) else {
            Issue.record("not from the environment")
            return
        }
        #expect(app.description == Self.app)
        #expect(key.secretText == Self.key)
        #expect(try self.source([:]) == .selection)
        #expect(try self.source(["TRAILS_APP_ID": "", "TRAILS_PRIVATE_KEY": ""]) == .selection)
    }

    @Test(arguments: [
        ["TRAILS_INFO": ""], ["TRAILS_APP_ID": app], ["TRAILS_PRIVATE_KEY": key],
        ["TRAILS_APP_ID": "x", "TRAILS_PRIVATE_KEY": key], ["TRAILS_APP_ID": app, "TRAILS_PRIVATE_KEY": "x"],
    ])
    func `is never guessed from half of it`(environment: [String: String]) {
        #expect(throws: CommandFailure.self) { try self.source(environment) }
    }
}

@Suite struct `Which server a command talks to` {
    func choose(
        option: String? = nil, variable: String? = nil, own: String? = nil, isOwnFirst: Bool = false,
        config: String? = nil
    ) throws -> String {
        try ServerChoice.endpoint(
            option: option, environment: variable.map { ["TRAILS_SERVER": $0] } ?? [:], own: own,
            isOwnFirst: isOwnFirst, config: config
        ).webSocketURL
    }

    @Test func `is the first that is said`() throws {
        #expect(
            try self.choose(option: "ws://a", variable: "ws://b", own: "ws://c", config: "ws://d") == "ws://a/ws")
        #expect(try self.choose(variable: "ws://b", own: "ws://c", config: "ws://d") == "ws://b/ws")
        #expect(try self.choose(own: "ws://c", config: "ws://d") == "ws://c/ws")
        #expect(try self.choose(config: "ws://d") == "ws://d/ws")
        #expect(try self.choose() == "ws://127.0.0.1:8443/ws")
    }

    @Test func `is the identity's own where TRAILS_SERVER belongs to another one`() throws {
        #expect(try self.choose(variable: "ws://b", own: "ws://c", isOwnFirst: true) == "ws://c/ws")
        #expect(try self.choose(option: "ws://a", own: "ws://c", isOwnFirst: true) == "ws://a/ws")
    }

    @Test func `is read as eval wrote it`() throws {
        #expect(try self.choose(variable: "ws://%5B::1%5D:9/ws") == "ws://[::1]:9/ws")
    }

    @Test func `is named when it is none`() {
        #expect {
            try self.choose(option: "trails.example.com")
        } throws: { error in
            (error as? CommandFailure)?.message == "--server is no URL: it has no ws:// or wss:// in front"
        }
    }
}
