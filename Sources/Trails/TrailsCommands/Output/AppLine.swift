import TrailsCore
import TrailsWire
import Vocabulary

/// How an app looks in lists and trees: `step2 (772a0622) [running ▶ 60%] ada@node-3:4711`.
struct AppLine {
    /// What `trails resume` says of itself when it brings an app back.
    static let resumedExecutable = "trails resume"

    let paint: Paint

    func text(_ app: AppView) -> String {
        let parts = [
            "\(app.appName.shownToPeople()) (\(app.appID.short))",
            self.paint("[\(self.state(of: app))]", self.colour(of: app)), self.place(of: app),
        ]
        return parts.filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// The status and its mark.
    func state(of app: AppView) -> String {
        if app.isCancelling, app.status.isLive { return "\(self.plainState(of: app)), cancelling" }
        return self.plainState(of: app)
    }

    private func plainState(of app: AppView) -> String {
        switch app.status {
        case .scheduled: "scheduled ⏳"
        case .connected: app.presence == .detached ? "running" : "connected"
        case .running: app.progress.map { "running ▶ \(Self.percent($0))%" } ?? "running"
        case .done: "done ✓"
        case .error: self.marked("error ✗", app.message)
        case .crashed: self.marked("crashed ✗", app.cause?.replacing("_", with: " "))
        case .startFailed: "never started ✗"
        case .cancelled: "cancelled ⊘"
        case .forceKilled: "force-killed ⊘"
        case .lostContact: self.marked("lost contact ?", app.cause?.replacing("_", with: " "))
        case .reconnecting: "reconnecting …"
        }
    }

    private func marked(_ state: String, _ why: String?) -> String {
        why.map { "\(state) \($0.shownToPeople(scalarsMax: 60))" } ?? state
    }

    private static func percent(_ progress: Double) -> Int { Int((min(max(progress, 0), 1) * 100).rounded()) }

    private func colour(of app: AppView) -> Paint.Colour? {
        switch app.status {
        case .done: .green
        case .connected, .running: .cyan
        case .error, .crashed, .startFailed: .red
        case .cancelled, .forceKilled, .lostContact, .reconnecting: .yellow
        case .scheduled: .dim
        }
    }

    /// `user@host:pid`, `user@host (detached)`, `resumed@host`: where a live app runs.
    private func place(of app: AppView) -> String {
        guard app.status.isLive, let process = app.processInfo, let host = process.hostname else { return "" }
        let shown = host.shownToPeople(scalarsMax: 64)
        if process.executable == Self.resumedExecutable { return "resumed@\(shown)" }
        let user = process.user.map { "\($0.shownToPeople(scalarsMax: 32))@" } ?? ""
        if app.presence == .detached { return "\(user)\(shown) (detached)" }
        return "\(user)\(shown)" + (process.pid.map { ":\($0)" } ?? "")
    }
}
