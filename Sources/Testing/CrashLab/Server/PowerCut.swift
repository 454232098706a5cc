import Foundation
import TestKit

/// Turns a SIGKILL into a power cut: what a program wrote to its store and did not sync is taken away, or half of it.
///
/// A library loaded into the program keeps a journal of the writes (`powercut.c`). The pages that SIGKILL leaves in the
/// system's cache would otherwise hide a sync that is missing. Not covered: names of files (the store is made once,
/// before the first cut), and the index `-shm`, which SQLite makes anew.
package struct PowerCut: Sendable {
    /// The name of the store that the library knows, in `data` below the folder of a run.
    package static let database = "trails.sqlite"

    private let library: String

    /// Compiles `source`, which is powercut.c, into `folder`.
    package init(compiling source: String, in folder: String) async throws {
        self.library = "\(folder)/powercut.so"
        let compiler = try Child(
            ["/usr/bin/cc", "-shared", "-fPIC", "-O1", "-o", self.library, source, "-ldl"], variables: [],
            log: "\(folder)/cc.log")
        _ = try await compiler.output()
        guard try await compiler.end(with: 0) == .exit(0) else {
            throw LabError("\(source) cannot be compiled: see \(folder)/cc.log")
        }
    }

    private static func journal(in folder: String) -> String { "\(folder)/journal" }

    func variables(folder: String) throws -> [String] {
        ["LD_PRELOAD=\(self.library)", "POWERCUT_JOURNAL=\(Self.journal(in: folder))"]
    }

    /// Takes away what was not synced, in the data directory below `folder`; says how many writes that were.
    ///
    /// Half the time everything goes, else each write stays with a chance of one half, in whole sectors.
    func strike(folder: String, using dice: inout SplitMix64) throws -> Int {
        let journal = Self.journal(in: folder)
        guard let bytes = FileManager.default.contents(atPath: journal) else { return 0 }
        let deeds = Deed.read(bytes)
        var undone = 0
        for (file, name) in [(UInt32(1), Self.database), (2, "\(Self.database)-wal")] {
            let own = deeds.filter { $0.file == file }
            let unsynced = own[((own.lastIndex { $0.kind == .sync } ?? -1) + 1)...]
            guard !unsynced.isEmpty else { continue }
            let handle = try FileHandle(forUpdating: URL(fileURLWithPath: "\(folder)/data/\(name)"))
            for deed in unsynced.reversed() { try deed.undo(on: handle) }
            let keepsSome = dice.chance(0.5)
            for deed in unsynced where keepsSome && dice.chance(0.5) {
                try deed.redo(on: handle, sectors: Int.random(in: 1...(deed.new.count / 512 + 1), using: &dice))
            }
            try handle.close()
            undone += unsynced.count
        }
        try FileManager.default.removeItem(atPath: journal)
        return undone
    }
}

/// One record of the journal.
private struct Deed {
    enum Kind: UInt32 { case write = 1, truncate, sync }

    let kind: Kind
    let file: UInt32
    let offset: UInt64
    let sizeBefore: UInt64
    let old: Data
    let new: Data

    static let headerSize = 40

    /// Reads a journal; its last record may have been cut off, and was not carried out then.
    static func read(_ journal: Data) -> [Self] {
        var deeds: [Self] = []
        var rest = journal[...]
        while rest.count >= Self.headerSize {
            let start = rest.startIndex
            func word<Word: FixedWidthInteger>(_ place: Int, _ type: Word.Type) -> Word {
                rest[(start + place)...].prefix(Word.bitWidth / 8).reversed().reduce(0) { $0 << 8 | Word($1) }
            }
            let oldLength = Int(word(24, UInt64.self))
            let newLength = Int(word(32, UInt64.self))
            guard let kind = Kind(rawValue: word(0, UInt32.self)),
                rest.count >= Self.headerSize + oldLength + newLength
            else { break }
            let bytes = rest.dropFirst(Self.headerSize)
            deeds.append(
                Self(
                    kind: kind, file: word(4, UInt32.self), offset: word(8, UInt64.self),
                    sizeBefore: word(16, UInt64.self), old: bytes.prefix(oldLength),
                    new: bytes.dropFirst(oldLength).prefix(newLength)))
            rest = bytes.dropFirst(oldLength + newLength)
        }
        return deeds
    }

    func undo(on handle: FileHandle) throws {
        try handle.truncate(atOffset: self.sizeBefore)
        try handle.seek(toOffset: self.offset)
        try handle.write(contentsOf: self.old)
    }

    func redo(on handle: FileHandle, sectors: Int) throws {
        guard self.kind == .write else { return }
        try handle.seek(toOffset: self.offset)
        try handle.write(contentsOf: self.new.prefix(sectors * 512))
    }
}
