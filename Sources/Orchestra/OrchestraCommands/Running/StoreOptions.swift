import ArgumentParser
import DurableFiles
import Foundation
import PipelineSettings
import TurnModel
import TurnStoreSQLite
import Vocabulary

/// Which store a command works on.
struct StoreOptions: ParsableArguments {
    @Option(help: "The store, a SQLite file (default: ~/.orchestra/store.sqlite).", completion: .file())
    var store: String?
    @OptionGroup var config: ConfigOptions

    static var userHome: String { ProcessInfo.processInfo.environment["HOME"] ?? NSHomeDirectory() }

    /// Of this user: the store and the directories of runs, unless said otherwise.
    static var home: String { "\(self.userHome)/.orchestra" }

    /// Where the store is, by the arguments, the environment, or `settings`.
    func path(in settings: Settings) throws -> String {
        if let store { return store }
        let url = ProcessInfo.processInfo.environment["ORCHESTRA_CXDB_URL"] ?? ""
        guard url.isEmpty else {
            throw CommandFailure.refused(
                "ORCHESTRA_CXDB_URL is set, and this program does not speak to CXDB servers",
                hint: "unset it, or name a file with --store")
        }
        return settings.store ?? "\(Self.home)/store.sqlite"
    }

    /// Opens the store, or makes it. A commit waits for other processes for `busyTimeout` at most.
    ///
    /// - Parameter settings: Those that count, if not the nearest to the current directory.
    func open(busyTimeout: Duration = .seconds(10), by settings: Settings? = nil) throws -> SQLiteTurnStore {
        let path = try self.path(in: try settings ?? self.config.settings())
        do {
            try DurableDirectory.make(
                URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false).withoutLastSlash,
                on: POSIXFileSystem())
            return try SQLiteTurnStore.open(path, busyTimeout: busyTimeout)
        } catch let error as TurnStoreError {
            throw Self.failure(error)
        } catch let error as FileError {
            throw CommandFailure.refused(
                "the store cannot be reached: \(error.message)", hint: error.hint ?? "name another file with --store")
        }
    }

    static func failure(_ error: TurnStoreError) -> CommandFailure {
        switch error {
        case .refused(let refusal): .refused("the store refused: \(refusal)")
        case .failed(let fault) where fault.code == .busy:
            CommandFailure(
                exitCode: 75, message: "the store cannot be reached: \(fault.message)",
                hint: fault.hint ?? "try again in a moment")
        case .failed(let fault):
            .refused("the store cannot be reached: \(fault.message)", hint: fault.hint ?? "run \"orchestra doctor\"")
        }
    }
}

extension String {
    fileprivate var withoutLastSlash: String {
        self.count > 1 && self.hasSuffix("/") ? String(self.dropLast()) : self
    }
}
