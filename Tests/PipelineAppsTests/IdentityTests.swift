import DurableFiles
import Foundation
import PipelineApps
import Testing
import TrailsWire
import Vocabulary

@Suite struct `Where a run stands` {
    @Test func `is nowhere when nobody says anything`() throws {
        let found = try Standing.find(in: ["HOME": "/nonexistent"])
        if let found { Issue.record("\(found)") }
    }

    @Test(arguments: [
        ["TRAILS_INFO": "no base64!"], ["TRAILS_INFO": "e30="],
        [
            "TRAILS_APP_ID": "661f9511-f30c-42e5-b827-557766551111",
            "TRAILS_PRIVATE_KEY": "ed25519:\(String(repeating: "A", count: 43))=",
        ],
        ["TRAILS_APP": "nightly", "TRAILS_HOME": "/nonexistent"],
    ])
    func `is told when what is said makes no sense`(environment: [String: String]) {
        #expect(throws: StandingProblem.self) { try Standing.find(in: environment) }
    }
}
