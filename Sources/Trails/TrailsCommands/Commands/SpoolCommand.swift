import ArgumentParser
import DurableFiles
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

/// `trails spool …`: what programs have reported and could not send.
struct SpoolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spool", abstract: "Look after reports that were kept on disk.", subcommands: [SpoolFlush.self])
}

/// `trails spool flush`: posts what programs that are dead have left.
struct SpoolFlush: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flush",
        abstract: "Send what programs that are dead have left in their spools.",
        discussion: """
            Programs that are started with TRAILS_SPOOL=DIR keep there what the server has not acknowledged. The \
            signature of a report is its authority, so no key is needed. A file is removed when the server has \
            answered for all that is in it, and nothing is stored twice, however often this is run or killed. What \
            the server refuses for ever is kept in FILE.refused, with the reason. Files of programs that live are \
            left alone.

            Exits with 0, or with 65 when something was refused, 69 or 75 when something is to be sent later, 78 when \
            a file cannot be read.
            """)

    @Argument(help: ArgumentHelp("The folder (TRAILS_SPOOL).", valueName: "folder")) var folder: String?
    @OptionGroup var who: IdentityOptions

    func run() async throws {
        let caller = try Caller(self.who)
        let files = POSIXFileSystem()
        var tally = SpoolTally()
        for path in try self.paths(caller, files) {
            do {
                try await self.flush(path, caller, files, &tally)
            } catch {
                let failure =
                    (error as? FileError).map { CommandFailure(78, $0.message, hint: $0.hint) }
                    ?? CommandFailure(wrapping: error) ?? (error as? CommandFailure) ?? CommandFailure(70, "\(error)")
                Output.complain(failure)
                tally.exitCodes.insert(failure.exitCode)
            }
        }
        Output.line(tally.text)
        if let code = tally.exitCode { throw ExitCode(code) }
    }

    private func paths(_ caller: Caller, _ files: any FileSystem) throws -> [String] {
        let folder = self.folder ?? caller.environment["TRAILS_SPOOL"] ?? ""
        guard !folder.isEmpty else {
            throw CommandFailure.usage("nothing says where the spool is", hint: "name its folder, or set TRAILS_SPOOL")
        }
        do throws(FileError) {
            return try SpoolContents.paths(in: folder, on: files).sorted()
        } catch {
            throw CommandFailure.usage(error.message, hint: error.hint)
        }
    }

    private func flush(
        _ path: String, _ caller: Caller, _ files: any FileSystem, _ tally: inout SpoolTally
    ) async throws {
        guard var spool = try LeftSpool(path: path, on: files) else {
            return Output.note("\(path) belongs to a program that lives, or is being sent")
        }
        if let contents = spool.contents {
            let server = try self.who.server.map { _ in try caller.newEndpoint() } ?? contents.server
            let api = caller.api(at: server, key: contents.serverKey, patience: .seconds(10))
            for batch in spool.batches {
                let receipts = try await api.post(batch)
                do throws(FrameError) {
                    try spool.take(receipts, of: batch)
                } catch {
                    throw CommandFailure(70, "\(server) answered what is no answer: \(error.message)")
                }
            }
        }
        try spool.settle()
        tally.add(spool)
        for refused in spool.refused { Self.tell(refused, in: spool) }
        if !spool.isWhole {
            throw CommandFailure(
                78, "\(path) cannot be read to its end; what could be read was sent, and the file stays",
                hint: "was it written by a newer version, or did the disk spoil it?")
        }
    }

    /// What the server refused, as a person reads it.
    private static func tell(_ refused: LeftSpool.Refused, in spool: LeftSpool) {
        let message = refused.post.message
        let what = "\(message.kind.rawValue) of \(message.appID.short)"
        Output.note("refused: \(what): \(refused.message) (\(refused.code.rawValue))")
        if let hint = refused.hint { Output.note("hint: \(hint)") }
        Output.note("it is kept in \(spool.refusedPath)")
    }
}

/// What a flush has done so far.
struct SpoolTally {
    private var stored = 0
    private var known = 0
    private var refused = 0
    private var postponed = 0
    /// Of files that could not be sent.
    var exitCodes: Set<Int32> = []

    mutating func add(_ spool: LeftSpool) {
        self.stored += spool.stored
        self.known += spool.known
        self.refused += spool.refused.count
        self.postponed += spool.postponed
    }

    /// `3 sent, 1 known already, 1 refused`
    var text: String {
        var parts = ["\(self.stored) sent"]
        if self.known > 0 { parts.append("\(self.known) known already") }
        if self.refused > 0 { parts.append("\(self.refused) refused") }
        if self.postponed > 0 { parts.append("\(self.postponed) to be sent later") }
        return parts.joined(separator: ", ")
    }

    /// The highest of all; `nil` when all is well.
    var exitCode: Int32? {
        var codes = self.exitCodes
        if self.refused > 0 { codes.insert(65) }
        if self.postponed > 0 { codes.insert(75) }
        return codes.max()
    }
}
