import DurableFiles
import TestKit
import Vocabulary

/// Everything about a simulated disk: nodes (files and directories), their names, power and plan.
struct DiskState {
    static let user: UInt32 = 1_000
    static let root = 0

    struct Node {
        let kind: FileStatus.Kind
        var owner = DiskState.user
        var permissions: Permissions
        /// Of a file.
        var bytes = FileBytes()
        /// Of a directory.
        var names = DirectoryNames()
        var modified = 0
        /// Which open file holds the lock.
        var lockHolder: Int?
    }

    /// Which open file of which life of the machine.
    struct Place {
        let node: Int
        let handle: Int
        let life: Int
    }

    var nodes: [Int: Node] = [DiskState.root: Node(kind: .directory, permissions: .privateDirectory)]
    private var nodesMade = 1
    private var handlesMade = 0
    private var changesMade = 0
    var dice: SplitMix64

    var crashPoint: Int?
    var faults: [Int: FaultyFileSystem.Fault] = [:]
    private(set) var trace: [FileError.Operation] = []
    var operations: Int { self.trace.count }
    private(set) var hasCrashed = false
    private(set) var life = 1

    init(seed: UInt64) {
        self.dice = SplitMix64(seed: seed)
    }

    // MARK: Power

    func checkPower(_ operation: FileError.Operation, _ path: String, life: Int? = nil) throws(FileError) {
        if self.hasCrashed || life ?? self.life != self.life {
            throw FileError(.io, operation, path, detail: "the machine has lost power")
        }
    }

    /// Counts one operation, lets the planned crash or fault befall it, else carries it out.
    mutating func operate<Answer>(
        _ operation: FileError.Operation, _ path: String, life: Int? = nil,
        _ body: (inout DiskState) throws(FileError) -> Answer
    ) throws(FileError) -> Answer {
        try self.checkPower(operation, path, life: life)
        self.trace.append(operation)
        if self.crashPoint == 2 * self.operations - 1 { self.hasCrashed = true }
        try self.checkPower(operation, path)
        switch self.faults[self.operations] {
        case .full: throw FileError(.full, operation, path)
        case .io:
            if operation == .syncDirectory { self.giveUpNames(path) }
            throw FileError(.io, operation, path)
        case .short, nil: break
        }
        let answer = try body(&self)
        if self.crashPoint == 2 * self.operations { self.hasCrashed = true }
        try self.checkPower(operation, path)
        return answer
    }

    private mutating func giveUpNames(_ path: String) {
        if let number = try? self.find(path, .syncDirectory) { self.nodes[number]?.names.giveUp() }
    }

    mutating func loseCache(_ damage: FaultyFileSystem.Damage) {
        for number in self.nodes.keys.sorted() {
            self.nodes[number]!.bytes.loseCache(damage.bytes, &self.dice)
            self.nodes[number]!.names.loseCache(damage.names, &self.dice)
            self.nodes[number]!.lockHolder = nil
        }
        self.life += 1
        self.trace = []
        self.hasCrashed = false
    }

    // MARK: Names

    private static func parts(_ path: String) -> [Substring] {
        path.split(separator: "/").filter { $0 != "." }
    }

    /// The node at `path`.
    func find(_ path: String, _ operation: FileError.Operation) throws(FileError) -> Int {
        var number = Self.root
        for part in Self.parts(path) {
            guard self.nodes[number]!.kind == .directory else { throw FileError(.notDirectory, operation, path) }
            guard let next = self.nodes[number]!.names.cached[String(part)] else {
                throw FileError(.notFound, operation, path)
            }
            number = next
        }
        return number
    }

    func findDirectory(_ path: String, _ operation: FileError.Operation) throws(FileError) -> Int {
        let number = try self.find(path, operation)
        guard self.nodes[number]!.kind == .directory else { throw FileError(.notDirectory, operation, path) }
        return number
    }

    /// The directory of `path`, the last name of `path`, and what has it.
    private func entry(
        _ path: String, _ operation: FileError.Operation
    ) throws(FileError) -> (directory: Int, name: String, node: Int?) {
        let parts = Self.parts(path)
        guard let name = parts.last.map(String.init) else { throw FileError(.exists, operation, path) }
        let directory = try self.findDirectory(parts.dropLast().joined(separator: "/"), operation)
        return (directory, name, self.nodes[directory]!.names.cached[name])
    }

    private mutating func addNode(_ kind: FileStatus.Kind, _ permissions: Permissions) -> Int {
        defer { self.nodesMade += 1 }
        self.changesMade += 1
        self.nodes[self.nodesMade] = Node(kind: kind, permissions: permissions, modified: self.changesMade)
        return self.nodesMade
    }

