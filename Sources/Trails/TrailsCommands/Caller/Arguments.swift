import ArgumentParser
import TrailsClient
import TrailsContexts
import TrailsWire
import Vocabulary

/// In whose name, and on which server: options that most commands take.
struct IdentityOptions: ParsableArguments {
    @Option(
        name: .customLong("as"),
        help: ArgumentHelp("Act as this context: its name or its file.", valueName: "name|file"))
    var identity: String?

    @Flag(help: "The name means the root context.") var root = false
    @Flag(help: "The name means the kept context.") var kept = false

    @Option(help: ArgumentHelp("The server, as wss://HOST:PORT/ws.", valueName: "url")) var server: String?

    @Option(
        name: .customLong("passphrase-fd"),
        help: ArgumentHelp("Read the passphrase from this open file.", valueName: "number"))
    var passphraseDescriptor: Int32?

    func validate() throws {
        guard !(self.root && self.kept) else { throw ValidationError("--root and --kept exclude each other") }
    }

    var kind: ContextID.Kind? { self.root ? .root : self.kept ? .kept : nil }
}

/// The id of an app as people give it: whole, or its first four digits or more.
struct AppArgument: ExpressibleByArgument, Hashable {
    enum Parsed: Hashable, Sendable {
        case id(AppID)
        case prefix(String)

        var isPrefix: Bool {
            if case .prefix = self { true } else { false }
        }
    }

    let text: String

    init(argument: String) { self.text = argument }

    func parsed() throws -> Parsed {
        guard !self.text.isEmpty else {
            throw CommandFailure.usage("an id is empty", hint: "is the variable set that should hold it?")
        }
        if let id = AppID(self.text) { return .id(id) }
        let prefix = self.text.lowercased()
        let digits = prefix.filter { $0 != "-" }
        guard prefix.count < 36, digits.count >= 4, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }),
            prefix == Self.hyphenated(digits, hasEndHyphen: prefix.hasSuffix("-")) || !prefix.contains("-")
        else {
            throw CommandFailure.usage(
                "\(self.text.quotedForPeople()) is not an app id", hint: "give a UUID or its first 4 digits or more")
        }
        return .prefix(Self.hyphenated(digits, hasEndHyphen: false))
    }

    /// Puts the hyphens where a UUID has them.
    private static func hyphenated(_ digits: String, hasEndHyphen: Bool) -> String {
        var text = ""
        for (place, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(place) { text += "-" }
            text.append(digit)
        }
        return hasEndHyphen ? text + "-" : text
    }
}

/// A duration as people give it: `24h`, `90s`, `1h30m`, or seconds.
struct DurationArgument: ExpressibleByArgument, Hashable {
    let value: Duration

    init(_ value: Duration) { self.value = value }

    init?(argument: String) {
        guard let value = try? Duration(parsing: argument) else { return nil }
        self.value = value
    }
}

/// A tag as people give it: `KEY=VALUE`.
struct TagArgument: ExpressibleByArgument, Hashable {
    let key: String
    let value: String

    init?(argument: String) {
        guard let sign = argument.firstIndex(of: "="), sign != argument.startIndex else { return nil }
        self.key = String(argument[..<sign])
        self.value = String(argument[argument.index(after: sign)...])
    }
}

extension [TagArgument] {
    var object: JSONObject {
        self.reduce(into: JSONObject()) { $0[$1.key] = .string($1.value) }
    }
}

/// JSON as people give it: the text itself, or `-` for standard input.
enum JSONArgument {
    static func value(_ text: String, called name: String) throws -> JSONValue {
        var bytes = Array(text.utf8)
        if text == "-" {
            guard let input = Terminal.input(limit: 16 << 20) else {
                throw CommandFailure(65, "standard input has more than 16 MiB", hint: "reports hold at most 1 MiB")
            }
            bytes = input
        }
        do throws(JSONError) {
            return try JSONValue(parsing: bytes)
        } catch {
            throw CommandFailure.usage(
                "\(name) is not JSON: \(error.message)",
                hint: "quote it for the shell, as '{\"progress\": 0.5}'; a text alone is written '\"text\"'")
        }
    }
}
