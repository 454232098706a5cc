import Synchronization
import TrailsCore

/// What the server counts, and prints for Prometheus. No name of an app is ever part of it.
final class ServerMetrics: Sendable {
    let connections = Gauge()
    let watchers = Gauge()
    private let messages = Gauge()
    private let commands = Gauge()
    private let refusals = Gauge()
    private let commits = Gauge()
    private let storeFailures = Gauge()
    private let requests = Gauge()

    /// A number that many threads change.
    final class Gauge: Sendable {
        private let number = Atomic<Int>(0)

        func add(_ amount: Int) { self.number.add(amount, ordering: .relaxed) }
        var value: Int { self.number.load(ordering: .relaxed) }
    }

    /// Counts a batch that was committed.
    func count(_ answers: [Job.Answer]) {
        self.commits.add(1)
        self.commands.add(answers.count)
        var messages = 0
        var refusals = 0
        for answer in answers {
            switch answer {
            case .success(let done): if done.report != nil { messages += 1 }
            case .failure: refusals += 1
            }
        }
        self.messages.add(messages)
        self.refusals.add(refusals)
    }

    func countStoreFailure() { self.storeFailures.add(1) }
    func countRequest() { self.requests.add(1) }

    /// The Prometheus text format, version 0.0.4.
    func text(liveApps: Int, cascades: Int) -> String {
        let lines: [(name: String, kind: String, help: String, value: Int)] = [
            ("trailsd_connections", "gauge", "open WebSocket connections of apps", self.connections.value),
            ("trailsd_watchers", "gauge", "open watch sockets", self.watchers.value),
            ("trailsd_working_set_apps", "gauge", "apps held in memory", liveApps),
            ("trailsd_cascades", "gauge", "cancels at work", cascades),
            ("trailsd_messages_total", "counter", "messages stored or known as repeats", self.messages.value),
            ("trailsd_commands_total", "counter", "commands carried out or refused", self.commands.value),
            ("trailsd_refusals_total", "counter", "commands refused", self.refusals.value),
            ("trailsd_commits_total", "counter", "transactions committed", self.commits.value),
            ("trailsd_store_failures_total", "counter", "transactions the store refused", self.storeFailures.value),
            ("trailsd_requests_total", "counter", "HTTP requests answered", self.requests.value),
        ]
        return lines.map { line in
            "# HELP \(line.name) \(line.help)\n# TYPE \(line.name) \(line.kind)\n\(line.name) \(line.value)\n"
        }.joined()
    }
}
