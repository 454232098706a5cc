import TrailsCore
import TrailsWire
import Vocabulary

/// Apps for tests.
enum Sample {
    /// The id that begins with these eight digits.
    static func id(_ digits: String) -> AppID {
        guard let id = AppID("\(digits)-0000-4000-8000-000000000000") else { preconditionFailure(digits) }
        return id
    }

    static func app(
        _ name: String, id: String = "550e8400", parent: String? = nil, status: AppStatus = .running,
        presence: AppView.Presence = .attached, at: Int64 = 0, change: (inout AppView) -> Void = { _ in }
    ) -> AppView {
        var app = AppView(
            appID: self.id(id), parentID: parent.map(self.id), appName: name, status: status, presence: presence,
            level: .signed, scheduledAt: Timestamp(milliseconds: at), updatedAt: Timestamp(milliseconds: at))
        change(&app)
        return app
    }

    static func facts(_ user: String?, _ host: String, pid: Int64? = nil, executable: String? = nil) -> ProcessFacts {
        ProcessFacts(pid: pid, user: user, hostname: host, executable: executable)
    }
}
