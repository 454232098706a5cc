import Glibc
import Testing

@testable import PipelineRuntime

struct `An owner that was killed` {
    @Test func `is dead also while nobody has collected its corpse`() throws {
        var child = pid_t()
        let name = strdup("true")
        defer { free(name) }
        var arguments: [UnsafeMutablePointer<CChar>?] = [name, nil]
        try #require(posix_spawnp(&child, "true", nil, nil, &arguments, nil) == 0)
        var info = siginfo_t()
        try #require(waitid(P_PID, id_t(child), &info, WEXITED | WNOWAIT) == 0)
        #expect(kill(child, 0) == 0, "the corpse is still there")
        #expect(SessionOwner.hasEnded(child))
        #expect(waitpid(child, nil, 0) == child)
        #expect(SessionOwner.hasEnded(child))
        #expect(!SessionOwner.hasEnded(getpid()))
    }
}
