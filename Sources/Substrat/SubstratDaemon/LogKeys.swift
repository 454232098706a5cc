import Logging
import SubstratProtocol

/// The keys of log metadata, in one place.
enum LogKeys {
    static func place(_ place: DaemonPlace) -> Logger.Metadata { ["root": "\(place.root)"] }

    static func peer(_ user: UInt32) -> Logger.Metadata { ["user": "\(user)"] }

    static func error(_ error: any Error) -> Logger.Metadata { ["error": "\(error)"] }
}
