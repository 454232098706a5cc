import Dispatch
import ProcessGuard
import Synchronization
import TrailsClient
import TrailsWire
import Vocabulary

/// Runs a program as a node of the tree: reports what becomes of it, and ends it when an ancestor cancels.
struct Work: Sendable {
    /// What is never handed to the program: it is its own app, not its parent.
    static let secrets: Set<String> = ["TRAILS_APP_ID", "TRAILS_CHILD_ID", "TRAILS_PRIVATE_KEY", "TRAILS_CONTEXT_KEY"]
    /// How long the program has after SIGTERM, when who cancels gives more.
    static let graceMax = Duration.seconds(30)

    let child: NewChild
    let command: [String]
    let environment: [String: String]

    static func environment(for child: NewChild, from own: [String: String]) -> [String: String] {
        var environment = own.filter { !self.secrets.contains($0.key) }
        environment[TrailsInfo.variable] = child.info.text
        environment[TrailsInfo.heldVariable] = child.info.appID.description
        return environment
    }

    /// Starts the program, waits for its end, and reports it. The app is declared already.
    func run() async throws -> Int32 {
        var config = TrailsConfig(info: self.child.info, key: self.child.enrolment.derivedKey())
        config.take(self.environment)
        let client = try await TrailsClient.initialize(with: config)
        let process: WorkProcess
        do {
            process = try WorkProcess(
                self.command, environment: Self.environment(for: self.child, from: self.environment))
        } catch {
            client.error((error as? CommandFailure)?.message ?? "\(error)")
            await client.shutdown()
            throw error
        }
        defer { process.letGo() }
        let signals = process.forwardSignals()
        defer { for source in signals { source.cancel() } }
        let report = WorkReport(client)
        client.onCancel(grace: Self.graceMax) { context in
            report.noteCancel()
            // Some of the time is for the answer to travel.
            await process.stop(within: max(.milliseconds(100), context.graceRemaining * 0.7))
        }
        client.status(JSONValue.object([:]))
        async let output: Void = Drain.run(process.output) { report.output($0) }
        async let errors: Void = Drain.run(process.errors) { report.errors($0) }
        let end = await process.ended()
        _ = await (output, errors)
        await report.end(end)
        return end.exitCode
    }
}

/// What is said of a program while it runs, and at its end.
final class WorkReport: Sendable {
    private struct State {
        var sieve = LineSieve()
        var tail = TailLines()
        var result: JSONValue?
        var isCancelled = false
    }

    private let client: TrailsClient
    private let state = Mutex(State())

    init(_ client: TrailsClient) { self.client = client }

    func noteCancel() { self.state.withLock { $0.isCancelled = true } }

    func output(_ bytes: ArraySlice<UInt8>) {
        let (passing, lines) = self.state.withLock { $0.sieve.take(bytes) }
        Output.bytes(passing)
        self.tell(lines)
    }

    func errors(_ bytes: ArraySlice<UInt8>) {
        self.state.withLock { $0.tail.take(bytes) }
        Output.errorBytes(Array(bytes))
    }

    /// A result is kept until the program has ended well: until then it is not one.
    private func tell(_ lines: [WorkLine]) {
        for line in lines {
            switch line {
            case .progress(let progress, let note): self.client.status(progress: progress, note: note)
            case .result(let value): self.state.withLock { $0.result = value }
            }
        }
    }

    func end(_ end: ProcessEnd) async {
        let (passing, lines) = self.state.withLock { $0.sieve.finish() }
        Output.bytes(passing)
        self.tell(lines)
        let (result, tail, isCancelled) = self.state.withLock { ($0.result, $0.tail.text, $0.isCancelled) }
        if !isCancelled { self.report(end, result, tail) }
        if await !self.client.flush(timeout: .seconds(10)) {
            Output.warn("the server has not taken the end of the program", hint: "set TRAILS_SPOOL to keep reports")
        }
        await self.client.shutdown()
    }

    private func report(_ end: ProcessEnd, _ result: JSONValue?, _ tail: [String]) {
        var detail: JSONObject = ["stderr": .array(tail.map { .string($0) })]
        switch end {
        case .exited(0): self.client.result(result ?? ["exitStatus": 0])
        case .exited(let code):
            detail["exitStatus"] = .integer(Int64(code))
            self.client.error("exit status \(code)", detail: .object(detail))
        case .signalled(let number):
            detail["signal"] = .integer(Int64(number))
            self.client.error("ended by signal \(number)", detail: .object(detail))
        }
    }
}
