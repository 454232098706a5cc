import DurableFiles
import Glibc
import Simulator
import Testing

private func failure(_ path: String, _ files: any FileSystem = POSIXFileSystem(), limit: Int = 9) -> FileError? {
    do throws(FileError) {
        _ = try PrivateFile.read(path, limit: limit, on: files)
        return nil
    } catch {
        return error
    }
}

@Suite struct `A private file` {
    let scratch = ScratchDirectory()
    var path: String { "\(self.scratch.path)/a b" }

    init() throws {
        try AtomicFile.create(self.path, with: [1, 2, 3], on: POSIXFileSystem())
    }

    @Test func `is read when it is private`() throws {
        #expect(try PrivateFile.read(self.path, limit: 3, on: POSIXFileSystem()) == [1, 2, 3])
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o602, 0o601] as [UInt32])
    func `is refused when others may touch it, with the command that mends it`(mode: UInt32) {
        chmod(self.path, mode)
        #expect(failure(self.path)?.code == .exposed)
        #expect(failure(self.path)?.message == "cannot read \(self.path): other users may read or change it")
        #expect(failure(self.path)?.hint == "run \"chmod 600 '\(self.path)'\"")
    }

    @Test func `is refused when it is a link, a pipe, a directory or too large`() throws {
        let files = POSIXFileSystem()
        symlink(self.path, "\(self.scratch.path)/link")
        mkfifo("\(self.scratch.path)/pipe", 0o600)
        try files.makeDirectory("\(self.scratch.path)/d", permissions: .privateDirectory)
        #expect(failure("\(self.scratch.path)/link")?.code == .isSymlink)
        #expect(failure("\(self.scratch.path)/link")?.hint?.contains("--remove-destination") == true)
        #expect(failure("\(self.scratch.path)/pipe")?.code == .notFile)
        #expect(failure("\(self.scratch.path)/d")?.code == .notFile)
        #expect(failure(self.path, limit: 2)?.code == .tooLarge)
    }

    @Test func `is refused when somebody else owns it`() throws {
        let disk = FaultyFileSystem()
        try AtomicFile.create("/data/a", with: [1], on: disk)
        try disk.setMode("/data/a", owner: 0, permissions: .privateFile)
        #expect(failure("/data/a", disk)?.code == .foreign)
        #expect(failure("/data/a", disk)?.hint?.hasPrefix("run \"sudo chown") == true)
    }

    @Test func `may be in a directory only when that is private too`() throws {
        let files = POSIXFileSystem()
        try PrivateFile.checkDirectory(self.scratch.path, on: files)
        symlink(self.scratch.path, "\(self.scratch.path)/link")
        let link = code { () throws(FileError) in
            try PrivateFile.checkDirectory("\(self.scratch.path)/link", on: files)
        }
        #expect(link == .isSymlink)
        chmod(self.scratch.path, 0o755)
        do throws(FileError) {
            try PrivateFile.checkDirectory(self.scratch.path, on: files)
            Issue.record("not refused")
        } catch {
            #expect(error.code == .exposed)
            #expect(error.hint == "run \"chmod 700 \(self.scratch.path)\"")
        }
    }
}
