package import Vocabulary

extension PipelineRun {
    /// What the world must be told once an event is on disk. May be carried out twice.
    package enum Effect: Sendable, Hashable {
        /// Call the handler, and answer with `finish`.
        case run(Attempt)
        /// Answer with `wake` when the time has come.
        case sleep(AttemptKey, until: Timestamp)
        case ask(Question)
        case withdraw(Question)
        /// Make an empty session, and answer with `openBranch`.
        case openBranch(BranchPlan)
        /// Start the run of the branch in its session, or resume it when it has begun.
        case runBranch(BranchPlan, session: String)
        case pauseBranch(BranchID, session: String, isAborting: Bool)
        case cancelBranch(BranchID, session: String, reason: String, isAborting: Bool)
        /// Make an empty session, and answer with `openChild`.
        case openChild(ChildPlan)
        /// See to it that somebody runs the child until it stands still.
        case runChild(ChildPlan, session: String)
        /// Look at the child when the time has come, and when it stands still; answer with `observeChild`.
        case observeChild(ChildPlan, session: String, at: Timestamp?)
        /// The number says which instruction it is: the child takes each once.
        case steerChild(ChildPlan, session: String, String, number: Int)
        case haltChild(ChildPlan, session: String, Halt)
        /// Give the instruction to the attempt at work.
        case instruct(Instruction)
        /// Stop the attempt, and answer with `confirmAbort`.
        case stop(Attempt)
        /// Ask what to do with an attempt of unknown fate, and answer with `resolve`.
        case askAboutUnknown(Attempt)
        case say(String)
        case paused(at: NodeID)
        case ended(RunEnd)

        /// Whether it may be carried out before its event is on disk: nobody outside can tell (design, section 3).
        package var mayRunAhead: Bool {
            if case .run(let attempt) = self { attempt.isPure } else { false }
        }
    }
}
