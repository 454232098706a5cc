package import DurableFiles
package import Logging
package import SubstratProtocol
package import Vocabulary

/// The life of a daemon, from the lock to the lock.
///
///     take the root ─► open what it serves (recovery) ─► daemon.pid ─► listen ─► ready
///                                                                                  │ a signal
///     give it back ◄─ clean_shutdown ◄─ answers leave ◄─ what is under way ends ◄──┘
package struct Daemon: Sendable {
    package let place: DaemonPlace
    package let version: String
    package let options: ServerOptions
    package let logger: Logger
    package let files: any FileSystem

    package init(
        at place: DaemonPlace, version: String, options: ServerOptions, logger: Logger,
        files: any FileSystem = POSIXFileSystem()
    ) {
        self.place = place
        self.version = version
        self.options = options
        self.logger = logger
        self.files = files
    }

    /// Serves what `open` opens until `stop` returns. `ready` is called once clients can connect.
    ///
    /// When this throws, nothing was served and the root is free again.
    package func run<Handler: RequestHandler>(
        startedAt: Timestamp, until stop: @Sendable () async -> Void, ready: @Sendable () -> Void,
        serving open: (DaemonHome) async throws(DaemonError) -> Handler
    ) async throws(DaemonError) {
        let home = try DaemonHome.take(self.place, on: self.files)
        do throws(DaemonError) {
            let handler = try await open(home)
            try await self.serve(handler, in: home, startedAt, until: stop, ready)
        } catch {
            try? home.giveBack(isClean: false)
            throw error
        }
        try home.giveBack(isClean: true)
        self.logger.notice("stopped")
    }

    private func serve<Handler: RequestHandler>(
        _ handler: Handler, in home: DaemonHome, _ startedAt: Timestamp, until stop: @Sendable () async -> Void,
        _ ready: @Sendable () -> Void
    ) async throws(DaemonError) {
        let methods = DaemonMethods(handler: handler, home: home, version: self.version, startedAt: startedAt)
        let server = SocketServer(
            at: self.place.socket, options: self.options, logger: self.logger, handler: methods)
        let door = SocketServer(
            at: self.place.toolSocket, options: self.options, logger: self.logger, handler: ToolDoor(handler: methods))
        do throws(DaemonError) {
            try home.writePID()
            try await door.listen()
            try await server.listen()
        } catch {
            await handler.stop(grace: .zero)
            throw error
        }
        self.logger.notice("listening", metadata: LogKeys.place(self.place))
        ServiceNotice.send("READY=1")
        ready()
        let (ended, ending) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        await withTaskGroup(of: Void.self) { group in
            // Turns that have time to end may call tools until then.
            group.addTask { await door.serve { for await _ in ended {} } }
            await server.serve {
                await stop()
                self.logger.notice("stopping")
                ServiceNotice.send("STOPPING=1")
            }
            ending.finish()
        }
    }
}
