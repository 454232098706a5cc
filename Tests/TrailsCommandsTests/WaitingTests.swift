import Testing
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

@Suite struct `A wait` {
    let parent = Sample.id("550e8400")

    func child(_ id: String, _ status: AppStatus, change: (inout AppView) -> Void = { _ in }) -> AppView {
        Sample.app("child", id: id, parent: "550e8400", status: status, change: change)
    }

    @Test func `is not over before the state was read`() {
        var waiting = Waiting(for: .children(of: self.parent, isPermanentRoot: false), endsWithFirst: false)
        #expect(!waiting.isOver)
        waiting.take(self.child("00000001", .done))
        #expect(!waiting.isOver)
        waiting.take(all: [self.child("00000001", .done)])
        #expect(waiting.isOver)
    }

    @Test func `for nothing is over at once, with 0`() {
        var waiting = Waiting(for: .children(of: self.parent, isPermanentRoot: false), endsWithFirst: false)
        waiting.take(all: [])
        #expect(waiting.isOver)
        #expect(waiting.exitCode == 0)
    }

    @Test func `for children counts those that had ended, those that come, and nobody else's`() {
        var waiting = Waiting(for: .children(of: self.parent, isPermanentRoot: false), endsWithFirst: false)
        waiting.take(all: [self.child("00000001", .error), self.child("00000002", .running)])
        waiting.take(self.child("00000003", .scheduled))
        waiting.take(Sample.app("grandchild", id: "00000004", parent: "00000002"))
        waiting.take(self.child("00000005", .running) { $0.isParentUnverified = true })
        #expect(waiting.awaited == [Sample.id("00000001"), Sample.id("00000002"), Sample.id("00000003")])
        waiting.take(self.child("00000002", .done))
        #expect(!waiting.isOver)
        waiting.take(self.child("00000003", .cancelled))
        #expect(waiting.isOver)
        #expect(waiting.exitCode == 4)
    }

    @Test func `under a permanent root forgets the past`() {
        var waiting = Waiting(for: .children(of: self.parent, isPermanentRoot: true), endsWithFirst: false)
        waiting.take(all: [self.child("00000001", .crashed), self.child("00000002", .running)])
        #expect(waiting.awaited == [Sample.id("00000002")])
        waiting.take(self.child("00000002", .done))
        #expect(waiting.isOver)
        #expect(waiting.exitCode == 0)
    }

    @Test func `gives one answer for each app, the first`() throws {
        var waiting = Waiting(for: .these([Sample.id("00000001")]), endsWithFirst: false)
        waiting.take(all: [self.child("00000001", .running)])
        #expect(waiting.take(self.child("00000001", .crashed)) != nil)
        #expect(waiting.take(self.child("00000001", .done)) == nil)
        #expect(waiting.exitCode == 2)
    }

    @Test func `for any ends with one answer`() {
        var waiting = Waiting(for: .these([Sample.id("00000001"), Sample.id("00000002")]), endsWithFirst: true)
        waiting.take(all: [self.child("00000001", .done), self.child("00000002", .error)])
        #expect(waiting.isOver)
        #expect(waiting.outcomes.count == 1)
        #expect(waiting.exitCode == 0)
    }

    @Test func `does not end with the first answer when all are wanted`() {
        var waiting = Waiting(for: .these([Sample.id("00000001"), Sample.id("00000002")]), endsWithFirst: false)
        waiting.take(all: [self.child("00000001", .done), self.child("00000002", .running)])
        #expect(!waiting.isOver)
    }
}

@Suite struct `An event of a watch` {
    @Test func `keeps what was reported earlier, and takes what it reports`() {
        let before = Sample.app("x") { app in
            app.progress = 0.25
            app.result = ["rows": 1]
        }
        let message = MessageView(
            eventID: 9, appID: before.appID, incarnation: 1, seq: 2, kind: .status, timestamp: before.updatedAt,
            receivedAt: before.updatedAt, payload: ["progress": 0.5, "note": "half"])
        let event = WatchFrame.Event(
            eventID: 9, appID: before.appID, kind: "message", app: Sample.app("x"), message: message)
        let after = event.view(after: before)
        #expect(after.progress == 0.5)
        #expect(after.note == "half")
        #expect(after.result == ["rows": 1])
    }
}
