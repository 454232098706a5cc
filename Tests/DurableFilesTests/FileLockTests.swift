import DurableFiles
import Glibc
import Simulator
import Testing

@Suite struct `A file lock` {
    @Test(arguments: Engine.allCases) func `is held by one at a time`(engine: Engine) throws {
        let (files, home, keep) = engine.scene
        defer { withExtendedLifetime(keep) {} }
        let one = try #require(try FileLock.attempt("\(home)/lock", on: files))
        #expect(try FileLock.attempt("\(home)/lock", on: files) == nil)
        one.release()
        let two = try FileLock.acquire("\(home)/lock", within: .zero, on: files)
        #expect(try FileLock.attempt("\(home)/lock", on: files) == nil)
        withExtendedLifetime(two) {}
    }

    @Test(arguments: Engine.allCases) func `ends with its last reference`(engine: Engine) throws {
        let (files, home, keep) = engine.scene
        defer { withExtendedLifetime(keep) {} }
        var lock: FileLock? = try FileLock.acquire("\(home)/lock", within: .zero, on: files)
        #expect(try FileLock.attempt("\(home)/lock", on: files) == nil)
        withExtendedLifetime(lock) {}
        lock = nil
        #expect(try FileLock.attempt("\(home)/lock", on: files) != nil)
    }

    @Test(arguments: Engine.allCases) func `names its holder to who waited in vain`(engine: Engine) throws {
        let (files, home, keep) = engine.scene
        defer { withExtendedLifetime(keep) {} }
        let lock = try FileLock.acquire("\(home)/lock", within: .zero, on: files)
        do throws(FileError) {
            _ = try FileLock.acquire("\(home)/lock", within: .milliseconds(5), on: files)
            Issue.record("taken twice")
        } catch {
            #expect(error.code == .locked)
            #expect(error.message.contains("process \(getpid()) holds it"))
        }
        withExtendedLifetime(lock) {}
    }

    @Test(.timeLimit(.minutes(10))) func `lets many threads in, one after the other`() async throws {
        let scratch = ScratchDirectory()
        let files = POSIXFileSystem()
        let path = "\(scratch.path)/count"
        try AtomicFile.create(path, with: Array("0".utf8), on: files)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<25 {
                        let lock = try FileLock.acquire("\(scratch.path)/lock", within: .seconds(30), on: files)
                        let count = Int(String(decoding: try files.read(path, limit: 9), as: UTF8.self))!
                        try AtomicFile.replace(path, with: Array("\(count + 1)".utf8), on: files)
                        lock.release()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try files.read(path, limit: 9) == Array("100".utf8))
    }
}
