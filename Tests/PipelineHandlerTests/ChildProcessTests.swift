import Foundation
import ProcessGuard
import Simulator
import Testing

@testable import PipelineRuntime

@Suite(.timeLimit(.minutes(10))) struct ChildProcessTests {
    private func request(_ script: String, timeout: Duration? = nil) -> ProcessRequest {
        ProcessRequest(
            command: ["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"], workingDirectory: "/tmp",
            timeout: timeout, grace: .milliseconds(300))
    }

    @Test(arguments: [(0, "true"), (3, "exit 3"), (127, "no-such-program-here"), (143, "kill -TERM $$")])
    func `says how a program ended`(code: Int32, script: String) async throws {
        let report = try await ChildProcess.run(self.request(script))
        #expect(report.end.exitCode == code)
        #expect(report.stopCause == nil)
    }

    @Test func `keeps the streams apart and gives the program nothing to read`() async throws {
        let report = try await ChildProcess.run(self.request("cat; echo out; echo err >&2; pwd"))
        #expect(report.output.text == "out\n/tmp\n")
        #expect(report.errors.text == "err\n")
    }

    @Test func `hands over input of any length to a program that reads none of it`() async throws {
        var request = self.request("true")
        request.input = Array(repeating: 7, count: 5_000_000)
        #expect(try await ChildProcess.run(request).end == .exited(0))
        request.command = ["/bin/sh", "-c", "wc -c"]
        #expect(try await ChildProcess.run(request).output.text.contains("5000000"))
    }

    @Test func `reads megabytes, keeps the beginning and the end, and puts all of it into a file`() async throws {
        let folder = ScratchDirectory()
        var request = self.request("echo first; head -c 8000000 /dev/zero | tr '\\0' x; echo; echo last")
        request.keptMax = 1_000
        request.spillPath = "\(folder.path)/output.txt"
        let report = try await ChildProcess.run(request)
        #expect(report.output.byteCount == 8_000_012)
        #expect(report.output.head.count == 1_000)
        #expect(report.output.text.hasPrefix("first\nxxx"))
        #expect(report.output.tailText.hasSuffix("xxx\nlast\n"))
        let spilled = try Data(contentsOf: URL(filePath: "\(folder.path)/output.txt"))
        #expect(spilled.count == 8_000_012)
        #expect(spilled.suffix(5) == Data("last\n".utf8))
    }

    @Test func `shows bytes that are no text`() async throws {
        let report = try await ChildProcess.run(self.request("printf 'a\\377b'"))
        #expect(report.output.text == "a\u{FFFD}b")
    }

    @Test func `stops all that was started when the time is over, and waits for its end`() async throws {
        let script = "trap '' TERM; (trap '' TERM; sleep 60; true) & echo $!; sleep 60; true"
        let report = try await ChildProcess.run(self.request(script, timeout: .milliseconds(300)))
        #expect(report.stopCause == .timeLimit)
        #expect(report.end == .signalled(9))
        let child = try #require(Int32(report.output.text.split(separator: "\n")[0]))
        #expect(!Self.isRunning(child))
        #expect(report.duration < .seconds(20))
    }

    @Test func `lets a program clean up before it is forced`() async throws {
        var request = self.request("trap 'echo bye; exit 0' TERM; while :; do sleep 0.05; done", timeout: .seconds(1))
        request.grace = .seconds(30)
        let report = try await ChildProcess.run(request)
        #expect(report.output.text == "bye\n")
        #expect(report.stopCause == .timeLimit)
        #expect(report.duration < .seconds(20))
    }

    @Test func `ends what a program leaves behind in its group`() async throws {
        let report = try await ChildProcess.run(self.request("sleep 60 & echo $!"))
        #expect(report.end == .exited(0))
        #expect(report.stopCause == nil)
        let child = try #require(Int32(report.output.text.split(separator: "\n")[0]))
        #expect(!Self.isRunning(child))
    }

    @Test func `does not wait for one that went into another session and holds the output open`() async throws {
        let report = try await ChildProcess.run(self.request("setsid sleep 20 & echo gone"))
        #expect(report.output.text == "gone\n")
        #expect(report.duration < .seconds(15))
    }

    @Test func `stops when its task is cancelled`() async throws {
        let folder = ScratchDirectory()
        let mark = "\(folder.path)/started"
        let request = self.request("touch \(mark); sleep 60")
        let task = Task { try await ChildProcess.run(request) }
        while !FileManager.default.fileExists(atPath: mark) { try await Task.sleep(for: .milliseconds(10)) }
        task.cancel()
        let report = try await task.value
        #expect(report.stopCause == .request)
        #expect(report.end == .signalled(15))
    }

    @Test func `a task cancelled before starts nothing that goes on`() async throws {
        let request = self.request("sleep 60")
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await ChildProcess.run(request)
        }
        #expect(try await task.value.stopCause == .request)
    }

    @Test func `works in a session without our terminal`() async throws {
        let report = try await ChildProcess.run(self.request("cut -d' ' -f5,6 /proc/self/stat; echo $$"))
        let words = report.output.text.split { $0 == " " || $0 == "\n" }
        #expect(words.count == 3)
        #expect(Set(words).count == 1)  // group and session are the shell's own
    }

    @Test func `gives programs three descriptors and no more`() async throws {
        let leaked = open("/dev/null", O_RDONLY)
        defer { close(leaked) }
        let report = try await ChildProcess.run(self.request("ls /proc/self/fd"))
        // ls has the directory open itself.
        #expect(report.output.text.split(separator: "\n") == ["0", "1", "2", "3"])
    }

    @Test func `says why a program cannot start`() async throws {
        var request = self.request("true")
        request.workingDirectory = "/no/such/place"
        await #expect(throws: ProcessError.self) { try await ChildProcess.run(request) }
        await #expect(throws: ProcessError.self) { try await ChildProcess.run(self.request("echo a\0b")) }
        await #expect(throws: ProcessError.self) {
            try await ChildProcess.run(self.request(String(repeating: "x", count: 200_000)))
        }
    }

    @Test func `runs many at once and leaves nothing open`() async throws {
        let request = self.request("echo hello")
        _ = try await ChildProcess.run(request)
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<40 { group.addTask { try await ChildProcess.run(request).output.text } }
            for try await text in group { #expect(text == "hello\n") }
        }
    }

    /// Whether there is such a process that is not dead already.
    private static func isRunning(_ process: Int32) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
        return !stat.contains(") Z ")
    }
}
