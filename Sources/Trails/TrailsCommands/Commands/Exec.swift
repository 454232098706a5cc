import ArgumentParser
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

/// `trails exec`: any program as a node of the tree.
struct Exec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a program as a child: trails exec --name N -- CMD ...",
        discussion: """
            CMD runs in a session of its own, with a TRAILS_INFO of its own. When an ancestor cancels, CMD and all it \
            started get SIGTERM, and after the grace SIGKILL. Its exit status, a signal that ended it and its last \
            lines on standard error are reported; the exit code is CMD's. When trails itself dies, as by SIGKILL, CMD \
            and all it started get SIGTERM and 10 seconds later SIGKILL: nobody could cancel them any more. Of its \
            standard output two kinds of lines are reported instead of printed:

              ::trails progress 0.4 half of the rows
              ::trails result {"rows": 3000}
            """)

    @Option(help: "What the child is called.") var name: String
    @Option(help: ArgumentHelp("The parent (who you are): its id, or its first 4 digits.", valueName: "id"))
    var parent: AppArgument?
    @OptionGroup var who: IdentityOptions
    @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.") var command: [String]

    func run() async throws {
        let caller = try Caller(self.who)
        var identity = try caller.whoAmI()
        var parentID = identity.appID
        if let parent = self.parent {
            let target = try await caller.find(parent, for: .commanding, patience: .seconds(3))
            identity = target.identity
            parentID = target.app.appID
        }
        throw ExitCode(try await caller.work(self.name, under: parentID, by: identity, self.command))
    }
}

extension Caller {
    /// Declares a child of `parentID`, by the key of that app or of one above it, and runs a program as it.
    func work(
        _ name: String, under parentID: AppID, by identity: Identity, _ command: [String]
    ) async throws -> Int32 {
        let api = self.api(identity, patience: .seconds(3))
        let signer = try await self.complete(identity, api)
        guard let level = signer.level, let serverKey = signer.serverKey else {
            preconditionFailure("\(signer.appID) has no level or server after it was completed")
        }
        let child = try NewChild(name, of: signer, under: parentID, level: level, serverKey: serverKey)
        try await child.declare(api)
        return try await Work(child: child, command: command, environment: self.environment).run()
    }
}
