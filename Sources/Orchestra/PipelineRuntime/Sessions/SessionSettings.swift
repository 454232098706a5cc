package import PipelineCore
import TurnModel
package import Vocabulary

/// What a session keeps beside its pipeline, so that it goes on as it began and nothing has to be said again.
///
/// It is a blob of JSON that its first turn names, and a fork has its own. No secret is in it: a key is named by the
/// variable or the file that holds it.
package struct SessionSettings: Sendable, Hashable {
    package var prompts: PromptBook
    /// As `RunKit.models`.
    package var models: JSONObject

    package init(prompts: PromptBook = PromptBook(), models: JSONObject = [:]) {
        self.prompts = prompts
        self.models = models
    }

    package var isEmpty: Bool { self.prompts.isEmpty && self.models.isEmpty }

    var bytes: [UInt8] {
        let object: JSONObject = ["models": .object(self.models), "prompts": .object(self.prompts.json)]
        return Array(JSONValue.object(object).sortedText().utf8)
    }

    /// `nil` for bytes that are none.
    init?(_ bytes: [UInt8]) {
        guard let object = try? JSONValue(parsing: bytes).object,
            let prompts = (object["prompts"]?.object).flatMap(PromptBook.init(json:))
        else { return nil }
        self.init(prompts: prompts, models: object["models"]?.object ?? [:])
    }
}

extension Sessions {
    /// What the session keeps; empty for one of a program that kept nothing.
    package func settings(of story: SessionStory) async throws(SessionRefusal) -> SessionSettings {
        guard let digest = story.settings else { return SessionSettings() }
        let bytes = try await asking { () async throws(TurnStoreError) in try await self.store.blob(digest) }
        guard let settings = bytes.flatMap(SessionSettings.init) else {
            throw .damaged(nil, "the settings of session \(story.displayID) are not in the store, or are none")
        }
        return settings
    }

    /// What a session that begins now is run by; `nil` when that is nothing that has to be kept.
    func settings(for source: PipelineSource) -> NewBlob? {
        let settings = SessionSettings(prompts: source.prompts, models: self.kit.models)
        return settings.isEmpty ? nil : NewBlob(settings.bytes)
    }

    /// The pipeline with the layers that the files have now.
    func prompted(_ source: PipelineSource) throws(SessionRefusal) -> PipelineSource {
        try source.prompted(by: try self.kit.prompts(source))
    }

    /// The pipeline of a session, with the layers that it began with. Files that have changed since are told about.
    func prompted(_ source: PipelineSource, as story: SessionStory) async throws(SessionRefusal) -> PipelineSource {
        let kept = try await self.settings(of: story).prompts
        guard !kept.isEmpty else { return source }
        // Where they do not fit any more, some are gone.
        let now = (try? self.kit.prompts(source)) ?? PromptBook()
        let changed = kept.paths(differingIn: now).joined(separator: ", ").shownToPeople(scalarsMax: 500)
        if !changed.isEmpty {
            self.kit.say("not as they were: \(changed); the session goes on with what it began with")
        }
        return try source.prompted(by: kept)
    }
}
