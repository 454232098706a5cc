import Dispatch
import ProcessGuard
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Reads lines from a terminal or a pipe, and takes nothing that nobody waits for.
///
/// A thread reads only while a task waits, and stops when that is cancelled: what is typed later is still there.
package final class LineReader: Sendable {
    package enum Line: Sendable, Hashable {
        case text(String)
        case end
        /// The waiting was cancelled.
        case withdrawn
    }

    /// A longer line is cut into lines of this length.
    package static let lineMax = 64 << 10

    private let descriptor: Int32
    private let queue = DispatchQueue(label: "orchestra.lines")
    private let state = Mutex(State())

    fileprivate struct State {
        var bytes: [UInt8] = []
        var isAtEnd = false
        /// Wakes the thread; open while it reads.
        var wake: Int32?
    }

    package init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    package var isTerminal: Bool { isatty(self.descriptor) == 1 }

    /// Drops what was typed on a terminal before now: it cannot be meant for what is asked next.
    package func dropTypedAhead() {
        guard self.isTerminal else { return }
        self.state.withLock { $0.bytes = [] }
        tcflush(self.descriptor, TCIFLUSH)
    }

    /// The next line, without its end. One task at a time.
    package func next() async -> Line {
        guard let (read, write) = try? Descriptors.pipe() else { return .end }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                self.state.withLock { $0.wake = write }
                if Task.isCancelled { Descriptors.wake(write) }
                self.queue.async {
                    let line = self.nextLine(or: read)
                    self.state.withLock { $0.wake = nil }
                    close(read)
                    close(write)
                    waiter.resume(returning: line)
                }
            }
        } onCancel: {
            self.state.withLock { state in
                if let wake = state.wake { Descriptors.wake(wake) }
            }
        }
    }

    /// Blocks until there is a line, or something on `control`.
    private func nextLine(or control: Int32) -> Line {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            if let line = self.state.withLock({ $0.takeLine() }) { return .text(line) }
            if self.state.withLock({ $0.isAtEnd }) { return .end }
            var watched = [control, self.descriptor].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&watched, 2, -1) > 0 else { continue }
            if watched[0].revents != 0 { return .withdrawn }
            guard let bytes = Descriptors.read(self.descriptor, into: &buffer) else { continue }
            self.state.withLock { state in
                state.bytes += bytes
                state.isAtEnd = bytes.isEmpty
            }
        }
    }
}

extension LineReader.State {
    /// The first line; at the end of the input, what is left of one.
    fileprivate mutating func takeLine() -> String? {
        let end = self.bytes.firstIndex(of: UInt8(ascii: "\n"))
        guard end != nil || self.bytes.count >= LineReader.lineMax || self.isAtEnd && !self.bytes.isEmpty else {
            return nil
        }
        let line = self.bytes[..<(end ?? min(self.bytes.count, LineReader.lineMax))]
        self.bytes = Array(self.bytes[(end.map { $0 + 1 } ?? line.endIndex)...])
        return String(decoding: line, as: UTF8.self)
    }
}
