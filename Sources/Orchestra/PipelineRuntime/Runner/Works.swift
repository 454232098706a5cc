/// The tasks that a loop has set to work. Each is waited for: by its own end, or by `finish`.
struct Works {
    enum Name: Hashable, Sendable {
        case attempt(String), question(String), clock(String), delay(String), branch(String), keeper, flight
        /// The child of a manager loop: its run, looks at it, and words to it.
        case child(String), look(String), rest(String), steering(String)
    }

    private var tasks: [Name: Task<Void, Never>] = [:]

    func contains(_ name: Name) -> Bool { self.tasks[name] != nil }

    /// Sets `body` to work; one of the same name must be done or forgotten.
    mutating func start(_ name: Name, _ body: @escaping @Sendable () async -> Void) {
        self.tasks[name]?.cancel()
        self.tasks[name] = Task { await body() }
    }

    /// As `start`, but `body` begins at once, on this thread, and leaves it only when it has to wait for something: a
    /// body that need not wait costs no other thread.
    mutating func begin(_ name: Name, _ body: @escaping @Sendable () async -> Void) {
        self.tasks[name]?.cancel()
        self.tasks[name] = Task.immediate { await body() }
    }

    /// Asks it to stop. It is waited for at the end all the same, if it is still there.
    func cancel(_ name: Name) { self.tasks[name]?.cancel() }

    /// It is done, or its end matters no more.
    mutating func forget(_ name: Name) { self.tasks.removeValue(forKey: name)?.cancel() }

    /// Stops everything, and waits until it has stopped. Branches stop by themselves, for they were told.
    mutating func finish() async {
        for (name, task) in self.tasks {
            if case .branch = name { continue }
            task.cancel()
        }
        for task in self.tasks.values { await task.value }
        self.tasks = [:]
    }
}
