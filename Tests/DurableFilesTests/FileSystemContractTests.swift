import DurableFiles
import Simulator
import Testing

/// The engines that promise what `FileSystem` says.
enum Engine: CaseIterable, Sendable {
    case posix, simulated

    /// The engine, and a directory to work in; keep the third while working.
    var scene: (files: any FileSystem, home: String, keep: ScratchDirectory?) {
        switch self {
        case .posix:
            let scratch = ScratchDirectory()
            return (POSIXFileSystem(), scratch.path, scratch)
        case .simulated: return (FaultyFileSystem(), "/data", nil)
        }
    }
}

/// The code of the error that `body` throws, if it throws one.
func code(_ body: () throws(FileError) -> Void) -> FileError.Code? {
    do throws(FileError) {
        try body()
        return nil
    } catch {
        return error.code
    }
}

@Suite struct `A file system` {
    @Test(arguments: Engine.allCases) func `gives back what was written`(engine: Engine) throws {
        let (files, home, keep) = engine.scene
        defer { withExtendedLifetime(keep) {} }
        let file = try files.open("\(home)/a", OpenOptions(.readWrite, creation: .exclusive))
        try file.writeAll(Array("hello world".utf8), at: 0)
        try file.writeAll(Array("W".utf8), at: 6)
        try file.writeAll(Array("!".utf8), at: 13)
        try file.sync()
        #expect(try file.readAll(limit: 100) == Array("hello World\0\0!".utf8))
        #expect(try file.read(upTo: 5, at: 6) == Array("World".utf8))
        #expect(try file.read(upTo: 5, at: 14).isEmpty)
        try file.truncate(to: 5)
        #expect(try file.status().size == 5)
        try file.close()
        #expect(try files.read("\(home)/a", limit: 5) == Array("hello".utf8))
        #expect(code { () throws(FileError) in _ = try files.read("\(home)/a", limit: 4) } == .tooLarge)
    }

    @Test(arguments: Engine.allCases) func `appends after the last byte`(engine: Engine) throws {
        let (files, home, keep) = engine.scene
        defer { withExtendedLifetime(keep) {} }
        let one = try files.open("\(home)/a", OpenOptions(.readWrite, creation: .ifMissing, appends: true))
        let two = try files.open("\(home)/a", OpenOptions(.readWrite, creation: .ifMissing, appends: true))
        try one.appendAll(Array("one ".utf8))
        try two.appendAll(Array("two ".utf8))
        try one.appendAll(Array("three".utf8))
        #expect(try files.read("\(home)/a", limit: 100) == Array("one two three".utf8))
    }

    @Test(arguments: Engine.allCases) func `says what is where`(engine: Engine) throws {
        let (files, home, keep) = engine.scene
        defer { withExtendedLifetime(keep) {} }
        try files.makeDirectory("\(home)/d", permissions: .privateDirectory)
        try AtomicFile.create("\(home)/d/f", with: [1, 2, 3], on: files)
        let file = try files.status(of: "\(home)/d/f")
        #expect(file.kind == .file && file.size == 3)
        #expect(file.owner == files.user && file.permissions == .privateFile)
        let directory = try files.status(of: "\(home)/d")
        #expect(directory.kind == .directory && directory.permissions == .privateDirectory)
        #expect(try files.names(in: home) == ["d"])
        #expect(try files.names(in: "\(home)/d") == ["f"])
        #expect(try files.exists("\(home)/d/f") && !files.exists("\(home)/d/g"))
    }

    @Test(arguments: Engine.allCases) func `names, renames and removes`(engine: Engine) throws {
        let (files, home, keep) = engine.scene
        defer { withExtendedLifetime(keep) {} }
        try AtomicFile.create("\(home)/a", with: [1], on: files)
        try AtomicFile.create("\(home)/b", with: [2], on: files)
        try files.rename("\(home)/a", to: "\(home)/b")
        #expect(try files.names(in: home) == ["b"])
        #expect(try files.read("\(home)/b", limit: 9) == [1])
        try files.link("\(home)/b", as: "\(home)/c")
        try files.unlink("\(home)/b")
        #expect(try files.read("\(home)/c", limit: 9) == [1])
        try files.makeDirectory("\(home)/d", permissions: .privateDirectory)
        try files.rename("\(home)/c", to: "\(home)/d/c")
        #expect(try files.names(in: home) == ["d"])
        try files.unlink("\(home)/d/c")
        try files.removeDirectory("\(home)/d")
        try files.syncDirectory(home)
        #expect(try files.names(in: home).isEmpty)
    }

    @Test(arguments: Engine.allCases) func `says why it does not`(engine: Engine) throws {
        let (files, home, keep) = engine.scene
        defer { withExtendedLifetime(keep) {} }
        try files.makeDirectory("\(home)/d", permissions: .privateDirectory)
        try AtomicFile.create("\(home)/d/f", with: [1], on: files)
        try AtomicFile.create("\(home)/f", with: [1], on: files)
        let create = OpenOptions(.readWrite, creation: .exclusive)
        #expect(code { () throws(FileError) in _ = try files.open("\(home)/x", .read) } == .notFound)
        #expect(code { () throws(FileError) in _ = try files.open("\(home)/f", create) } == .exists)
        #expect(code { () throws(FileError) in _ = try files.open("\(home)/f/g", .read) } == .notDirectory)
        #expect(code { () throws(FileError) in _ = try files.open("\(home)/d", OpenOptions(.readWrite)) } == .notFile)
        #expect(code { () throws(FileError) in _ = try files.read("\(home)/d", limit: 9) } == .notFile)
        #expect(code { () throws(FileError) in try files.link("\(home)/f", as: "\(home)/d/f") } == .exists)
        #expect(code { () throws(FileError) in try files.rename("\(home)/x", to: "\(home)/f") } == .notFound)
        #expect(code { () throws(FileError) in try files.rename("\(home)/f", to: "\(home)/d") } == .notFile)
        #expect(code { () throws(FileError) in try files.unlink("\(home)/x") } == .notFound)
        #expect(code { () throws(FileError) in try files.removeDirectory("\(home)/d") } == .notEmpty)
        #expect(code { () throws(FileError) in try files.removeDirectory("\(home)/f") } == .notDirectory)
        #expect(code { () throws(FileError) in try files.syncDirectory("\(home)/x") } == .notFound)
        #expect(
            code { () throws(FileError) in
                try files.makeDirectory("\(home)/f", permissions: .privateDirectory)
            } == .exists)
    }

    @Test(arguments: Engine.allCases) func `lets one open file hold the lock`(engine: Engine) throws {
        let (files, home, keep) = engine.scene
        defer { withExtendedLifetime(keep) {} }
        let one = try files.open("\(home)/lock", OpenOptions(.readWrite, creation: .ifMissing))
        let two = try files.open("\(home)/lock", OpenOptions(.readWrite))
        #expect(try one.tryLock() && one.tryLock() && !two.tryLock())
        try one.unlock()
        #expect(try two.tryLock() && !one.tryLock())
        try two.close()
        #expect(try one.tryLock())
    }

    @Test func `says when the machine's disk is full, and trusts no file whose sync failed`() throws {
        // The device that is always full, and that cannot be synced.
        let file = try POSIXFileSystem().open("/dev/full", OpenOptions(.readWrite))
        #expect(code { () throws(FileError) in _ = try file.write([1], at: 0) } == .full)
        #expect(code { () throws(FileError) in try file.sync() } == .other)
        #expect(code { () throws(FileError) in _ = try file.write([1], at: 0) } == .poisoned)
        #expect(code { () throws(FileError) in try file.sync() } == .poisoned)
        try file.close()
    }
}
