import AgentProtocols
import ProcessGuard
import Vocabulary

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The ends of a script's pipes that are ours, and what was read of them. Descriptors are -1 once they are closed.
struct ScriptPipes: Sendable {
    private var input: Int32
    private var output: Int32
    private var errors: Int32
    private let bell: Int32
    /// Read and not yet taken; no line break is before `searched`.
    private var heard: [UInt8] = []
    private var searched = 0
    /// Nothing has come since a line is waited for.
    private var isSilent = true
    private var complaints: [UInt8] = []
    private var end: ProcessEnd?
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    static let complaintMax = 64 << 10
    private static let reportGrace = Duration.seconds(1)
    /// More than a pipe can hold.
    private static let roundsMax = 32

    init(input: Int32, output: Int32, errors: Int32, bell: Int32) {
        (self.input, self.output, self.errors, self.bell) = (input, output, errors, bell)
        for descriptor in [input, output, errors] { Descriptors.neverBlock(descriptor) }
    }

    /// Writes all of `bytes`, reading on meanwhile, and then waits for a line.
    mutating func exchange(
        _ bytes: [UInt8], patience: Duration, with program: GuardedProcess
    ) throws(ScriptFailure) -> [UInt8] {
        guard let line = try self.next(after: bytes, patience: patience, with: program) else {
            // Its end is reported a little after its output has closed.
            self.waitForEnd(of: program, for: Self.reportGrace)
            throw ScriptFailure(self.ending, isUnheard: self.isSilent && self.end == .exited(0))
        }
        return line
    }

    /// The same; `nil` when the program says no more.
    ///
    /// - Parameter isLast: Ends the program's input after `bytes`.
    mutating func next(
        after bytes: [UInt8], isLast: Bool = false, patience: Duration, with program: GuardedProcess
    ) throws(ScriptFailure) -> [UInt8]? {
        var rest = bytes[...]
        var due = ContinuousClock.now + patience
        self.isSilent = self.heard.isEmpty
        while true {
            if rest.isEmpty, isLast { self.closeInput() }
            if rest.isEmpty, let line = try self.takeLine() { return line }
            if self.output < 0 { return isLast ? try self.takeLine() : nil }
            let pause = due - .now
            guard pause > .zero else { throw ScriptFailure("it said nothing for \(patience.components.seconds) s") }
            if try self.wait(program, writes: !rest.isEmpty, for: pause) { self.write(&rest) }
            if self.hears() { due = .now + patience }
            self.complains()
            self.look(at: program)
            self.isSilent = self.isSilent && self.heard.isEmpty
        }
    }

    /// Reads on until the program has ended, but no longer than `grace`.
    mutating func waitForEnd(of program: GuardedProcess, for grace: Duration) {
        let due = ContinuousClock.now + grace
        while self.end == nil, due > .now {
            var watched = self.watched(program, writes: false)
            watched.removeLast()
            poll(&watched, nfds_t(watched.count), Self.milliseconds(due - .now))
            _ = self.hears()
            self.heard = []
            self.searched = 0
            self.complains()
            self.look(at: program)
        }
    }

    /// Whether the program has ended since somebody looked last.
    mutating func hasEnded(_ program: GuardedProcess) -> Bool {
        self.look(at: program)
        return self.end != nil
    }

    /// How it ended; `nil` while it runs.
    var ended: ProcessEnd? { self.end }

    mutating func closeInput() { Self.close(&self.input) }

    mutating func close() {
        Self.close(&self.input)
        Self.close(&self.output)
        Self.close(&self.errors)
    }

    mutating func note(_ text: String) { self.complain(Array(text.utf8)[...] + [UInt8(ascii: "\n")]) }

    /// The lines that it wrote to its standard error.
    var complaintLines: [Substring] { String(decoding: self.complaints, as: UTF8.self).split(separator: "\n") }

    var complaint: String {
        let lines = self.complaintLines.joined(separator: "\n")
        return lines.isEmpty ? "" : "\nit complained: \(lines)"
    }
}

