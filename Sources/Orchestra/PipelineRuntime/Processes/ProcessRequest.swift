package import ProcessGuard

/// A program to run to its end.
package struct ProcessRequest: Sendable {
    /// The program, found by PATH, and its arguments.
    package var command: [String]
    /// All of it: nothing is inherited.
    package var environment: [String: String]
    package var workingDirectory: String
    /// What it reads on standard input: these bytes, or nothing.
    package var input: [UInt8]
    /// After which it is stopped; `nil` for never.
    package var timeout: Duration?
    /// From SIGTERM to SIGKILL.
    package var grace: Duration
    /// How much of each stream is held in memory.
    package var keptMax: Int
    /// Stays open until nothing of the program is left: for a lock.
    package var hold: Int32?
    /// Where standard output goes as well once it is longer than that; `nil` for nowhere.
    package var spillPath: String?
    /// Hears what the program writes to either stream, on the thread that reads it.
    package var hear: (@Sendable (ArraySlice<UInt8>) -> Void)?

    /// The output that a context may hold: beyond it, values belong into files (spec/orchestra.md 2.13).
    package static let keptMaxDefault = 100_000

    package init(
        command: [String], environment: [String: String], workingDirectory: String, input: [UInt8] = [],
        timeout: Duration? = nil, grace: Duration = .seconds(5), keptMax: Int = Self.keptMaxDefault,
        spillPath: String? = nil
    ) {
        self.command = command
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.input = input
        self.timeout = timeout
        self.grace = grace
        self.keptMax = keptMax
        self.spillPath = spillPath
    }
}

/// What became of a program.
package struct ProcessReport: Sendable {
    package let end: ProcessEnd
    /// Why it was stopped; `nil` when it ended by itself.
    package let stopCause: StopCause?
    package let output: CapturedOutput
    package let errors: CapturedOutput
    package let duration: Duration
}
