import Synchronization

/// What programs have started that have ended themselves: it lives as long as this.
package final class Leftovers: Sendable {
    private let programs = Mutex<[TestProgram]>([])

    package init() {}

    /// Keeps what is left of a program.
    package func keep(_ program: TestProgram) {
        if !program.isAllGone { self.programs.withLock { $0.append(program) } }
    }

    /// Ends it all.
    package func end() {
        let programs = self.programs.withLock { programs in
            defer { programs = [] }
            return programs
        }
        for program in programs { program.kill() }
    }
}