extension ScriptPipes {
    /// The descriptors in the order: output, errors, reports, input, bell.
    private func watched(_ program: GuardedProcess, writes: Bool) -> [pollfd] {
        [
            pollfd(fd: self.output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: self.errors, events: Int16(POLLIN), revents: 0),
            pollfd(fd: self.end == nil ? program.reports : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: writes ? self.input : -1, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: self.bell, events: Int16(POLLIN), revents: 0),
        ]
    }

    /// Waits until something can be done; whether that is to write.
    private func wait(
        _ program: GuardedProcess, writes: Bool, for pause: Duration
    ) throws(ScriptFailure) -> Bool {
        var watched = self.watched(program, writes: writes)
        guard poll(&watched, nfds_t(watched.count), Self.milliseconds(pause)) > 0 else { return false }
        if watched[4].revents != 0 { throw ScriptFailure("the turn was stopped") }
        return watched[3].revents != 0
    }

    private static func milliseconds(_ pause: Duration) -> Int32 {
        Int32(clamping: max(0, pause.wholeMilliseconds) + 1)
    }

    private mutating func write(_ rest: inout ArraySlice<UInt8>) {
        let count = rest.withUnsafeBytes { Self.write(self.input, $0.baseAddress, $0.count) }
        if count > 0 { rest = rest.dropFirst(count) }
        // It reads no more: what it says last tells why.
        if count < 0, errno != EAGAIN, errno != EINTR { rest = [] }
    }

    private static func write(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.write(file, bytes, count)
        #else
            Darwin.write(file, bytes, count)
        #endif
    }

    /// Reads what the program has said; whether it was something.
    private mutating func hears() -> Bool {
        guard self.output >= 0, let bytes = Descriptors.read(self.output, into: &self.buffer) else { return false }
        if bytes.isEmpty { Self.close(&self.output) }
        self.heard += bytes
        return !bytes.isEmpty
    }

    private mutating func complains() {
        guard self.errors >= 0, let bytes = Descriptors.read(self.errors, into: &self.buffer) else { return }
        if bytes.isEmpty { Self.close(&self.errors) } else { self.complain(bytes) }
    }

    private mutating func complain(_ bytes: ArraySlice<UInt8>) {
        self.complaints += bytes
        if self.complaints.count > 2 * Self.complaintMax {
            self.complaints = Array(self.complaints.suffix(Self.complaintMax))
        }
    }

    /// Learns of the program's end. What it has said by then is read; others may hold its output for ever.
    private mutating func look(at program: GuardedProcess) {
        guard self.end == nil, let report = program.nextReport() else { return }
        if case .ended(let end) = report { self.end = end } else { self.end = .signalled(SIGKILL) }
        for _ in 0..<Self.roundsMax { guard self.hears() else { break } }
        Self.close(&self.output)
        self.complains()
    }

    private mutating func takeLine() throws(ScriptFailure) -> [UInt8]? {
        guard let place = self.heard[self.searched...].firstIndex(of: UInt8(ascii: "\n")) else {
            self.searched = self.heard.count
            guard self.heard.count <= ScriptLine.lengthMax.bytes else {
                throw ScriptFailure("a line of it is longer than \(ScriptLine.lengthMax)")
            }
            return nil
        }
        let line = Array(self.heard[..<place])
        self.heard.removeSubrange(...place)
        self.searched = 0
        return line
    }

    private var ending: String {
        switch self.end {
        case .exited(let code): "it ended with exit code \(code) in the middle of its turn"
        case .signalled(let number): "it was ended by signal \(number) in the middle of its turn"
        case nil: "it closed its output in the middle of its turn"
        }
    }

    private static func close(_ descriptor: inout Int32) {
        guard descriptor >= 0 else { return }
        #if canImport(Glibc)
            Glibc.close(descriptor)
        #else
            Darwin.close(descriptor)
        #endif
        descriptor = -1
    }
}
