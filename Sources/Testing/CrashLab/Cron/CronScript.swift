/// The scripts of the seed that cron starts, as they lie in `examples/bash-pipeline`.
package enum CronScript: String, CaseIterable, Sendable {
    /// A run under a permanent root.
    case root = "nightly_etl.sh"
    /// A kept context, picked up again by the next start.
    case contexts = "nightly_etl_contexts.sh"

    /// What an earlier start has left: nothing, or where it was killed.
    package enum Past: String, CaseIterable, Sendable {
        case none
        case killedWaiting = "trails wait "
        case killedBeforeTheEnd = "trails context rm "
    }

    /// In each of these the script goes another way.
    var pasts: [Past] { self == .root ? [.none] : Past.allCases }

    /// What the script itself reports once all is done.
    func isResult(_ json: String) -> Bool {
        switch self {
        case .root: json.wholeMatch(of: /\{"date":"[0-9-]{10}","region":"us-east"\}/) != nil
        case .contexts: json == #"{"completed":true}"#
        }
    }
}

/// How a script was struck.
package struct CronStrike: Hashable, Sendable, CustomStringConvertible {
    package enum Weapon: String, CaseIterable, Sendable {
        /// SIGKILL to the shell alone: what it has started goes on.
        case script
        /// SIGKILL to the shell and what it has started, in the middle of a command.
        case group
        /// SIGKILL to trailsd, which stays away until the script has ended.
        case server
        /// SIGKILL to one `trails`, in the middle of its work; the script goes on.
        case trails
    }

    package let weapon: Weapon
    /// The number of the command, for `trails` of the call, from 1.
    package let at: Int
    /// From the start of the command, where it matters.
    package let delay: Duration

    package var description: String { "\(self.weapon.rawValue) at \(self.at) after \(self.delay.milliseconds) ms" }
}
