import Foundation
import Glibc
import Simulator
import Synchronization
import Testing

@testable import ProcessGuard

@Suite(.timeLimit(.minutes(10))) struct `A guarded program` {
    private let folder = ScratchDirectory()

    private func start(_ script: String) -> ProcessStart {
        var start = ProcessStart(
            command: ["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"],
            workingDirectory: self.folder.path)
        start.grace = .milliseconds(300)
        return start
    }

    /// The number that the program writes into a file of this name.
    private func number(in name: String) async throws -> pid_t {
        while true {
            if let text = try? String(contentsOfFile: "\(self.folder.path)/\(name)", encoding: .utf8),
                text.hasSuffix("\n"), let number = pid_t(text.dropLast())
            {
                return number
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private func waitForEnd(of process: pid_t) async throws {
        while Self.isRunning(process) { try await Task.sleep(for: .milliseconds(10)) }
    }

    private static func isRunning(_ process: pid_t) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
        return !stat.contains(") Z ")
    }

    @Test(arguments: [(0, "true"), (3, "exit 3"), (137, "kill -9 $$")])
    func `says how it ended, and that nothing is left`(code: Int32, script: String) throws {
        let program = try GuardedProcess(self.start(script))
        guard case .ended(let end) = program.waitForReport() else { throw CocoaError(.featureUnsupported) }
        #expect(end.exitCode == code)
        #expect(program.waitForReport() == .quiet)
    }

    /// A daemon: no child of the program, in a session of its own, deaf to SIGTERM.
    private static let daemon = "setsid sh -c 'trap \"\" TERM; echo $$ >daemon; while :; do sleep 0.1; done' &"

    @Test func `leaves a daemon alone when it ends by itself, and takes it along when it is stopped`() async throws {
        let program = try GuardedProcess(self.start("\(Self.daemon) until test -s daemon; do sleep 0.05; done"))
        let daemon = try await self.number(in: "daemon")
        #expect(program.waitForReport() == .ended(.exited(0)))
        #expect(program.waitForReport() == .quiet)
        #expect(Self.isRunning(daemon))
        program.signal(SIGKILL, to: .group)
        #expect(Self.isRunning(daemon))
        program.signal(SIGKILL, to: .all)
        try await self.waitForEnd(of: daemon)
        #expect(program.waitForReport() == .quiet)
    }

    @Test func `ends with all it started when nobody is there to give orders`() async throws {
        let deafChild = "sh -c 'trap \"\" TERM; echo $$ >deaf; while :; do sleep 0.1; done' &"
        let script = "\(Self.daemon) \(deafChild) wait; sleep 60"
        let program = try GuardedProcess(self.start(script))
        let (daemon, deaf) = (try await self.number(in: "daemon"), try await self.number(in: "deaf"))
        program.abandon()
        for process in [program.id, daemon, deaf] { try await self.waitForEnd(of: process) }
    }

    @Test func `holds a lock until nothing is left of it`() async throws {
        let path = "\(self.folder.path)/lock"
        let hold = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        #expect(flock(hold, LOCK_EX | LOCK_NB) == 0)
        var start = self.start("\(Self.daemon) wait")
        start.hold = hold
        let program = try GuardedProcess(start)
        close(hold)
        let daemon = try await self.number(in: "daemon")
        let other = open(path, O_RDWR | O_CLOEXEC)
        defer { close(other) }
        #expect(flock(other, LOCK_EX | LOCK_NB) != 0)
        program.abandon()
        #expect(flock(other, LOCK_EX) == 0)
        #expect(!Self.isRunning(daemon))
        #expect(!Self.isRunning(program.id))
    }

    @Test func `goes with its guard, and its group too`() async throws {
        let program = try GuardedProcess(self.start("sleep 60 & echo $! >child; wait"))
        let child = try await self.number(in: "child")
        program.killGuard()
        #expect(program.waitForReport() == .lost)
        try await self.waitForEnd(of: program.id)
        try await self.waitForEnd(of: child)
    }

    @Test func `does not keep its output open, nor anything else of ours`() throws {
        let pipe = try Descriptors.pipe()
        defer { close(pipe.read) }
        var start = self.start("ls /proc/self/fd")
        start.output = pipe.write
        let program = try GuardedProcess(start)
        close(pipe.write)
        let text = try FileHandle(fileDescriptor: pipe.read, closeOnDealloc: false).readToEnd() ?? Data()
        // `ls` has the directory open itself.
        #expect(String(decoding: text, as: UTF8.self) == "0\n1\n2\n3\n")
        #expect(program.waitForReport() == .ended(.exited(0)))
    }

    @Test func `is told from its guard in lists of processes`() throws {
        let program = try GuardedProcess(self.start("sleep 60"))
        defer { program.signal(SIGKILL, to: .all) }
        let line = try String(contentsOfFile: "/proc/\(program.guardID)/cmdline", encoding: .utf8)
        #expect(line.prefix { $0 != "\0" } == "process-guard")
        #expect(!line.contains("xctest"))
    }

    @Test func `says why it cannot be started`() throws {
        #expect { try GuardedProcess(ProcessStart(command: ["no-such-program"], environment: [:])) } throws: {
            ($0 as? ProcessError)?.errno == ENOENT
        }
        #expect(throws: ProcessError.self) { try GuardedProcess(self.start("a\0b")) }
    }
}

extension GuardedProcess {
    /// As the end of this process does: no more orders come.
    fileprivate func abandon() { self.orders.withLock { if let orders = $0.take() { close(orders) } } }

    /// As somebody might who does not know what it is.
    fileprivate func killGuard() { kill(self.guardID, SIGKILL) }
}
