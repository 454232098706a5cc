import ArgumentParser
import Dispatch
import PipelineApps
import PipelineCore
import PipelineRuntime
import PipelineWorkspaces
import TurnModel
import TurnStoreSQLite
import Vocabulary

/// Lets a run play to its end, hears signals meanwhile, and says how it ended.
struct Conductor {
    let plan: RunPlan
    let sessions: Sessions
    let source: PipelineSource

    /// Ends the program with the code that the run has come to.
    ///
    /// A run that an edge with `loop_restart` ends goes on in a new session, which is played too.
    func play(_ first: SessionRun) async throws {
        // Closing moves what the store has in its log into its file, which the next program need not do then.
        defer { (self.sessions.store as? SQLiteTurnStore)?.close() }
        self.plan.warn(about: self.source.graph)
        var run = first
        while true {
            let report = try await self.play(once: run)
            if let failure = report.failure { Output.complain(failure) }
            report.say(json: self.plan.options.json, exitCode: self.exitCode(of: report)) { Output.progress($0) }
            let (played, next) = (run, report)
            let successor = try await refusing { () async throws(SessionRefusal) in
                try await self.sessions.successor(of: played, after: next)
            }
            guard let successor else { throw ExitCode(self.exitCode(of: report)) }
            run = successor
        }
    }

    private func play(once run: SessionRun) async throws -> RunReport {
        let workspaces = RunOptions.workspaces
        try await workspacing { () async throws(WorkspaceError) in
            try await workspaces.check(
                run.context, session: run.story.displayID.description, pipeline: run.story.name)
        }
        let listener = SignalListener(run, deadline: self.plan.deadline)
        let sources = listener.listen()
        let apps = self.sessions.kit.observers.lazy.compactMap { $0 as? PipelineApps }.first
        apps?.attach(run)
        async let _: Void? = apps?.settleNodes(from: self.sessions.store)
        let report = await run.run()
        listener.stop()
        for complaint in await workspaces.leave() { Output.aside("orchestra: note: \(complaint)\n") }
        for source in sources { source.cancel() }
        await apps?.finish(report)
        return report
    }

    private func exitCode(of report: RunReport) -> Int32 {
        if case .paused(_, isAborted: false) = report.ending { return self.plan.options.pauseExitCode }
        return report.exitCode
    }
}

extension RunReport {
    /// What went wrong when the run had to stop without its store, and how to go on.
    var failure: CommandFailure? {
        guard case .stopped(.storeLost(let fault)) = self.ending else { return nil }
        let hint = fault.hint.map { "\($0); then " } ?? ""
        return CommandFailure(
            exitCode: self.exitCode, message: "the store was lost: \(fault.message)",
            hint: "\(hint)run \"orchestra resume \(self.displayID)\", which runs again what is not on record")
    }

    /// Says how the run ended: the last line of `run`, `resume`, `replay` and `attach`.
    func say(json: Bool, exitCode: Int32, by say: (String) -> Void) {
        let context = self.session.map { "\($0)" } ?? "none"
        guard json else { return say("\(self.message) (context \(context))") }
        let object: JSONObject = [
            "event": "ended", "session": .string(self.displayID.description), "context": .string(context),
            "message": .string(self.message), "exit_code": .integer(Int64(exitCode)),
        ]
        say(JSONValue.object(object).text)
    }
}

/// Turns the refusals of sessions into words for people.
func refusing<Value>(_ body: () async throws(SessionRefusal) -> Value) async throws -> Value {
    do throws(SessionRefusal) {
        return try await body()
    } catch {
        if case .unsound(let path, let diagnostics) = error {
            if let file = try? PipelineFile(at: path) { file.tell(diagnostics) }
        }
        throw CommandFailure(exitCode: error.isBusy ? 75 : 1, message: error.description, hint: error.hint)
    }
}

extension SessionRefusal {
    /// Whether it may well be different in a moment.
    fileprivate var isBusy: Bool {
        if case .store(.failed(let fault)) = self { fault.code == .busy } else { false }
    }
}
