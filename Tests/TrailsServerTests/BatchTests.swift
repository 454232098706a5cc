import Testing
import TrailsCore
import TrailsStore
import Vocabulary

@testable import TrailsServer

@Suite struct BatchTests {
    @Test func `what was recorded is told in its order, with what refusals have left behind`() {
        func done(_ id: Int64?) -> Job.Done {
            var done = Job.Done(events: [])
            done.firstID = id.map { EventID($0) }
            return done
        }
        var batch = Batch(tree: ProcessTree(), time: Timestamp(milliseconds: 0))
        batch.answers = [.success(done(1)), .success(done(nil)), .failure(.replayed), .success(done(4))]
        #expect(batch.recorded.map(\.firstID) == [EventID(1), EventID(4)])
        batch.remnants = [done(2)]
        #expect(batch.recorded.map(\.firstID) == [EventID(1), EventID(2), EventID(4)])
    }
}
