import ArgumentParser

/// `trails`: its commands, in the groups in which the help shows them.
struct TrailsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trails",
        abstract: "Starts, watches and commands trees of processes that outlive each of them.",
        discussion: """
            An app is one process of a tree. Its key proves who it is; its ancestors may read and command it. \
            Make a root once with "trails init-app NAME", choose it with "trails use NAME", and start runs under it \
            with "eval $(trails run --name RUN)".

            EXIT CODES
              0 done, 1 error, 2 crashed or lost, 3 timeout, 4 cancelled, 64 usage or no such app, 65 not taken,
              69 server not reachable, 75 busy, 77 not authorised, 78 a file is broken

            ENVIRONMENT
              TRAILS_INFO         who this process is, given by its parent
              TRAILS_APP_ID, TRAILS_PRIVATE_KEY, TRAILS_SERVER, TRAILS_SERVER_KEY
                                  who this shell is, as "eval $(trails run ...)" sets them
              TRAILS_APP          the root to use, whatever "trails use" chose
              TRAILS_HOME         where contexts are kept (~/.trails)
              TRAILS_CONTEXT_KEY  passphrase of an encrypted context
              TRAILS_CA           certificate authority of the server
              TRAILS_SPOOL        where programs keep what they could not send, until "trails spool flush"
              TRAILS_PATIENCE     how long to wait for a server that is away, as 5m (each command has its own measure)
              NO_COLOR            no colours

            "set -x" in a shell prints what eval sets, the private key included.
            """,
        groupedSubcommands: [
            CommandGroup(
                name: "Identity",
                subcommands: [
                    InitApp.self, Use.self, Run.self, Register.self, Resume.self, WhoAmI.self, Contexts.self,
                    ContextCommand.self,
                ]),
            CommandGroup(name: "Children", subcommands: [ChildInfo.self, Exec.self, WaitCommand.self]),
            CommandGroup(
                name: "Reports",
                subcommands: [
                    StatusCommand.self, ResultCommand.self, ErrorCommand.self, Shutdown.self, SpoolCommand.self,
                ]),
            CommandGroup(name: "Looking", subcommands: [TreeCommand.self, ChildrenCommand.self, LogCommand.self]),
            CommandGroup(name: "Commanding", subcommands: [Cancel.self, Send.self, Admin.self]),
            CommandGroup(name: "This program", subcommands: [Completions.self, VersionCommand.self]),
        ])
}
