import ArgumentParser
import TrailsClient
import TrailsCore
import TrailsWire

/// `trails shutdown`: leaves the tree, done.
struct Shutdown: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Leave: this app is done, with or without a result.")

    @OptionGroup var who: IdentityOptions

    func run() async throws {
        let caller = try Caller(self.who)
        let identity = try caller.whoAmI()
        let api = caller.api(identity, patience: .seconds(10))
        let app = try await api.disconnect(identity.appID, reason: "completed", as: identity.credentials)
        guard !app.status.isFenced else {
            throw CommandFailure(4, "\(identity.label) was cancelled", hint: "the work should end here")
        }
    }
}
