package import Logging
package import PipelineCore
package import PipelineRuntime
import ServiceLifecycle
package import TurnModel
import WebTransport

/// A running `orchestra serve`: HTTP in front, the runs behind it, one store below.
package struct OrchestraServer: Sendable {
    private let web: WebServer
    private let hall: RunHall
    private let service: PipelineService
    private let drainMax: Duration
    private let resumes: Bool
    /// Says when the server listens.
    private let bound: AsyncStream<Void>

    /// A server that does not listen yet; `run` does.
    ///
    /// - Parameters:
    ///   - kit: The kit of a run: of the pipeline in this file, if it is in one, with this end.
    ///   - draw: Draws DOT as SVG.
    ///   - onReady: Gets the port.
    package init(
        options: ServerOptions, store: any TurnStore, token: AccessToken,
        kit: @escaping @Sendable (_ file: String?, _ exit: NodeID?) -> RunKit,
        draw: @escaping @Sendable (String) async throws -> [UInt8], logger: Logger,
        onReady: @escaping @Sendable (Int) -> Void
    ) {
        let hall = RunHall(runsMax: options.runsMax)
        let service = PipelineService(
            sessions: Sessions(store: store, kit: kit(nil, nil)), hall: hall, kit: kit, draw: draw,
            drawings: Turnstile(ServerOptions.drawingsMax), logger: logger)
        let doorkeeper = Doorkeeper(
            names: options.allowedNames, token: token, isPrivate: options.isPrivate || !options.isLoopback)
        let (bound, bind) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
        self.web = WebServer(
            configuration: options.webServer, router: service.router(doorkeeper), upgrade: { _ in .refuse },
            logger: logger
        ) { port in
            onReady(port)
            bind.yield()
        }
        self.hall = hall
        self.service = service
        self.drainMax = options.drainMax
        self.resumes = options.resumes
        self.bound = bound
    }

    /// Serves until it is told to stop; returns when every run has come to a boundary.
    ///
    /// ```
    /// told to stop ── nothing begins, all runs pause at their next boundary ── drainMax ── nodes at work are stopped
    /// ```
    /// When it cannot listen, nothing was run. Throws `WebServerError`.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Ending.self) { group in
            group.addTask {
                await self.hall.run()
                return .runs
            }
            if self.resumes {
                group.addTask {
                    // When it cannot listen, nothing is run.
                    for await _ in self.bound { return await self.resumed() }
                    return .resumption
                }
            }
            defer { self.hall.close() }
            try await withGracefulShutdownHandler {
                try await self.web.run()
            } onGracefulShutdown: {
                self.hall.close()
            }
            self.hall.close()
            group.addTask {
                if (try? await Task.sleep(for: self.drainMax)) != nil { self.hall.abort() }
                return .deadline
            }
            while let ending = try await group.next(), ending != .runs {}
            group.cancelAll()
        }
    }

    private func resumed() async -> Ending {
        await self.service.resumeDrained()
        return .resumption
    }

    /// Does not wait for the nodes at work any longer. From any thread.
    package func hurry() {
        self.hall.close()
        self.hall.abort()
    }

    private enum Ending { case runs, deadline, resumption }
}
