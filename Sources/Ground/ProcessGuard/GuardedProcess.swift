import CProcessGuard
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A program that does not outlive this one.
///
/// It runs in a session of its own, under a guard: a small process between it and this one. When this process ends,
/// however it ends, the guard sends all that descends from the program SIGTERM, and after `grace` SIGKILL, wherever it
/// went: also what became a daemon. What other services start on its behalf (`docker`, `systemd-run`, `at`, `ssh`) does
/// not descend from it, and is out of reach. Where there is no `PR_SET_CHILD_SUBREAPER` (macOS), only the program's
/// group is reached.
package final class GuardedProcess: Sendable {
    /// The program, and the number of its group and session.
    package let id: Int32
    /// Readable when there is a report; never blocks.
    package let reports: Int32
    let guardID: pid_t
    let orders: Mutex<Int32?>

    /// What is known of a program from its guard.
    package enum Report: Hashable, Sendable {
        /// The program itself has ended; what it started may go on.
        case ended(ProcessEnd)
        /// The program has ended, and nothing is left of what the last signal was meant for: its group, or all.
        case quiet
        /// Somebody ended the guard, and with it the program. Its group was killed; what left that is out of reach.
        case lost
    }

    package enum Scope: Sendable {
        /// The program and all that stayed in its group.
        case group
        /// All that descends from the program.
        case all
    }

    /// Starts a program. Answers when it runs.
    package init(_ start: ProcessStart) throws(ProcessError) {
        guard let name = start.command.first, !start.hasNUL else {
            throw ProcessError("a command or its environment has a NUL character")
        }
        var command: [UnsafeMutablePointer<CChar>?] = start.command.map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] =
            start.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        let directory = start.workingDirectory.map { strdup($0) } ?? nil
        let guardName = strdup(start.guardName)
        defer { for text in command + environment + [directory, guardName] { free(text) } }
        var handle = guard_handle()
        let code = command.withUnsafeMutableBufferPointer { command in
            environment.withUnsafeMutableBufferPointer { environment in
                var request = guard_request()
                request.command = UnsafePointer(command.baseAddress)
                request.environment = UnsafePointer(environment.baseAddress)
                request.directory = UnsafePointer(directory)
                (request.input, request.output, request.errors) = (start.input, start.output, start.errors)
                request.hold = start.hold ?? -1
                request.grace_milliseconds = Int32(clamping: Int64(start.grace / .milliseconds(1)))
                request.name = UnsafePointer(guardName)
                return guard_start(&request, &handle)
            }
        }
        guard code == 0 else { throw ProcessError(starting: name, in: start.workingDirectory, code) }
        self.id = handle.program
        self.guardID = handle.guard
        self.reports = handle.reports
        self.orders = Mutex(handle.orders)
    }

    /// Sends a signal, unless the program was let go. What it was meant for is what `quiet` then speaks of.
    package func signal(_ number: Int32, to scope: Scope) {
        self.order(scope == .all ? guard_scope_all : guard_scope_group, number)
    }

    private func order(_ scope: some BinaryInteger, _ number: Int32) {
        self.orders.withLock { orders in
            guard let orders else { return }
            self.send(guard_order(scope: UInt8(scope), number: UInt8(clamping: number)), to: orders)
        }
    }

    private func send(_ order: guard_order, to orders: Int32) {
        var order = order
        #if canImport(Glibc)
            let flags = Int32(MSG_NOSIGNAL)
        #else
            let flags: Int32 = 0  // the socket itself raises none
        #endif
        while Self.send(&order, MemoryLayout<guard_order>.size, to: orders, flags) < 0, errno == EINTR {}
    }

    private static func send(_ bytes: UnsafeRawPointer, _ count: Int, to socket: Int32, _ flags: Int32) -> Int {
        #if canImport(Glibc)
            Glibc.send(socket, bytes, count, flags)
        #else
            Darwin.send(socket, bytes, count, flags)
        #endif
    }

    /// The next report, `nil` when there is none yet. None is to be waited for after `lost`, or after `letGo`.
    package func nextReport() -> Report? {
        var report = guard_report()
        while true {
            let count = read(self.reports, &report, MemoryLayout<guard_report>.size)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return nil }
            guard count == MemoryLayout<guard_report>.size else {
                guard self.orders.withLock({ $0 != nil }) else { return .quiet }
                kill(-self.id, SIGKILL)
                return .lost
            }
            if report.kind == Int32(guard_report_quiet) { return .quiet }
            return .ended(ProcessEnd(status: report.value))
        }
    }

    /// Waits for the next report. Blocks.
    package func waitForReport() -> Report {
        while true {
            if let report = self.nextReport() { return report }
            var source = pollfd(fd: self.reports, events: Int16(POLLIN), revents: 0)
            poll(&source, 1, -1)
        }
    }

    /// Ends the guard: what is left of the program goes on by itself.
    package func letGo() {
        let orders = self.orders.withLock { orders in
            defer { orders = nil }
            return orders
        }
        guard let orders else { return }
        self.send(guard_order(scope: UInt8(guard_scope_none), number: 0), to: orders)
        close(orders)
        while waitpid(self.guardID, nil, 0) < 0, errno == EINTR {}
    }

    deinit {
        self.letGo()
        close(self.reports)
    }
}
