import Foundation
import Testing
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

@Suite struct `A client that speaks for many apps` {
    @Test func `keeps the last words of one that has left, for as long as the server is away`() {
        var stage = Stage(level: .signed)
        let (run, node) = (stage.join(), stage.join())
        stage.isUp = false
        stage.cut()
        stage.report(node, .result, 42)
        stage.tell(.leave(node, .completed, isPatient: true))
        stage.pass(.seconds(600))
        #expect(stage.ends[node] == nil)
        stage.isUp = true
        stage.pass(.seconds(60))
        #expect(stage.server.log[node]?.map(\.payload) == [42])
        #expect(stage.server.apps[node]?.goodbyes == [.completed])
        #expect(stage.server.apps[run]?.goodbyes == [])
    }

    @Test(arguments: [false, true]) func `gives up within seconds when it is told to hurry`(byName: Bool) {
        var stage = Stage(level: .signed)
        let node = stage.join()
        stage.isUp = false
        stage.cut()
        stage.report(node, .result, 42)
        stage.tell(.leave(node, .completed, isPatient: true))
        stage.pass(.seconds(60))
        stage.tell(byName ? .leave(node, .completed) : .hurry)
        stage.pass(.seconds(6))
        #expect(stage.ends[node] == .left(.completed))
    }

    @Test func `forgets those that left, but not what they still have to say`() {
        var stage = Stage(level: .signed)
        let (run, silent, busy) = (stage.join(), stage.join(), stage.join())
        stage.tell(.leave(silent, .completed))
        stage.run()
        stage.isUp = false
        stage.cut()
        stage.report(busy, .result, 1)
        stage.tell(.leave(busy, .completed))
        stage.pass(.seconds(30))
        stage.isUp = true
        stage.pass(.seconds(60))
        let next = stage.join()
        #expect(stage.core.appCount == 3, "run, busy and next")
        stage.tell(.leave(next, .completed), .leave(run, .completed))
        stage.run()
        #expect(!stage.core.isAllAcknowledged, "the words of busy were lost, and that is known")
    }

    @Test func `is a child where another process speaks for the app of TRAILS_INFO`() async throws {
        try await Trailsd.run { server in
            let parent = try await TrailsClient.initialize(
                with: TrailsConfig(appName: "root", server: server.endpoint))
            let node = try await parent.createChild("node")
            let enrolment = try #require(node.info.enrolment)
            let holder = try await TrailsClient.initialize(
                with: TrailsConfig(info: node.info, key: enrolment.derivedKey()))
            #expect(await holder.flush())
            let part = TrailsClient.initialize(in: [
                "TRAILS_INFO": node.info.text, "TRAILS_HELD": node.info.appID.description,
            ])
            part.result("made")
            #expect(await part.flush())
            let apps = try await parent.tree()
            #expect(apps.first { $0.id == part.appID }?.parentID == node.info.appID)
            await part.shutdown()
            await holder.shutdown()
            await parent.shutdown()
        }
    }
}
