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
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let store = try self.store.open()
        do throws(TurnStoreError) {
            let known = try await store.bundle(PipelineBundle.id)
            let examination = Examination(
                health: try await store.health(), bundles: try await store.bundles(),
                isOfAnotherVersion: known.map { $0 != PipelineBundle.json } ?? false,
                brokenBundles: try await store.registry().broken, check: self.deep ? try await store.check() : nil)
            Output.line(self.json ? JSONValue.object(examination.json).text : examination.text)
            if !examination.isWell { Output.end(1) }
        } catch {
            throw StoreOptions.failure(error)
        }
    }
}

/// What was found out about a store.
private struct Examination {
    let health: StoreHealth
    let bundles: [String]
    /// Whether the store knows the turns of pipelines otherwise than this program writes them.
    let isOfAnotherVersion: Bool
    let brokenBundles: [String]
    let check: TurnCheckReport?

    var isWell: Bool { self.check?.violations.isEmpty ?? true }

    var text: String {
        var lines = [
            "Store: \(self.health.name)", "Health: ok, last turn \(self.health.lastTurn.map { "\($0)" } ?? "none")",
            "Type bundles: \(self.bundles.isEmpty ? "none yet" : self.bundles.joined(separator: ", "))",
        ]
        if self.isOfAnotherVersion {
            lines.append("Type bundle \(PipelineBundle.id) is that of another version of this program")
        }
        lines += self.brokenBundles.map { "Broken bundle: \($0.shownToPeople())" }
        if let check {
            lines.append("Checked: \(check.turns) turns, \(check.contexts) contexts, \(check.blobs) blobs")
            lines += check.violations.map { "Violation: \($0.shownToPeople(scalarsMax: 500))" }
        }
        return lines.joined(separator: "\n")
    }

    var json: JSONObject {
        var object: JSONObject = [
            "store": .string(self.health.name), "well": .bool(self.isWell),
            "last_turn": self.health.lastTurn.map { .string("\($0)") } ?? .null,
            "bundles": .array(self.bundles.map { .string($0) }),
            "bundle_of_another_version": .bool(self.isOfAnotherVersion),
            "broken_bundles": .array(self.brokenBundles.map { .string($0) }),
        ]
        if let check {
            object["checked"] = [
                "turns": .integer(Int64(check.turns)), "contexts": .integer(Int64(check.contexts)),
                "blobs": .integer(Int64(check.blobs)),
                "violations": .array(check.violations.map { .string($0) }),
            ]
        }
        return object
    }
}
