import Foundation

/// How much a test that makes up its own cases does: `CAIRN_FUZZ_PROFILE`, or `HYPOTHESIS_PROFILE`, names it, and
/// `CAIRN_FUZZ_EXAMPLES` may say how many cases.
package enum FuzzProfile: String, CaseIterable, Sendable {
    /// Always the same cases: nobody's change fails by bad luck.
    case ci
    case `default`
    case nightly
    case torture

    /// How many cases.
    package var examples: Int {
        if let count = ProcessInfo.processInfo.environment["CAIRN_FUZZ_EXAMPLES"].flatMap({ Int($0) }) { return count }
        return switch self {
        case .ci, .default: 500
        case .nightly: 5_000
        case .torture: 50_000
        }
    }

    /// How many steps a case has at most.
    package var steps: Int {
        switch self {
        case .ci, .default: 30
        case .nightly: 50
        case .torture: 200
        }
    }

    /// The number of the first case.
    package var seed: UInt64 { self == .ci ? 0 : UInt64.random(in: 0...UInt64(UInt32.max)) << 16 }

    /// `ci` where nobody says otherwise.
    package static let current: Self = {
        let environment = ProcessInfo.processInfo.environment
        let name = environment["CAIRN_FUZZ_PROFILE"] ?? environment["HYPOTHESIS_PROFILE"] ?? ""
        return Self(rawValue: name) ?? .ci
    }()
}
