package import DurableFiles
package import TrailsWire
import Vocabulary

/// A spool whose client is gone, to be posted: what is in it, and what the server said of it.
///
///     take the lock   read   post each batch, and note what became of it   settle
///
/// Nothing on disk changes before `settle`. Killed anywhere, all is posted again, and the server knows what it has.
package struct LeftSpool: Sendable {
    /// A message that the server will never take.
    package struct Refused: Sendable {
        package let post: SpooledPost
        package let code: ErrorCode
        package let message: String
        package let hint: String?
    }

    package let path: String
    /// `nil` when the client was gone before it could promise anything.
    package let contents: SpoolContents?
    /// How many messages the server has stored for this post, and how many it had stored before.
    package private(set) var stored = 0
    package private(set) var known = 0
    package private(set) var refused: [Refused] = []
    /// How many it may take later.
    package private(set) var postponed = 0
    private let files: any FileSystem
    private let lock: FileLock

    /// What fits into one call, with room.
    private static let batchBytesMax = 8 << 20

    /// Takes the spool at `path`; `nil` while its client lives, or another flush is at it.
    package init?(path: String, on files: any FileSystem) throws(FileError) {
        guard let lock = try FileLock.attempt(Spool.lockPath(of: path), on: files) else { return nil }
        self.path = path
        self.files = files
        self.lock = lock
        guard try files.exists(path) else {
            self.contents = nil
            return
        }
        let bytes = try PrivateFile.read(path, limit: 4 * Spool.fileMax, on: files)
        self.contents = SpoolContents(bytes)
        guard self.contents != nil || !bytes.contains(UInt8(ascii: "\n")) else {
            throw FileError(.notFile, .read, path, detail: "it does not begin like a spool of this version")
        }
    }

    /// Where messages are kept that were refused for ever, with the reasons.
    package var refusedPath: String { self.path + ".refused" }

    /// Whether all that the client wrote was understood. What was not stays where it is.
    package var isWhole: Bool { self.contents?.isWhole ?? true }
}

// MARK: - Posting

extension LeftSpool {
    /// What is to be posted, app by app, in the order in which it was reported.
    package var batches: [SpoolBody] {
        (self.contents?.apps ?? []).flatMap { app in
            Self.cut(app.reports).map { SpoolBody(messages: $0, registers: app.registration.map { [$0] } ?? []) }
        }
    }

    private static func cut(_ reports: [SpooledPost]) -> [[SpooledPost]] {
        var batches: [[SpooledPost]] = []
        var size = 0
        for report in reports {
            let bytes = report.json.utf8.count
            if let last = batches.last, last.count < WireLimits.batchMax, size + bytes <= Self.batchBytesMax {
                batches[batches.count - 1].append(report)
                size += bytes
            } else {
                batches.append([report])
                size = bytes
            }
        }
        return batches
    }

    /// Notes what the server said of a batch; throws when that is not about these messages.
    package mutating func take(_ receipts: [SpoolReceipt], of batch: SpoolBody) throws(FrameError) {
        guard receipts.map(\.messageID) == batch.messages.map(\.message.messageID) else {
            throw FrameError(.badMessage, field: "items", "are about other messages than were posted")
        }
        for (post, receipt) in zip(batch.messages, receipts) {
            switch receipt.outcome {
            case .stored: self.stored += 1
            case .duplicate: self.known += 1
            case .refused(let code, _, _) where code.isTemporary: self.postponed += 1
            case .refused(let code, let message, let hint):
                self.refused.append(Refused(post: post, code: code, message: message, hint: hint))
            }
        }
    }
}

// MARK: - Settling

extension LeftSpool {
    /// Puts aside what was refused, and then removes the spool, unless something in it is still to be posted.
    ///
    /// To be called once the server has answered for every batch.
    package func settle() throws(FileError) {
        let answered = self.stored + self.known + self.refused.count + self.postponed
        precondition(answered == self.batches.reduce(0) { $0 + $1.messages.count }, "\(answered) were answered for")
        try self.putAside()
        guard self.postponed == 0, self.isWhole else { return }
        if try self.files.exists(self.path) { try self.files.unlink(self.path) }
        // Last, so that nobody finds the spool without its lock.
        try self.files.unlink(Spool.lockPath(of: self.path))
        try self.files.syncDirectory(AtomicFile.directory(of: self.path))
    }

    /// One line a message; a message that an earlier flush has put there, and then was killed, is not put there twice.
    private func putAside() throws(FileError) {
        guard !self.refused.isEmpty else { return }
        var lines: [[UInt8]] = []
        if try self.files.exists(self.refusedPath) {
            lines = try PrivateFile.read(self.refusedPath, limit: 4 * Spool.fileMax, on: self.files)
                .split(separator: UInt8(ascii: "\n")).map(Array.init)
        }
        let there = Set(lines.compactMap { (try? JSONValue(parsing: $0))?["report"]?["message_id"]?.string })
        for refused in self.refused where !there.contains(refused.post.message.messageID.description) {
            let record: JSONObject = .of(
                ("code", refused.code), ("message", refused.message), ("hint", refused.hint),
                ("report", refused.post.json))
            lines.append(JSONValue.object(record).utf8)
        }
        let bytes = Array(lines.map { $0 + [UInt8(ascii: "\n")] }.joined())
        try AtomicFile.replace(self.refusedPath, with: bytes, on: self.files)
    }
}
