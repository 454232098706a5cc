import Foundation
import PipelineCore
import Simulator
import Testing
import Vocabulary

@testable import PipelineRuntime

@Suite(.timeLimit(.minutes(10))) struct ToolHandlerTests {
    @Test func `tells the context what a command said`() async throws {
        let reports = Reports()
        let call = Scene.call(
            #"name=build, tool_command="echo; echo '  made it '; echo loud >&2""#,
            context: ["tools.build.outputs": ["before"]], report: reports.take)
        let outcome = try #require(await ToolHandler().run(call))
        #expect(outcome.status == .success)
        let updates = outcome.contextUpdates
        #expect(updates["tool.output"] == "made it")
        #expect(updates["tool.exit_code"] == 0)
        #expect(updates["tool.duration_ms"]?.integer != nil)
        #expect(updates["tools.build.output"] == "made it")
        #expect(updates["tools.build.exit_code"] == 0)
        #expect(updates["tools.build.duration_ms"] == updates["tool.duration_ms"])
        #expect(updates["tools.build.outputs"] == ["before", "made it"])
        #expect(reports.tools.map(\.exitCode) == [0])
        #expect(reports.tools.map(\.output) == ["made it"])
    }

    @Test func `fails with the exit code and the last words`() async throws {
        let outcome = try #require(
            await ToolHandler().run(Scene.call(#"tool_command="echo half; echo it broke >&2; exit 7""#)))
        #expect(outcome.status == .fail)
        #expect(outcome.isRetryable)
        #expect(outcome.failureReason == "the command of node n failed: exit code 7: it broke")
        #expect(outcome.contextUpdates["tool.exit_code"] == 7)
        #expect(outcome.contextUpdates["tool.output"] == "half")
    }

    @Test func `fails when the time is over`() async throws {
        let call = Scene.call(#"timeout=250ms, tool_command="echo begun; sleep 60""#)
        let outcome = try #require(await ToolHandler().run(call))
        #expect(outcome.failureReason == "the command of node n failed: it timed out after 250 ms")
        #expect(outcome.contextUpdates["tool.output"] == "begun")
    }

    @Test func `refuses a node without a command, and one whose command is no template`() async throws {
        let missing = try #require(await ToolHandler().run(Scene.call(#"tool_command="  ""#)))
        #expect(missing.status == .fail)
        #expect(missing.failureReason.contains("tool_command"))
        #expect(!missing.isRetryable)
        let broken = try #require(await ToolHandler().run(Scene.call(#"tool_command="echo {{ x""#)))
        #expect(broken.status == .fail)
        #expect(!broken.isRetryable)
    }

    @Test func `puts values into a command as one word, and nothing for names without one`() async throws {
        let call = Scene.call(
            #"tool_command="printf '[%s]' {{ tool.output | sh }} '{{ nothing }}'""#,
            context: ["tool.output": "a'; echo broken; '"])
        let outcome = try #require(await ToolHandler().run(call))
        #expect(outcome.contextUpdates["tool.output"] == "[a'; echo broken; '][]")
    }

    @Test func `names the attempt, the session and the context in the environment`() async throws {
        let call = Scene.call(
            #"tool_command="echo $ORCHESTRA_ATTEMPT_KEY $ORCHESTRA_SESSION $ORCHESTRA_NODE $MINE; "#
                + #"cat $ORCHESTRA_CONTEXT_FILE""#,
            context: ["who": "me"], environment: ["MINE": "yes"])
        let outcome = try #require(await ToolHandler().run(call))
        #expect(outcome.contextUpdates["tool.output"] == "a1b2c3/n/1/1 a1b2c3 n yes\n{\"who\":\"me\"}")
    }

    @Test func `cuts long output for the context and keeps all of it in a file`() async throws {
        let runs = ScratchDirectory()
        let call = Scene.call(#"tool_command="head -c 300000 /dev/zero | tr '\\0' x""#, runs: runs.path)
        let outcome = try #require(await ToolHandler().run(call))
        #expect(outcome.contextUpdates["tool.output"]?.string?.count == ProcessRequest.keptMaxDefault)
        #expect(outcome.contextUpdates["tool.output_bytes"] == 300_000)
        let file = "\(runs.path)/a1b2c3/n/1.1/output.txt"
        #expect(outcome.contextUpdates["tool.output_file"] == .string(file))
        #expect(try Data(contentsOf: URL(filePath: file)).count == 300_000)
    }

    @Test func `takes the status that the command wrote, and not one of an attempt before`() async throws {
        let runs = ScratchDirectory()
        let script =
            #"echo '{\"outcome\":\"partial_success\",\"notes\":\"half\",\"context_updates\":{\"a\":1}}' "#
            + "> $ORCHESTRA_STATUS_FILE; exit 3"
        let written = try #require(await ToolHandler().run(Scene.call("tool_command=\"\(script)\"", runs: runs.path)))
        #expect(written.status == .partialSuccess)
        #expect(written.notes == "half")
        #expect(written.contextUpdates["a"] == 1)
        #expect(written.contextUpdates["tool.exit_code"] == 3)
        #expect(FileManager.default.fileExists(atPath: "\(runs.path)/a1b2c3/n/status.json"))

        let again = try #require(await ToolHandler().run(Scene.call(#"tool_command="true""#, runs: runs.path)))
        #expect(again.status == .success)
    }

    @Test func `fails when the status that was written cannot be read`() async throws {
        let outcome = try #require(
            await ToolHandler().run(Scene.call(#"tool_command="echo '{}' > $ORCHESTRA_STATUS_FILE""#)))
        #expect(outcome.status == .fail)
        #expect(outcome.failureReason.contains("outcome"))
    }

    @Test func `keeps secrets out of reasons and records`() async throws {
        let reports = Reports()
        let call = Scene.call(
            #"tool_command="echo key hunter2hunter2 >&2; exit 1""#, environment: ["MY_API_KEY": "hunter2hunter2"],
            report: reports.take)
        let outcome = try #require(await ToolHandler().run(call))
        #expect(outcome.failureReason.hasSuffix("key [redacted]"))
        #expect(reports.tools.map(\.command) == ["echo key [redacted] >&2; exit 1"])
    }

    @Test func `stops within the grace when its task is cancelled`() async throws {
        let folder = ScratchDirectory()
        let mark = "\(folder.path)/started"
        let call = Scene.call("tool_command=\"touch \(mark); sleep 60\"", grace: .milliseconds(300))
        let task = Task { await ToolHandler().run(call) }
        while !FileManager.default.fileExists(atPath: mark) { try await Task.sleep(for: .milliseconds(10)) }
        task.cancel()
        #expect(await task.value?.status == .fail)
    }
}
