import Foundation
import PipelineCore
import Vocabulary

extension Settings {
    /// Reads the text of a file at `path`, which is absolute.
    package init(_ bytes: [UInt8], path: String, home: String) throws(SettingsError) {
        self.init()
        self.path = path
        guard let root = try SettingsField(bytes, path: path) else { return }
        let fields = try root.fields(named: [
            "store", "runs", "store_patience", "on_unknown", "deadline", "grace", "workspaces", "prompt_paths", "llm",
            "agents",
        ])
        let places = PathBase(path, home: home)
        self.store = try fields["store"].map { field throws(SettingsError) in
            let text = try field.text
            guard !text.contains("://") else {
                throw field.error("store should be a SQLite file", hint: "this program does not speak to CXDB servers")
            }
            return places.absolute(text)
        }
        self.runs = try fields["runs"].map { field throws(SettingsError) in places.absolute(try field.text) }
        self.storePatience = try fields["store_patience"]?.value("a number of seconds, at most a day") { text in
            Int(text).flatMap { (0...86_400).contains($0) ? $0 : nil }
        }
        self.unknownFate = try fields["on_unknown"]?.value("retry, ask or fail", UnknownFatePolicy.init(rawValue:))
        self.deadline = try fields["deadline"]?.value("a length of time like 10s or 5m", Duration.init(attribute:))
        self.grace = try fields["grace"]?.value("a length of time like 10s or 5m", Duration.init(attribute:))
        self.workspaces = try fields["workspaces"]?.texts.map(places.absolute) ?? []
        self.promptPaths = try fields["prompt_paths"]?.texts.map(places.absolute) ?? []
        if let llm = fields["llm"] { self.llm = try Models(llm, places) }
        for (name, field) in try fields["agents"]?.fields ?? [] { self.agents[name] = try Agent(field) }
    }
}

extension Settings.Models {
    fileprivate init(_ field: SettingsField, _ places: PathBase) throws(SettingsError) {
        self.init()
        let fields = try field.fields(named: [
            "agent", "url", "key", "key_file", "model", "aliases", "providers",
        ])
        self.agent = try fields["agent"].map { field throws(SettingsError) in try field.text }
        self.model = try fields["model"].map { field throws(SettingsError) in try field.text }
        self.aliases = try Self.aliases(fields["aliases"])
        for (name, provider) in try fields["providers"]?.fields ?? [] {
            let known = try provider.fields(named: ["url", "key", "key_file", "model", "aliases"])
            self.providers[name] = try Self.provider(known, at: provider, places)
        }
        if fields["url"] != nil || fields["key"] != nil || fields["key_file"] != nil {
            let own = fields.filter { ["url", "key", "key_file"].contains($0.key) }
            self.providers[""] = try Self.provider(own, at: field, places)
        }
        guard self.agent == nil || self.providers.isEmpty else {
            throw field.error("an agent and servers cannot both answer for the models", hint: "leave one of them out")
        }
    }

    private static func provider(
        _ fields: [String: SettingsField], at field: SettingsField, _ places: PathBase
    ) throws(SettingsError) -> Settings.Provider {
        guard let url = fields["url"] else {
            throw field.error("\(field.name) names no url", hint: "write url: https://api.example.org/v1")
        }
        var provider = Settings.Provider(url: try url.text)
        if let key = fields["key"] {
            // What is no name of a variable may be the key itself, so it is not repeated.
            provider.key = .variable(
                try key.value("the name of an environment variable, never the key itself") { text in
                    text.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) == nil ? nil : text
                })
        }
        if let file = fields["key_file"] {
            guard provider.key == nil else { throw file.error("key and key_file cannot both be where the key is") }
            provider.key = .file(places.absolute(try file.text))
        }
        provider.model = try fields["model"].map { field throws(SettingsError) in try field.text }
        provider.aliases = try Self.aliases(fields["aliases"])
        return provider
    }

    private static func aliases(_ field: SettingsField?) throws(SettingsError) -> [String: String] {
        var aliases: [String: String] = [:]
        for (name, field) in try field?.fields ?? [] { aliases[name] = try field.text }
        return aliases
    }
}

extension Settings.Agent {
    fileprivate init(_ field: SettingsField) throws(SettingsError) {
        let kinds = PromptBook.Layer.Kind.allCases
        let fields = try field.fields(named: kinds.map(\.rawValue) + ["model", "provider"])
        var layers: [PromptBook.Layer.Kind: String] = [:]
        for kind in kinds {
            if let layer = fields[kind.rawValue] { layers[kind] = try layer.text }
        }
        guard !fields.isEmpty else {
            throw field.error("\(field.name) says nothing", hint: "name a role, persona, personality, task or model")
        }
        self.init(
            layers: layers, model: try fields["model"].map { field throws(SettingsError) in try field.text } ?? "",
            provider: try fields["provider"].map { field throws(SettingsError) in try field.text } ?? "",
            line: field.line)
    }
}

/// What paths in a file are relative to.
private struct PathBase {
    private let folder: URL
    private let home: String

    init(_ path: String, home: String) {
        self.folder = URL(filePath: path).deletingLastPathComponent()
        self.home = home
    }

    /// `~/` is the home directory.
    func absolute(_ text: String) -> String {
        let text = text == "~" || text.hasPrefix("~/") ? self.home + text.dropFirst() : text
        return URL(filePath: text, relativeTo: self.folder).standardizedFileURL.path(percentEncoded: false)
    }
}
