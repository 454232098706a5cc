import Foundation
import ModelClient
import PipelineRuntime
import PipelineSettings
import Vocabulary

/// Who is to answer for the models, in words: of the arguments, the environment, a session or a file, and what they
/// come to together. No secret is in it.
struct ModelChoice: Hashable {
    var agent: String?
    /// Addresses, by provider; under no name, that for all others.
    var servers: [String: String] = [:]
    /// Where their keys are.
    var keys: [String: Settings.KeyPlace] = [:]
    /// Of nodes that name none.
    var model: String?
    var aliases: [String: String] = [:]
    var modelByProvider: [String: String] = [:]
    var aliasesByProvider: [String: [String: String]] = [:]
    /// Something that was said is not here, for a secret was in it.
    var isWithheld = false

    /// Whether it names somebody.
    var namesSomebody: Bool { self.agent != nil || !self.servers.isEmpty }

    /// This choice, and where it says nothing `weaker`. A key goes to no other server than it was named for.
    func over(_ weaker: Self) -> Self {
        var choice = self
        if !self.namesSomebody, !self.isWithheld {
            choice.agent = weaker.agent
            choice.servers = weaker.servers
            choice.keys = weaker.keys.merging(self.keys) { $1 }
            choice.isWithheld = weaker.isWithheld
        }
        choice.model = self.model ?? weaker.model
        choice.aliases = weaker.aliases.merging(self.aliases) { $1 }
        choice.modelByProvider = weaker.modelByProvider.merging(self.modelByProvider) { $1 }
        choice.aliasesByProvider = weaker.aliasesByProvider.merging(self.aliasesByProvider) { weak, strong in
            weak.merging(strong) { $1 }
        }
        return choice
    }

    /// What a session keeps of it: nothing when it names nobody.
    func kept(without redaction: Redaction) -> Self {
        guard self.namesSomebody else { return Self() }
        var kept = self
        if let agent, redaction.redact(agent) != agent { kept.agent = nil }
        kept.servers = self.servers.filter { redaction.redact($0.value) == $0.value }
        kept.isWithheld = kept.agent != self.agent || kept.servers.count < self.servers.count
        return kept
    }
}

// MARK: - Where it comes from

extension ModelChoice {
    init(of environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        self.agent = value("ORCHESTRA_AGENT")
        if let server = value("ORCHESTRA_LLM") { self.servers[""] = server }
        self.model = value("ORCHESTRA_LLM_MODEL")
    }

    init(of models: Settings.Models) {
        self.agent = models.agent
        self.model = models.model
        self.aliases = models.aliases
        for (name, provider) in models.providers {
            self.servers[name] = provider.url
            self.keys[name] = provider.key
            self.modelByProvider[name] = provider.model
            if !provider.aliases.isEmpty { self.aliasesByProvider[name] = provider.aliases }
        }
    }
}

// MARK: - JSON

extension ModelChoice {
    var json: JSONObject {
        var object = JSONObject()
        object["agent"] = self.agent.map(JSONValue.string)
        object["model"] = self.model.map(JSONValue.string)
        if self.isWithheld { object["withheld"] = true }
        let maps = [
            ("servers", self.servers), ("keys", self.keys.mapValues(\.word)), ("aliases", self.aliases),
            ("model_by_provider", self.modelByProvider),
        ]
        for (name, map) in maps where !map.isEmpty { object[name] = .object(Self.json(map)) }
        if !self.aliasesByProvider.isEmpty {
            var aliases = JSONObject()
            for (provider, map) in self.aliasesByProvider { aliases[provider] = .object(Self.json(map)) }
            object["aliases_by_provider"] = .object(aliases)
        }
        return object
    }

    /// What later programs added is left out.
    init(json: JSONObject) {
        self.agent = json["agent"]?.string
        self.model = json["model"]?.string
        self.isWithheld = json["withheld"]?.bool ?? false
        self.servers = Self.map(json["servers"])
        self.keys = Self.map(json["keys"]).compactMapValues(Settings.KeyPlace.init(word:))
        self.aliases = Self.map(json["aliases"])
        self.modelByProvider = Self.map(json["model_by_provider"])
        for (provider, map) in json["aliases_by_provider"]?.object ?? [:] {
            self.aliasesByProvider[provider] = Self.map(map)
        }
    }

    private static func json(_ map: [String: String]) -> JSONObject {
        var object = JSONObject()
        for (key, value) in map.sorted(by: { $0.key < $1.key }) { object[key] = .string(value) }
        return object
    }

    private static func map(_ json: JSONValue?) -> [String: String] {
        var map: [String: String] = [:]
        for (key, value) in json?.object ?? [:] { map[key] = value.string }
        return map
    }
}

extension Settings.KeyPlace {
    fileprivate var word: String {
        switch self {
        case .variable(let name): "variable:\(name)"
        case .file(let path): "file:\(path)"
        }
    }

    fileprivate init?(word: String) {
        let kind = word.prefix { $0 != ":" }
        let rest = String(word.dropFirst(kind.count + 1))
        switch kind {
        case "variable": self = .variable(rest)
        case "file": self = .file(rest)
        default: return nil
        }
    }
}
