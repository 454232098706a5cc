/// Something to say about a pipeline file: what is wrong, where, and what to write instead.
package struct Diagnostic: Error, Sendable, Equatable {
    package enum Severity: String, Sendable, CaseIterable {
        /// Nothing is run.
        case error
        case warning
        case info
    }

    /// What it is about; a file's own place says the rest.
    package enum Subject: Sendable, Equatable {
        case file
        case node(String)
        case edge(from: String, to: String)
    }

    package var code: Code
    package var severity: Severity
    /// Lower case, no full stop.
    package var message: String
    package var path: String
    /// `nil` when it is about no place in particular, or about a graph that was built in code.
    package var range: SourceRange?
    package var subject: Subject
    /// What stands there and should not; empty at the end of the file.
    package var token: String?
    /// What could have stood there.
    package var expected: [String]
    /// What to do.
    package var hint: String?
    /// Nodes in the order in which a run would visit them, to show that the case can occur.
    package var witness: [String]

    package init(
        _ code: Code, _ message: String, severity: Severity = .error, path: String = "", range: SourceRange? = nil,
        subject: Subject = .file, token: String? = nil, expected: [String] = [], hint: String? = nil,
        witness: [String] = []
    ) {
        self.code = code
        self.severity = severity
        self.message = message
        self.path = path
        self.range = range == SourceRange.none ? nil : range
        self.subject = subject
        self.token = token
        self.expected = expected
        self.hint = hint
        self.witness = witness
    }
}

extension Diagnostic {
    /// The stable word for a kind of diagnostic: a code of the parser, or the name of a rule.
    package struct Code: RawRepresentable, Sendable, Hashable {
        package let rawValue: String

        package init(rawValue: String) { self.rawValue = rawValue }

        package init(_ rawValue: String) { self.rawValue = rawValue }
    }
}

/// What the parser refuses (spec/orchestra.md 1.4).
extension Diagnostic.Code {
    package static let multipleGraphs = Self("multiple_graphs")
    package static let undirectedGraph = Self("undirected_graph")
    package static let undirectedEdge = Self("undirected_edge")
    package static let strictGraph = Self("strict_graph")
    package static let graphName = Self("graph_name")
    package static let nodeID = Self("node_id")
    package static let reservedWord = Self("reserved_word")
    package static let port = Self("port")
    package static let edgeEndpoint = Self("edge_endpoint")
    package static let htmlLabel = Self("html_label")
    package static let attrBlock = Self("attr_block")
    package static let stringConcat = Self("string_concat")
    package static let badEscape = Self("bad_escape")
    package static let unterminatedString = Self("unterminated_string")
    package static let unterminatedComment = Self("unterminated_comment")
    package static let unexpectedToken = Self("unexpected_token")
    package static let unexpectedEnd = Self("unexpected_end")
    package static let hashLine = Self("hash_line")
    /// A number or duration too large to keep.
    package static let numberRange = Self("number_range")
    /// Larger, deeper or with more attributes than any pipeline needs.
    package static let tooLarge = Self("too_large")
    /// Bytes that are no UTF-8.
    package static let encoding = Self("encoding")

    /// All codes of the parser.
    package static let ofParser: [Self] = [
        .multipleGraphs, .undirectedGraph, .undirectedEdge, .strictGraph, .graphName, .nodeID, .reservedWord, .port,
        .edgeEndpoint, .htmlLabel, .attrBlock, .stringConcat, .badEscape, .unterminatedString, .unterminatedComment,
        .unexpectedToken, .unexpectedEnd, .hashLine, .numberRange, .tooLarge, .encoding,
    ]
}

/// Diagnostics of one file, at most so many.
struct DiagnosticList {
    /// More are of no use to a person.
    static let countMax = 100

    let path: String
    private(set) var all: [Diagnostic] = []

    init(path: String) { self.path = path }

    var isFull: Bool { self.all.count >= Self.countMax }

    mutating func report(_ diagnostic: Diagnostic) {
        guard !self.isFull else { return }
        var placed = diagnostic
        placed.path = self.path
        self.all.append(placed)
    }

    /// In the order of the text.
    var sorted: [Diagnostic] {
        self.all.enumerated().sorted { left, right in
            let (first, second) = (left.element.range?.start.offset ?? 0, right.element.range?.start.offset ?? 0)
            return (first, left.offset) < (second, right.offset)
        }.map(\.element)
    }
}
