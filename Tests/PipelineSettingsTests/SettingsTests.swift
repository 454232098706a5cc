import DurableFiles
import PipelineCore
import PipelineSettings
import Simulator
import Testing

@Suite struct `A configuration file` {
    static func read(_ text: String) throws(SettingsError) -> Settings {
        try Settings(Array(text.utf8), path: "/work/flows/orchestra.yaml", home: "/home/ada")
    }

    @Test func `says who answers, where things are, and which agents there are`() throws {
        let settings = try Self.read(
            """
            store: state/store.sqlite
            runs: ~/runs
            store_patience: 5
            on_unknown: ask
            deadline: 1m
            workspaces: [., ../other]
            llm:
              url: http://localhost:11434/v1
              model: small
              aliases: {smart: big}
              providers:
                openai: {url: https://api.openai.com/v1, key: OPENAI_API_KEY, model: mini, aliases: {smart: huge}}
                local:
                  url: http://localhost:1/v1
                  key_file: keys/local
            agents:
              critic: {role: critic, model: smart, provider: openai}
            """)
        #expect(settings.store == "/work/flows/state/store.sqlite" && settings.runs == "/home/ada/runs")
        #expect(settings.storePatience == 5 && settings.unknownFate == .ask && settings.deadline == .seconds(60))
        #expect(settings.workspaces == ["/work/flows/", "/work/other"])
        #expect(settings.llm.providers[""] == Settings.Provider(url: "http://localhost:11434/v1"))
        #expect(settings.llm.providers["openai"]?.key == .variable("OPENAI_API_KEY"))
        #expect(settings.llm.providers["local"]?.key == .file("/work/flows/keys/local"))
        #expect(settings.llm.providers["openai"]?.aliases == ["smart": "huge"])
        #expect(settings.agents["critic"]?.layers == [.role: "critic"])
        #expect(settings.agents["critic"]?.model == "smart")
    }

    @Test(arguments: ["", "# nothing\n", "---\n"])
    func `may be empty`(text: String) throws {
        #expect(try Self.read(text).agents.isEmpty)
    }

    @Test(arguments: [
        ("sotre: x", 1, "\"sotre\" is no setting", "known here: store, runs"),
        ("llm:\n  modle: x", 2, "\"llm.modle\" is no setting", "known here: agent, url"),
        ("agents:\n  a:\n    role: r\n    rule: r", 4, "\"agents.a.rule\" is no setting", "role, persona"),
        ("agents:\n  a: {}", 2, "agents.a says nothing", "name a role"),
        ("store:\n  - x", 1, "store should be one text", nil),
        ("store: http://host", 1, "store should be a SQLite file", "does not speak to CXDB"),
        ("runs: a\nruns: b", 1, "there twice", nil),
        ("runs: [a\nb: c", 2, "", nil),
        ("a: &x 1\nb: *x", 1, "anchors and aliases", nil),
        ("- a\n- b", 1, "the file should be a list of", nil),
        ("deadline: soon", 1, "deadline should be a length of time", nil),
        ("llm:\n  model: m\n  key: KEY", 1, "llm names no url", "https://"),
        ("llm:\n  agent: cat\n  url: http://h", 1, "cannot both answer", "leave one"),
    ])
    func `is refused with its line and what to do`(
        text: String, line: Int, words: String, hint: String?
    ) throws {
        let error = try #require(throws: SettingsError.self) { try Self.read(text) }
        #expect(error.line == line && error.message.contains(words), "\(error)")
        #expect(error.description.hasPrefix("/work/flows/orchestra.yaml, line \(line): "))
        if let hint { #expect(error.hint?.contains(hint) == true, "\(error.hint ?? "no hint")") }
    }

    @Test func `that holds a key instead of its variable is refused without the key`() throws {
        let text = "llm:\n  providers:\n    openai:\n      url: https://h/v1\n      key: sk-abcdefghijklmnop"
        let error = try #require(throws: SettingsError.self) { try Self.read(text) }
        #expect(error.line == 5 && error.message.contains("never the key itself"))
        #expect(!"\(error) \(error.hint ?? "")".contains("sk-"))
    }
}

@Suite struct `The nearest configuration` {
    private let folder = ScratchDirectory()

    private func find(_ path: String) throws -> SettingsFile {
        try SettingsFile(near: "\(self.folder.path)/\(path)", home: "/home/ada", on: POSIXFileSystem())
    }

    @Test func `is looked for upward, with the variables beside it`() throws {
        try self.folder.write("a/b/c/.keep", "")
        try self.folder.write("orchestra.yaml", "runs: far")
        try self.folder.write("a/orchestra.yaml", "runs: near")
        try self.folder.write("a/.env", "export TOKEN='x y'\n# remark\nPLAIN=one # two\nQUOTED=\"a\\nb\"\n")
        try self.folder.write("a/b/.env", "TOKEN=elsewhere")
        let found = try self.find("a/b/c")
        #expect(found.settings.runs == "\(self.folder.path)/a/near")
        #expect(found.variables == ["TOKEN": "x y", "PLAIN": "one", "QUOTED": "a\nb"])
        #expect(try self.find("").settings.runs == "\(self.folder.path)/far")
    }

    @Test func `is not believed when a stranger may write it, unless it is named`() throws {
        try self.folder.write("orchestra.yaml", "runs: far", permissions: 0o666)
        let error = try #require(throws: SettingsError.self) { try self.find("") }
        #expect(error.message.contains("somebody else may write this file"))
        #expect(error.hint?.contains("--config") == true)
        let path = "\(self.folder.path)/orchestra.yaml"
        #expect(try SettingsFile(at: path, home: "/", on: POSIXFileSystem()).settings.path == path)
    }

    @Test func `with a line in its variables that is none is refused without the line`() throws {
        try self.folder.write("orchestra.yaml", "runs: far")
        try self.folder.write(".env", "A=1\nsk-secret\n")
        let error = try #require(throws: SettingsError.self) { try self.find("") }
        #expect(error.line == 2 && error.path.hasSuffix("/.env") && !error.description.contains("sk-"))
    }
}