    mutating func addDurableDirectory(_ path: String) {
        var number = Self.root
        for part in Self.parts(path).map(String.init) {
            if let next = self.nodes[number]!.names.cached[part] {
                number = next
                continue
            }
            let made = self.addNode(.directory, .privateDirectory)
            self.nodes[number]!.names.make([(part, made)])
            self.nodes[number]!.names.sync()
            number = made
        }
    }

    func status(_ number: Int) -> FileStatus {
        let node = self.nodes[number]!
        return FileStatus(
            kind: node.kind, size: Int64(node.bytes.cached.count), owner: node.owner,
            permissions: node.permissions, modified: Timestamp(milliseconds: Int64(node.modified)))
    }

    // MARK: Operations

    mutating func open(_ path: String, _ options: OpenOptions) throws(FileError) -> Place {
        let entry = try self.entry(path, .open)
        self.handlesMade += 1
        if let number = entry.node {
            guard options.creation != .exclusive else { throw FileError(.exists, .open, path) }
            let isDirectory = self.nodes[number]!.kind == .directory
            if isDirectory && options.access != .read { throw FileError(.notFile, .open, path) }
            return Place(node: number, handle: self.handlesMade, life: self.life)
        }
        guard options.creation != .never else { throw FileError(.notFound, .open, path) }
        let number = self.addNode(.file, options.permissions)
        self.nodes[entry.directory]!.names.make([(entry.name, number)])
        return Place(node: number, handle: self.handlesMade, life: self.life)
    }

    mutating func link(_ path: String, as other: String) throws(FileError) {
        let number = try self.find(path, .link)
        let target = try self.entry(other, .link)
        guard target.node == nil else { throw FileError(.exists, .link, other) }
        guard self.nodes[number]!.kind == .file else { throw FileError(.permission, .link, other) }
        self.nodes[target.directory]!.names.make([(target.name, number)])
    }

    /// Within one directory a rename is one change; from one to another it is two, and the crash may take either.
    mutating func rename(_ path: String, to other: String) throws(FileError) {
        let source = try self.entry(path, .rename)
        let target = try self.entry(other, .rename)
        guard let number = source.node else { throw FileError(.notFound, .rename, path) }
        if let replaced = target.node {
            if replaced == number { return }  // two names of one file: POSIX does nothing
            let kinds = (self.nodes[number]!.kind, self.nodes[replaced]!.kind)
            if kinds.1 == .directory {
                guard kinds.0 == .directory else { throw FileError(.notFile, .rename, path) }
                guard self.nodes[replaced]!.names.cached.isEmpty else { throw FileError(.notEmpty, .rename, path) }
            } else if kinds.0 == .directory {
                throw FileError(.notDirectory, .rename, path)
            }
        }
        if source.directory == target.directory {
            self.nodes[source.directory]!.names.make([(source.name, nil), (target.name, number)])
        } else {
            self.nodes[target.directory]!.names.make([(target.name, number)])
            self.nodes[source.directory]!.names.make([(source.name, nil)])
        }
    }

    mutating func unlink(_ path: String) throws(FileError) {
        let entry = try self.entry(path, .remove)
        guard let number = entry.node else { throw FileError(.notFound, .remove, path) }
        guard self.nodes[number]!.kind == .file else { throw FileError(.notFile, .remove, path) }
        self.nodes[entry.directory]!.names.make([(entry.name, nil)])
    }

    mutating func makeDirectory(_ path: String, _ permissions: Permissions) throws(FileError) {
        let entry = try self.entry(path, .makeDirectory)
        guard entry.node == nil else { throw FileError(.exists, .makeDirectory, path) }
        let number = self.addNode(.directory, permissions)
        self.nodes[entry.directory]!.names.make([(entry.name, number)])
    }

    mutating func removeDirectory(_ path: String) throws(FileError) {
        let entry = try self.entry(path, .removeDirectory)
        guard let number = entry.node else { throw FileError(.notFound, .removeDirectory, path) }
        guard self.nodes[number]!.kind == .directory else { throw FileError(.notDirectory, .removeDirectory, path) }
        guard self.nodes[number]!.names.cached.isEmpty else { throw FileError(.notEmpty, .removeDirectory, path) }
        self.nodes[entry.directory]!.names.make([(entry.name, nil)])
    }

    mutating func change(_ number: Int, _ change: FileBytes.Change) {
        self.changesMade += 1
        self.nodes[number]!.bytes.make(change)
        self.nodes[number]!.modified = self.changesMade
    }

    /// How much of a write of `count` bytes the running operation takes.
    func portion(of count: Int) -> Int {
        if case .short(let most)? = self.faults[self.operations] { return max(1, min(most, count)) }
        return count
    }
}
