import AgentCore
import DurableFiles
import Vocabulary

/// The records of sessions beside their logs: those of the seed's daemon, which ours keeps true and makes none of.
///
///     agents/SESSION/session.json     a summary; the log is the truth
///
/// All that ours needs is in the logs, so a record is written only where one is that is not what the log says.
struct RecordFiles {
    let root: String
    let files: any FileSystem

    /// A record may hold the state of a provider.
    private static let sizeMax = ByteCount.mebibytes(64)

    private func path(of session: SessionID) -> String { "\(self.root)/agents/\(session.hex)/session.json" }

    /// The record of a session; one that cannot be read is what the log says. `nil` when there is none.
    func record(of ledger: Ledger, at now: Timestamp) -> (record: SessionRecord, isRebuilt: Bool)? {
        guard let session = ledger.log.session, (try? self.files.exists(self.path(of: session))) == true else {
            return nil
        }
        let bytes = try? self.files.read(self.path(of: session), limit: Self.sizeMax.bytes)
        let json = bytes.flatMap { try? JSONValue(parsing: $0) }
        if let record = json.flatMap(SessionRecord.init(json:)), record.id == session { return (record, false) }
        return (.rebuilt(ledger, session, at: now), true)
    }

    /// Writes records. One that cannot be written is written by the next start.
    func write(_ records: [SessionRecord]) {
        for record in records {
            let bytes = Array((record.json.text + "\n").utf8)
            try? AtomicFile.replace(self.path(of: record.id), with: bytes, on: self.files)
        }
    }
}
