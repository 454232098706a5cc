import Foundation
import Glibc
import Vocabulary

/// A directory with a pipeline, its store, and the file in which its tools count themselves.
struct PipelinePlace: Sendable {
    let program: String
    let folder: String
    /// Variables that are added to the environment of what is run here.
    let variables: [String]

    init(_ pipeline: String, program: String, folder: String, variables: [String] = []) throws {
        self.program = program
        self.folder = folder
        self.variables = variables
        try FileManager.default.createDirectory(atPath: "\(folder)/data", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: "\(folder)/logs", withIntermediateDirectories: true)
        try pipeline.write(toFile: self.file, atomically: true, encoding: .utf8)
        try LabPipeline.step.write(toFile: "\(folder)/step", atomically: true, encoding: .utf8)
    }

    /// Another pipeline of the same store.
    init(_ pipeline: String, beside other: Self, folder: String) throws {
        try self.init(pipeline, program: other.program, folder: folder, variables: other.variables)
        try FileManager.default.removeItem(atPath: "\(folder)/data")
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder)/data", withDestinationPath: "\(other.folder)/data")
    }

    var file: String { "\(self.folder)/lab.dot" }
    var data: String { "\(self.folder)/data" }
    var store: String { "\(self.data)/\(PowerCut.database)" }
    /// Where one program says what went wrong.
    private var log: String { "\(self.folder)/logs/\(UUID().uuidString)" }

    /// Whether there is anything in the store.
    var hasStore: Bool { FileManager.default.fileExists(atPath: self.store) }

    /// Starts the pipeline, or goes on with `session`.
    func play(_ session: String?, _ more: [String] = []) throws(LabError) -> Runner {
        let begin = session.map { ["resume", $0] } ?? ["run", self.file]
        return try self.start(begin + ["--runs", "\(self.folder)/runs", "--json", "--auto-approve"] + more)
    }

    /// Runs one command to its end; answers with its exit code and all it said, errors not.
    func run(_ command: [String]) async throws -> (end: Child.End, text: String) {
        let runner = try self.start(command)
        _ = try await runner.listen()
        return (try await runner.end(), runner.text)
    }

    private func start(_ command: [String]) throws(LabError) -> Runner {
        let store = ["--store", self.store]
        return try Runner([self.program] + command + store, variables: self.variables, log: self.log)
    }

    /// What the tools wrote, in the order in which they did.
    func executions() throws -> [Execution] {
        guard let bytes = FileManager.default.contents(atPath: "\(self.folder)/count") else { return [] }
        return try Execution.read(String(decoding: bytes, as: UTF8.self))
    }

    /// Waits until a tool begins or ends, or for so long.
    func waitForTool(atMost limit: Duration) async throws {
        let deadline = ContinuousClock.now + limit
        let size = self.countSize
        while self.countSize == size, ContinuousClock.now < deadline { try await Task.sleep(for: .microseconds(500)) }
    }

    private var countSize: Int {
        var state = stat()
        return stat("\(self.folder)/count", &state) == 0 ? Int(state.st_size) : 0
    }

    /// Notes among the executions that whoever ran the pipeline is gone.
    func noteDeath() throws {
        let path = "\(self.folder)/count"
        guard let handle = FileHandle(forWritingAtPath: path) else { return }
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("\(Execution.death)\n".utf8))
        try handle.close()
    }
}

/// One start of a tool, as it told itself.
struct Execution: Sendable {
    let node: String
    let key: String
    let pid: String
    /// How many runners had died before it began.
    let life: Int
    /// How many runners had died before it ended; `nil` when it did not.
    private(set) var lifeAtEnd: Int?
    /// Whether a later runner had begun something before it ended.
    private(set) var hasOutlived = false

    static let death = "death"

    /// Reads a file of lines `begin NODE KEY PID`, `end NODE KEY PID` and `death`.
    static func read(_ text: String) throws(LabError) -> [Self] {
        var executions: [Self] = []
        var open: [String: Int] = [:]
        var life = 0
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            switch (words.first, words.count) {
            case (Self.death, 1): life += 1
            case ("begin", 4):
                open["\(words[2]) \(words[3])"] = executions.count
                executions.append(Self(node: words[1], key: words[2], pid: words[3], life: life))
            case ("end", 4):
                guard let place = open.removeValue(forKey: "\(words[2]) \(words[3])") else {
                    throw LabError("a tool ended that never began: \(line)")
                }
                executions[place].lifeAtEnd = life
                executions[place].hasOutlived = executions.last.map { $0.life > executions[place].life } ?? false
            default: throw LabError("nobody writes this into the count: \(line)")
            }
        }
        return executions
    }
}
