import Foundation
import SubstratClient
import SubstratProtocol
import Testing
import Vocabulary

@Suite(.timeLimit(.minutes(5))) struct `Workspaces over the socket` {
    typealias Methods = `The methods of the daemon`

    @Test func `are made, linked, shown, unlinked and deleted`() async throws {
        try await Methods.host { daemon in
            let user: JSONValue = "00000000000000000000000000000001"
            let made = try await daemon.call("workspace.create", ["name": "w", "network_access": true])
            #expect(made["scope"] == user && made["name"] == "w" && made["network_access"] == true)
            let root = try #require(made["root_path"]?.string)
            #expect(FileManager.default.fileExists(atPath: root))
            let linked = try await daemon.call(
                "workspace.link", ["name": "w", "host_path": "/usr/share/", "mount_path": "/in/share/"])
            #expect(linked["host_path"] == "/usr/share" && linked["mount_path"] == "in/share" && linked["mode"] == "ro")
            let seen = try await daemon.call("workspace.inspect", ["name": "w", "scope": "USER"])
            #expect(seen["links"]?.array?.count == 1 && seen["scope_label"] == "USER", "\(seen.text)")
            let view = try await daemon.call(
                "workspace.create", ["name": "v", "view_of": "w", "subdir": "in/share", "mode": "ro"])
            #expect(view["links"]?.array?.first?["host_path"] == "/usr/share", "\(view.text)")
            let all = try await daemon.call("workspace.list")
            #expect(all["workspaces"]?.array?.compactMap { $0["name"]?.string } == ["v", "w"])
            #expect(
                try await daemon.call("workspace.unlink", ["name": "w", "mount_path": "in/share"])["status"]
                    == "unlinked")
            #expect(
                try await daemon.call("workspace.delete", ["name": "w"])
                    == ["status": "deleted", "scope": user, "name": "w"])
            #expect(!FileManager.default.fileExists(atPath: root))
        }
    }

    @Test func `belong to an agent, also when it has ended`() async throws {
        try await Methods.host { daemon in
            let id = try #require(try await daemon.call("agent.create", ["name": "a"])["agent_id"])
            let made = try await daemon.call("workspace.create", ["name": "w", "scope": "a"])
            #expect(made["scope"] == id && made["scope_label"] == "a")
            let other = try await daemon.call(
                "agent.create", ["name": "b", "workspace": ["scope": "a", "name": "w"]])
            #expect(other["name"] == "b")
            #expect(
                try await daemon.call("agent.inspect", ["agent_id": "b"])["workspace"] == [id, "w"])
            let used = await Methods.refusal { () throws(ClientError) in
                try await daemon.call("workspace.delete", ["scope": "a", "name": "w"])
            }
            #expect(used?.code == .invalid && used?.message.contains("is that of an agent: b") == true)
            for name in ["a", "b"] { _ = try await daemon.call("agent.terminate", ["agent_id": .string(name)]) }
            let left = try await daemon.call("workspace.inspect", ["scope": id, "name": "w"])
            #expect(left["scope_label"] == id)
            _ = try await daemon.call("workspace.delete", ["scope": id, "name": "w"])
        }
    }

    @Test func `say by name what is missing, wrong or not known`() async throws {
        try await Methods.host { daemon in
            _ = try await daemon.call("workspace.create", ["name": "w"])
            let cases: [(String, JSONObject, RPCError.Code, String)] = [
                ("workspace.create", [:], .invalid, "name is missing"),
                ("workspace.create", ["name": "w"], .invalid, "there is a workspace USER/w already"),
                ("workspace.create", ["name": "../w"], .invalid, "is no name of a workspace"),
                ("workspace.create", ["name": "x", "scope": "nobody"], .notFound, "no agent \"nobody\" is known"),
                ("workspace.create", ["name": "x", "mode": "rw"], .invalid, "view_of, which is missing"),
                ("workspace.create", ["name": "x", "view_of": "none"], .notFound, "there is no workspace USER/none"),
                ("workspace.create", ["name": "x", "view_of": "w", "subdir": ".."], .invalid, "is no path"),
                ("workspace.create", ["name": "x", "view_of": "w", "mode": "x"], .invalid, "\"x\" is no mode"),
                ("workspace.delete", ["name": "none"], .notFound, "there is no workspace USER/none"),
                ("workspace.inspect", ["name": "none"], .notFound, "there is no workspace USER/none"),
                ("workspace.link", ["name": "w", "mount_path": "m"], .invalid, "host_path is missing"),
                ("workspace.link", ["name": "w", "host_path": "/usr"], .invalid, "mount_path is missing"),
                (
                    "workspace.link", ["name": "w", "host_path": "/none/here", "mount_path": "m"], .invalid,
                    "there is no folder /none/here"
                ),
                (
                    "workspace.link", ["name": "w", "host_path": "usr", "mount_path": "m"], .invalid,
                    "there is no folder usr"
                ),
                (
                    "workspace.link", ["name": "w", "host_path": "/usr", "mount_path": "a/../.."], .invalid,
                    "is no path in a workspace"
                ),
                (
                    "workspace.link", ["name": "w", "host_path": "/usr", "mount_path": "m", "mode": "rx"], .invalid,
                    "\"rx\" is no mode"
                ),
                (
                    "workspace.link", ["name": "w", "host_path": "/", "mount_path": "m"], .invalid,
                    "/ holds files of the daemon"
                ),
                ("workspace.unlink", ["name": "w", "mount_path": "m"], .invalid, "there is no link at \"m\""),
                ("workspace.list", ["x": 1], .invalid, "workspace.list has no parameter \"x\""),
            ]
            for (method, params, code, message) in cases {
                let refusal = await Methods.refusal { () throws(ClientError) in
                    try await daemon.call(method, params)
                }
                #expect(refusal?.code == code, "\(method) \(JSONValue.object(params).text): \(refusal as Any)")
                #expect(refusal?.message.contains(message) == true, "\(method): \(refusal?.message ?? "taken")")
            }
            #expect(try await daemon.call("workspace.list")["workspaces"]?.array?.count == 1)
        }
    }
}
