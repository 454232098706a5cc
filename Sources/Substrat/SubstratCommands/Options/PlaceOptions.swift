import ArgumentParser
import SubstratClient
import SubstratProtocol
import Vocabulary

/// Whose daemon it is about, and how results are said.
struct PlaceOptions: ParsableArguments {
    @Option(help: "Directory of the daemon and its agents (SUBSTRAT_ROOT; ~/.substrat).")
    var root: String?

    @Flag(help: "Print JSON.") var json = false

    var caller: Caller { Caller(DaemonPlace(root: self.root)) }
    var place: DaemonPlace { self.caller.place }
}

extension PlaceOptions {
    func connected<Answer>(
        _ body: (SubstratConnection) async throws(ClientError) -> Answer
    ) async throws(CommandFailure) -> Answer {
        try await self.caller.connected(body)
    }

    /// Asks the daemon for one thing.
    func ask(
        _ method: String, _ params: JSONObject = [:], timeout: Duration = SubstratConnection.callTimeout
    ) async throws(CommandFailure) -> JSONValue {
        try await self.caller.ask(method, params, timeout: timeout)
    }

    /// Says `value` as JSON, or what `text` makes of it.
    func say(_ value: JSONValue, _ text: (JSONValue) -> String) {
        if self.json { Output.json(value) } else { Output.line(text(value)) }
    }
}

/// A time as people write it: `10s`, `5m`.
struct TimeSpan {
    let duration: Duration
}

extension TimeSpan: ExpressibleByArgument {
    init?(argument: String) {
        guard let duration = try? Duration(parsing: argument) else { return nil }
        self.init(duration: duration)
    }

    var defaultValueDescription: String { self.duration.humanText }
}

extension JSONObject {
    /// With those of `more` that are there.
    func adding(_ more: KeyValuePairs<String, String?>) -> JSONObject {
        var object = self
        for (key, value) in more { if let value { object[key] = .string(value) } }
        return object
    }
}
