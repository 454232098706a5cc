import Foundation
import PipelineTurns
import Testing
import TurnModel
import Vocabulary

@Suite struct PipelineTurnsTests {
    private static let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Vectors/pipeline_turns.json")

    /// The payloads are wire format: `REWRITE=1` records them again, and whoever does that says why.
    @Test func `writes the recorded bytes`() throws {
        var cases: [JSONValue] = []
        for (name, turn, version) in Samples.all {
            let new = try #require(turn.newTurn)
            #expect(new.type.version == version, "\(name)")
            cases.append([
                "name": .string(name), "type": .string(new.type.id), "version": .integer(Int64(new.type.version)),
                "payload": .string(Hex.encode(new.payload)),
            ])
        }
        if ProcessInfo.processInfo.environment["REWRITE"] == "1" {
            let lines = cases.map { "  \($0.text)" }.joined(separator: ",\n")
            try Data("[\n\(lines)\n]\n".utf8).write(to: Self.file)
        }
        let recorded = try JSONValue(parsing: Array(try Data(contentsOf: Self.file)))
        #expect(recorded.array?.count == cases.count)
        for (found, wanted) in zip(cases, recorded.array ?? []) { #expect(found == wanted) }
    }

    @Test func `reads back what it writes`() throws {
        for (name, turn, _) in Samples.all {
            let new = try #require(turn.newTurn)
            #expect(try PipelineTurn(decoding: new.payload, type: new.type) == turn, "\(name)")
        }
    }

    @Test func `reads keys of digits, and passes over fields of later versions`() throws {
        for (name, turn, _) in Samples.all {
            let new = try #require(turn.newTurn)
            let members = try #require(try MsgpackValue(decoding: new.payload).map)
            var other = members.map { MsgpackValue.Member(.string("\($0.key.unsigned ?? 0)"), $0.value) }
            other.append(.init(.unsigned(900), .extended(3, [1])))
            other.append(.init(.string("note"), .null))
            let payload = MsgpackValue.map(other).encoded()
            let later = TurnType(new.type.id, version: 99)
            #expect(try PipelineTurn(decoding: payload, type: later) == turn, "\(name)")
        }
    }

    @Test func `refuses what is half a turn`() throws {
        for (name, turn, _) in Samples.all {
            let new = try #require(turn.newTurn)
            let members = try #require(try MsgpackValue(decoding: new.payload).map)
            for place in members.indices {
                var wrong = members
                wrong[place].value = .extended(1, [])
                #expect(throws: TurnDecodingError.self, "\(name)") {
                    try PipelineTurn(decoding: MsgpackValue.map(wrong).encoded(), type: new.type)
                }
            }
            #expect(throws: TurnDecodingError.self) { try PipelineTurn(decoding: [0x80], type: new.type) }
            #expect(throws: TurnDecodingError.self) { try PipelineTurn(decoding: [], type: new.type) }
        }
        let error = #expect(throws: TurnDecodingError.self) { try ToolExecution(decoding: [0x81, 1, 1], version: 1) }
        #expect(error?.description == "dev.orchestra.ToolExecution v1: field 1 has another type")
    }

    @Test func `keeps the types of values`() throws {
        let checkpoint = Checkpoint(currentNode: "a", completedNodes: [], context: Samples.context)
        let again = try Checkpoint(decoding: checkpoint.newTurn.payload, version: 1)
        for (key, value) in Samples.context { #expect(again.context[key] == value, "\(key)") }
        #expect(JSONValue(MsgpackValue.bytes([1])) == nil)
        #expect(JSONValue(MsgpackValue.unsigned(.max)) == nil)
        #expect(JSONValue(MsgpackValue.map([.init(.unsigned(1), .null)])) == nil)
    }

    @Test func `knows turns of other types as such`() throws {
        let type = TurnType("cxdb.ConversationItem", version: 3)
        #expect(try PipelineTurn(decoding: [0xC1], type: type) == .other(type))
        #expect(PipelineTurn.other(type).newTurn == nil)
    }

    @Test func `keeps the agent of a session, and what it goes on after`() throws {
        var started = PipelineLifecycle(pipeline: "deploy", status: .started)
        started.agent = "my-agent --fast"
        started.restartedFrom = ContextID(12)
        let turn = started.newTurn
        #expect(turn.type.version == 3)
        #expect(try PipelineTurn(decoding: turn.payload, type: turn.type) == .lifecycle(started))
    }

    @Test func `describes all its fields in a bundle`() throws {
        let bundle = try TypeBundle(parsing: PipelineBundle.json)
        #expect(bundle.id == PipelineBundle.id)
        #expect(PipelineBundle.json == PipelineBundle.json)
        var registry = TypeRegistry()
        try registry.add(bundle)
        #expect(registry.typeIDs.count == 9)
        for (name, turn, version) in Samples.all {
            let new = try #require(turn.newTurn)
            let known = try #require(registry.type(TurnType(new.type.id, version: version)))
            let tags = try TaggedFields(decoding: new.payload).values.keys
            #expect(tags.allSatisfy { known.fields[$0] != nil }, "\(name)")
            for (tag, field) in known.fields where !field.isOptional { #expect(tags.contains(tag), "\(name): \(tag)") }
        }
        #expect(registry.type(TurnType("dev.orchestra.PipelineLifecycle", version: 1))?.fields.count == 6)
        #expect(registry.type(TurnType("dev.orchestra.PipelineLifecycle", version: 2))?.fields.count == 8)
        #expect(registry.type(TurnType("dev.orchestra.Checkpoint", version: 4))?.fields.count == 18)
        #expect(registry.type(TurnType("dev.orchestra.Checkpoint", version: 5)) == nil)
    }
}
