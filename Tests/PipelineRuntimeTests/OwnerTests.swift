import Glibc
import Testing
import TurnModel
import Vocabulary

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

struct `A lease of a living process` {
    private func lease(_ change: (inout SessionOwner) -> Void = { _ in }) -> Lease {
        var owner = SessionOwner.current()
        change(&owner)
        return Lease(
            context: ContextID(1), epoch: LeaseEpoch(1), owner: "o", host: owner.host, pid: owner.pid,
            bootID: owner.bootID, startTime: owner.startTime, acquiredAt: Timestamp(milliseconds: 0),
            expiresAt: Timestamp(milliseconds: 9), isReleased: false)
    }

    @Test func `is dead when its number was another's then`() throws {
        let me = SessionOwner.current()
        #expect(try #require(me.startTime) > 0)
        #expect(!me.knowsDead(self.lease()))
        #expect(me.knowsDead(self.lease { $0.startTime = $0.startTime.map { $0 - 1 } }))
        #expect(me.knowsDead(self.lease { $0.bootID = "before" }))
        #expect(!me.knowsDead(self.lease { $0.startTime = nil }), "what an older program wrote")
        #expect(!me.knowsDead(self.lease { ($0.host, $0.startTime) = ("elsewhere", 1) }))
    }
}
