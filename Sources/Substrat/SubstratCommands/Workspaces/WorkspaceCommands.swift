import ArgumentParser
import Foundation
import Vocabulary

/// `substrat workspace`: the folders that agents work in.
struct WorkspaceCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workspace", abstract: "Make and link the folders that agents work in.",
        discussion: """
            SCOPE says whose workspace it is: USER (yours, where none is said), or REF of the agent that made it. \
            Programs of an agent with a workspace run in a sandbox: of the files of this machine they see the system, \
            to read, their workspace, and what is linked into it.
            """,
        subcommands: [
            WorkspaceCreate.self, WorkspaceList.self, WorkspaceInspect.self, WorkspaceDelete.self,
            WorkspaceLinkCommand.self, WorkspaceUnlink.self, WorkspaceView.self,
        ])
}

/// Which workspace a command is about.
struct WorkspaceName: ParsableArguments {
    @Argument(help: "Which workspace.") var name: String
    @Argument(help: "Whose: USER, or REF of an agent.") var scope = "USER"

    var params: JSONObject { ["name": .string(self.name), "scope": .string(self.scope)] }
    var label: String { "\(self.scope)/\(self.name)" }
}

/// `substrat workspace create`.
struct WorkspaceCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Make a workspace.")

    @Argument(help: "Its name: 1 to 64 letters, digits, _ or -.") var name: String
    @Option(help: "Whose it is to be: USER, or REF of an agent.") var scope = "USER"
    @Flag(help: "Programs in it may use the network.") var network = false
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let answer = try await self.place.ask(
            "workspace.create",
            ["name": .string(self.name), "scope": .string(self.scope), "network_access": .bool(self.network)])
        self.place.say(answer, Texts.workspace)
    }
}

/// `substrat workspace list`.
struct WorkspaceList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List all workspaces.")

    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let answer = try await self.place.ask("workspace.list")
        self.place.say(answer["workspaces"] ?? []) { all in
            let lines = (all.array ?? []).map { one in
                let name = "\(one["scope_label"]?.string ?? "?")/\(one["name"]?.string ?? "?")"
                return name + (one["network_access"]?.bool == true ? "  [net]" : "")
            }
            return lines.isEmpty ? "no workspaces" : lines.joined(separator: "\n")
        }
    }
}

/// `substrat workspace inspect`.
struct WorkspaceInspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "inspect", abstract: "Show one workspace.")

    @OptionGroup var name: WorkspaceName
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let answer = try await self.place.ask("workspace.inspect", self.name.params)
        self.place.say(answer) { one in
            var lines = [
                "name: \(one["name"]?.string ?? "?")", "scope: \(one["scope_label"]?.string ?? "?")",
                "root: \((one["root_path"]?.string ?? "?").shownToPeople(scalarsMax: 4_096))",
                "network: \(one["network_access"]?.bool == true ? "yes" : "no")",
                "created: \(one["created_at"]?.string ?? "?")", "agents:",
            ]
            lines += (one["agents"]?.array ?? []).map { "  \($0.string ?? "?")" } + ["links:"]
            lines += (one["links"]?.array ?? []).map { link in
                let paths = ["host_path", "mount_path"].map {
                    (link[$0]?.string ?? "?").shownToPeople(scalarsMax: 4_096)
                }
                return "  \(paths[0]) -> \(paths[1]) (\(link["mode"]?.string ?? "?"))"
            }
            return lines.joined(separator: "\n")
        }
    }
}

/// `substrat workspace delete`.
struct WorkspaceDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a workspace with all that is in it, and its views.",
        discussion: "One that an agent works in, or sees a part of, is not deleted.")

    @OptionGroup var name: WorkspaceName
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let answer = try await self.place.ask("workspace.delete", self.name.params)
        self.place.say(answer) { _ in "deleted \(self.name.label)" }
    }
}

/// `substrat workspace link`.
struct WorkspaceLinkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "link", abstract: "Show a folder of this machine in a workspace.")

    @OptionGroup var name: WorkspaceName
    @Option(help: "The folder.") var source: String
    @Option(help: "Where it is to be seen, from the root of the workspace on.") var target: String
    @Option(help: "ro to read, or rw to write too.") var mode = "ro"
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let here = URL(filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory)
        var params = self.name.params
        params["host_path"] = .string(
            URL(filePath: self.source, relativeTo: here).standardizedFileURL.path(percentEncoded: false))
        params["mount_path"] = .string(self.target)
        params["mode"] = .string(self.mode)
        let answer = try await self.place.ask("workspace.link", params)
        self.place.say(answer) { link in
            let source = (link["host_path"]?.string ?? "?").shownToPeople(scalarsMax: 4_096)
            return "linked \(self.name.label) \(source) -> \(link["mount_path"]?.string ?? "?") (\(self.mode))"
        }
    }
}

/// `substrat workspace unlink`.
struct WorkspaceUnlink: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlink", abstract: "Take a link out of a workspace; what it showed stays.")

    @OptionGroup var name: WorkspaceName
    @Option(help: "Where it is, from the root of the workspace on.") var target: String
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        var params = self.name.params
        params["mount_path"] = .string(self.target)
        let answer = try await self.place.ask("workspace.unlink", params)
        self.place.say(answer) { _ in "unlinked \(self.target) from \(self.name.label)" }
    }
}

/// `substrat workspace view`.
struct WorkspaceView: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "view", abstract: "Make a workspace that shows a folder of another one.")

    @OptionGroup var source: WorkspaceName
    @Option(name: .customLong("name"), help: "The name of the new one.") var view: String
    @Option(name: .customLong("scope"), help: "Whose it is to be: USER, or REF of an agent.") var owner = "USER"
    @Option(help: "Which folder of the other one; else all of it.") var subdir: String?
    @Option(help: "ro to read, or rw to write too.") var mode = "ro"
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let params = JSONObject(name: self.view).adding(["scope": self.owner, "subdir": self.subdir, "mode": self.mode])
        var asked = params
        asked["view_of"] = .object(self.source.params)
        self.place.say(try await self.place.ask("workspace.create", asked), Texts.workspace)
    }
}

extension Texts {
    /// `SCOPE/NAME`, as the folder of a workspace is called.
    static func workspace(_ answer: JSONValue) -> String {
        "\(answer["scope"]?.string ?? "?")/\(answer["name"]?.string ?? "?")"
    }
}
