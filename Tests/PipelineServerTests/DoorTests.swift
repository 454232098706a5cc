import DurableFiles
import Foundation
import NIOHTTP1
import PipelineServer
import Testing
import TurnModel
import TurnStoreSQLite

/// Who may do what, and who is turned away.
@Suite(.timeLimit(.minutes(15)))
struct DoorTests {
    @Test func `nothing is changed without the token, whoever asks`() async throws {
        try await Stage.run { stage in
            let id = try await stage.begin(Pipelines.gate)
            try await stage.wait(id, for: "waiting")
            let orders = [
                "/pipelines", "/run", "/pipelines/\(id)/pause", "/pipelines/\(id)/cancel", "/pipelines/\(id)/resume",
                "/pipelines/\(id)/replay", "/pipelines/\(id)/questions/x/answer", "/answer",
            ]
            for path in orders {
                for token in [nil, "", "wrong", Stage.token + "x", String(Stage.token.dropLast())] {
                    let reply = try await stage.call(.POST, path, Pipelines.quick, token: token)
                    #expect(reply.status == 401 && reply["code"] == "not_authorized", "\(path) \(token ?? "none")")
                }
            }
            #expect(try await stage.get("/pipelines/\(id)")["status"] == "waiting")
            #expect(try await stage.store.sessions(SessionQuery()).count == 1)
        }
    }

    @Test func `a web page cannot command it, nor read it`() async throws {
        try await Stage.run { stage in
            let strangers = [
                [("Origin", "http://evil.example")], [("Origin", "null")], [("Host", "evil.example:\(stage.port)")],
                [("Sec-Fetch-Site", "cross-site")], [("Origin", "http://localhost:1")],
            ]
            for headers in strangers {
                #expect(try await stage.get("/pipelines", headers: headers).status == 403, "\(headers)")
                let reply = try await stage.call(.POST, "/pipelines", Pipelines.quick, headers: headers)
                #expect(reply.status == 403, "\(headers)")
            }
            #expect(try await stage.store.sessions(SessionQuery()).isEmpty)
            let own = [("Origin", "http://127.0.0.1:\(stage.port)"), ("Sec-Fetch-Site", "same-origin")]
            #expect(try await stage.get("/pipelines", headers: own).status == 200)
            let named = [("Host", "localhost:\(stage.port)")]
            #expect(try await stage.get("/pipelines", headers: named).status == 200)
        }
    }

    @Test func `reading takes the token too when it is said so`() async throws {
        try await Stage.run({ $0.isPrivate = true }) { stage in
            for path in ["/pipelines", "/status", "/pipelines/1/events"] {
                let reply = try await stage.get(path)
                #expect(reply.status == 401, "\(path)")
            }
            #expect(try await stage.call(.GET, "/pipelines").status == 200)
            #expect(try await stage.get("/healthz").status == 200)
        }
    }

    @Test func `the token is made once, for this user alone`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "orchestra-token-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "token").path
        _ = try AccessToken.at(path, on: POSIXFileSystem())
        let made = try String(contentsOfFile: path, encoding: .utf8)
        #expect(made.trimmingCharacters(in: .newlines).count == 64)
        let permissions = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(permissions == 0o600)
        _ = try AccessToken.at(path, on: POSIXFileSystem())
        #expect(try String(contentsOfFile: path, encoding: .utf8) == made)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(throws: FileError.self) { try AccessToken.at(path, on: POSIXFileSystem()) }
    }
}
