import DurableFiles
import PipelineCore
import Simulator
import Testing
import TurnModel
import Vocabulary

@testable import PipelineRuntime

@Suite struct RunDirectoryTests {
    private static let checkpoints = (0..<2).map { number in
        CheckpointFile(
            currentNode: NodeID("n\(number)"), nextNode: nil, status: "running", savedAt: Timestamp(milliseconds: 0))
    }

    @Test func `keeps the files of every attempt, and the newest under plain names`() throws {
        let disk = FaultyFileSystem()
        let directory = RunDirectory(in: "/data", of: Scene.displayID, on: disk)
        for number in 1...2 {
            let files = directory.files(of: Scene.attempt(number))
            try files.prepare()
            try files.write("prompt \(number)", to: .prompt)
        }
        func text(_ name: String) throws -> String {
            String(decoding: try disk.read("/data/a1b2c3/n/\(name)", limit: 100), as: UTF8.self)
        }
        #expect(try text("1.1/prompt.md") == "prompt 1")
        #expect(try text("1.2/prompt.md") == "prompt 2")
        #expect(try text("prompt.md") == "prompt 2")
    }

    @Test func `names of branches lead nowhere else`() {
        let directory = RunDirectory("/data")
        #expect(directory.files(of: Scene.attempt, branch: BranchID("../../x")).path == "/data/branches/_.._.._x/n/1.1")
        #expect(directory.files(of: Scene.attempt, branch: BranchID("b#2")).path == "/data/branches/b#2/n/1.1")
    }

    @Test func `forgets the status of an attempt before the crash`() throws {
        let disk = FaultyFileSystem()
        let files = RunDirectory("/data/run", on: disk).files(of: Scene.attempt)
        try files.prepare()
        try files.write(#"{"outcome":"success"}"#, to: .status)
        #expect(try files.status() == .success)
        try files.prepare()
        #expect(try files.status() == nil)
    }

    @Test func `stores, finds, lists and removes artifacts`() throws {
        let store = RunDirectory("/data/run", on: FaultyFileSystem()).artifacts
        #expect(try store.list() == [])
        try store.store(["x": 1], as: "b")
        try store.store("y", as: "a")
        #expect(try store.list() == ["a", "b"])
        #expect(try store.retrieve("b") == ["x": 1])
        #expect(try store.retrieve("c") == nil)
        #expect(try store.remove("b"))
        #expect(try !store.remove("b"))
        #expect(try !store.has("b"))
        try store.clear()
        #expect(try store.list() == [])
    }

    /// A checkpoint file, the power goes during the second write, and a third one afterwards.
    @Test(arguments: 1...30, FaultyFileSystem.Damage.allCases)
    func `after a crash at any step the old file is there or the new one`(
        step: Int, damage: FaultyFileSystem.Damage
    ) throws {
        let disk = FaultyFileSystem()
        let directory = RunDirectory("/data/run", on: disk)
        try DurableDirectory.make("/data/run", on: disk)
        try directory.write(Self.checkpoints[0])
        let broken = disk.copy(seed: UInt64(step), crashAt: step)
        let acknowledged = (try? RunDirectory("/data/run", on: broken).write(Self.checkpoints[1])) != nil
        broken.restart(after: damage)
        let text = try broken.read("/data/run/checkpoint.json", limit: 10_000)
        let node = try JSONValue(parsing: text)["current_node"]?.string
        #expect(node == "n1" || node == "n0" && !acknowledged)
        try RunDirectory("/data/run", on: broken).write(Self.checkpoints[1])
        #expect(try AtomicFile.sweep("/data/run", on: broken) <= 1)
    }

    @Test func `keeps manifest and checkpoint of the runs it hears of`() throws {
        let folder = ScratchDirectory()
        let keeper = RunDirectoryKeeper(in: folder.path, exit: NodeID("e"))
        func tell(_ fact: RunEvent.Fact) throws {
            try keeper.observe(
                RunEvent(time: Timestamp(milliseconds: 0), session: ContextID(7), branch: nil, fact: fact))
        }
        let beginning = PipelineBeginning(
            name: "flow", goal: "ship", displayID: Scene.displayID, file: "/f.dot", hash: "ab")
        try tell(.pipelineStarted(beginning))
        try tell(.checkpointSaved(NodeID("n"), next: NodeID("e")))
        try tell(.pipelineCompleted(.seconds(1)))
        func json(_ name: String) throws -> JSONValue {
            try JSONValue(parsing: POSIXFileSystem().read("\(folder.path)/a1b2c3/\(name).json", limit: 10_000))
        }
        #expect(try json("manifest")["name"] == "flow")
        #expect(try json("manifest")["graph_hash"] == "ab")
        #expect(try json("checkpoint")["current_node"] == "e")
        #expect(try json("checkpoint")["status"] == "completed")
    }
}
