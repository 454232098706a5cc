import Logging
import TrailsStore

/// The keys of log metadata, in one place.
enum LogKeys {
    static func store(_ error: StoreError, jobs: Int) -> Logger.Metadata {
        ["error": "\(error.message)", "hint": "\(error.hint ?? "")", "commands": "\(jobs)"]
    }

    static func frame(_ type: String, _ error: any Error) -> Logger.Metadata {
        ["frame": "\(type)", "error": "\(error)"]
    }

    static func error(_ error: any Error) -> Logger.Metadata { ["error": "\(error)"] }

    static func started(data: String, instance: String, apps: Int) -> Logger.Metadata {
        ["data": "\(data)", "instance": "\(instance)", "live-apps": "\(apps)"]
    }
}
