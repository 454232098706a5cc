import ProcessGuard
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A program and its three pipes: lines go in, lines come out, complaints are kept.
///
/// All calls block, and one at a time is made, but for `interrupt`: after it the others return soon.
final class ScriptProcess: Sendable {
    private let program: GuardedProcess
    private let pipes: Mutex<ScriptPipes>
    /// Written to by `interrupt`; never read, so it interrupts for good.
    private let bell: (read: Int32, write: Int32)

    init(_ start: ProcessStart) throws(ProcessError) {
        _ = Self.ignoresBrokenPipes
        var opened: [Int32] = []
        do throws(ProcessError) {
            var pairs: [(read: Int32, write: Int32)] = []
            for _ in 0..<4 {
                let pair = try Descriptors.pipe()
                opened += [pair.read, pair.write]
                pairs.append(pair)
            }
            var start = start
            (start.input, start.output, start.errors) = (pairs[0].read, pairs[1].write, pairs[2].write)
            self.program = try GuardedProcess(start)
            for theirs in [start.input, start.output, start.errors] { close(theirs) }
            self.bell = pairs[3]
            self.pipes = Mutex(
                ScriptPipes(input: pairs[0].write, output: pairs[1].read, errors: pairs[2].read, bell: pairs[3].read))
        } catch {
            for descriptor in opened { close(descriptor) }
            throw error
        }
    }

    deinit {
        close(self.bell.read)
        close(self.bell.write)
    }

    /// Writes `bytes` and returns the next line without its end. The patience counts from the last byte heard.
    func exchange(_ bytes: [UInt8], patience: Duration) throws(ScriptFailure) -> [UInt8] {
        try self.locked { (pipes) throws(ScriptFailure) in
            try pipes.exchange(bytes, patience: patience, with: self.program)
        }
    }

    /// Writes `bytes` and ends the program's input; its next line without its end, `nil` when it says no more.
    func next(after bytes: [UInt8], patience: Duration) throws(ScriptFailure) -> [UInt8]? {
        try self.locked { (pipes) throws(ScriptFailure) in
            try pipes.next(after: bytes, isLast: true, patience: patience, with: self.program)
        }
    }

    private func locked<Value: Sendable>(
        _ body: (inout ScriptPipes) throws(ScriptFailure) -> Value
    ) throws(ScriptFailure) -> Value {
        let result = self.pipes.withLock { pipes -> Result<Value, ScriptFailure> in
            do throws(ScriptFailure) {
                return .success(try body(&pipes))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// The exit code of a program that has nothing more to say; `nil` when a signal has ended it. One that runs on
    /// after `grace` counts as one that has ended well.
    func exitCode(after grace: Duration) -> Int32? {
        self.pipes.withLock { pipes in
            pipes.waitForEnd(of: self.program, for: grace)
            switch pipes.ended {
            case .exited(let code): return code
            case .signalled: return nil
            case nil: return 0
            }
        }
    }

    /// The end of what the program said on its standard error, on one line.
    var complaints: String { self.pipes.withLock { $0.complaintLines.suffix(20).joined(separator: "; ") } }

    /// For people, among what the program complained of.
    func note(_ text: String) { self.pipes.withLock { $0.note(text) } }

    /// The end of what the program said on its standard error, as the end of a message.
    var complaint: String { self.pipes.withLock { $0.complaint } }

    /// Whether it ended between two turns.
    var hasEnded: Bool { self.pipes.withLock { $0.hasEnded(self.program) } }

    func interrupt() { Descriptors.wake(self.bell.write) }

    /// Ends the input, waits for the program to end, and kills what is left of it.
    func end(grace: Duration) {
        self.pipes.withLock { pipes in
            pipes.closeInput()
            pipes.waitForEnd(of: self.program, for: grace)
            self.program.signal(SIGKILL, to: .all)
            while ![.quiet, .lost].contains(self.program.waitForReport()) {}
            self.program.letGo()
            pipes.close()
        }
    }

    /// Else a program that ends while it is written to would end this one.
    private static let ignoresBrokenPipes: Bool = {
        signal(SIGPIPE, SIG_IGN)
        return true
    }()
}
