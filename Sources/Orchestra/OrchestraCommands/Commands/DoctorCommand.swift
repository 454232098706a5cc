import ArgumentParser
import PipelineTurns
import TurnModel
import TurnStoreSQLite
import Vocabulary

/// `orchestra doctor`: whether the store is there and well.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check the store.",
        discussion: "With --deep it reads every turn and checks that all belongs together.")

    @Flag(help: "Read everything.") var deep = false
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let store = try self.store.open()
        do throws(TurnStoreError) {
            let health = try await store.health()
            let registry = try await store.registry()
            let bundles = try await store.bundles()
            Output.line("Store: \(health.name)")
            Output.line("Health: ok, last turn \(health.lastTurn.map { "\($0)" } ?? "none")")
            Output.line("Type bundles: \(bundles.isEmpty ? "none yet" : bundles.joined(separator: ", "))")
            if let known = try await store.bundle(PipelineBundle.id), known != PipelineBundle.json {
                Output.line("Type bundle \(PipelineBundle.id) is that of another version of this program")
            }
            for broken in registry.broken { Output.line("Broken bundle: \(broken.shownToPeople())") }
            guard self.deep else { return }
            let report = try await store.check()
            Output.line("Checked: \(report.turns) turns, \(report.contexts) contexts, \(report.blobs) blobs")
            for violation in report.violations { Output.line("Violation: \(violation.shownToPeople(scalarsMax: 500))") }
            if !report.violations.isEmpty { Output.end(1) }
        } catch {
            throw StoreOptions.failure(error)
        }
    }
}
