import CrashLab
import Glibc
import Testing

struct DaemonTests {
    private struct Failure: Error {}

    /// Starts a trailsd and throws; says which process it was.
    private func fail(in folder: String, _ started: (Int32) -> Void) async throws {
        let daemon = try Daemon(program: Lab.trailsd, folder: folder)
        _ = try await daemon.start()
        started(try #require(daemon.processID))
        throw Failure()
    }

    @Test func `a run that throws leaves no trailsd behind`() async throws {
        let folder = try Folder.make()
        var started: Int32 = 0
        await #expect(throws: Failure.self) { try await self.fail(in: folder) { started = $0 } }
        #expect(started > 1)
        #expect(kill(started, 0) == -1 && errno == ESRCH)
        try Folder.remove(folder)
    }
}
