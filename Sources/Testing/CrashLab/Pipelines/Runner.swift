import Foundation
import Glibc
import Synchronization
import Vocabulary

/// An `orchestra` at work, in a process group of its own. It dies with this object at the latest.
final class Runner: Sendable {
    private let process: Mutex<Child?>
    private let child: Child
    private let said = Mutex<[UInt8]>([])
    private let log: String

    /// Standard error goes to the file `log`, which is its own.
    init(_ arguments: [String], variables: [String], log: String) throws(LabError) {
        self.log = log
        self.child = try Child(arguments, variables: variables, log: log, leads: true)
        self.process = Mutex(self.child)
    }

    deinit { self.process.withLock { $0 }?.abandon() }

    var pid: Int32 { self.child.pid }

    /// What it has said on standard error so far.
    var complaint: String {
        String(decoding: FileManager.default.contents(atPath: self.log) ?? Data(), as: UTF8.self)
    }

    /// What it has said so far.
    var text: String { String(decoding: self.said.withLock { $0 }, as: UTF8.self) }

    /// The lines it has said so far, and completed.
    var lines: Int { self.said.withLock { said in said.count { $0 == UInt8(ascii: "\n") } } }

    /// Every object that it printed; a kill may have cut off the last.
    var events: [JSONValue] {
        let said = self.said.withLock { $0 }
        let whole = said[..<((said.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1)]
        return whole.split(separator: UInt8(ascii: "\n")).compactMap { try? JSONValue(parsing: Array($0)) }
    }

    func hasSaid(_ event: String) -> Bool { self.text.contains("{\"event\":\"\(event)\"") }
}

extension Runner {
    /// Listens until there are `lines` more, or it has ended; answers whether it goes on.
    @discardableResult
    func listen(lines: Int = .max) async throws -> Bool {
        let max = lines == .max ? lines : self.lines + lines
        return try await self.child.listen { [self] more in
            self.said.withLock { $0 += more }
            return self.lines >= max
        }
    }

    /// Listens until it says that it owns the session, or has ended; answers whether it owns it.
    func listenForResumption() async throws -> Bool {
        try await self.child.listen { [self] more in
            self.said.withLock { $0 += more }
            return self.hasSaid("pipeline_resumed")
        }
    }

    func send(_ signal: Int32, toGroup: Bool = false) {
        _ = Glibc.kill(toGroup ? -self.child.pid : self.child.pid, signal)
    }

    /// Waits for its end, hears the last it said, and forgets it.
    func end() async throws -> Child.End {
        _ = try await self.child.listen { [self] more in
            self.said.withLock { $0 += more }
            return false
        }
        guard let child = self.process.withLock({ $0 }) else { throw LabError("it was forgotten already") }
        let end = try await child.end(with: 0)
        self.process.withLock { $0 = nil }
        return end
    }

    /// Kills it, with whoever is in its group, and waits until it is gone.
    @discardableResult
    func kill(group: Bool = false) async throws -> Child.End {
        self.send(SIGKILL, toGroup: group)
        return try await self.end()
    }
}
