/// What an agent in a sandbox may give to others: nothing that it has not itself.
extension Workspaces {
    /// Passes when an agent that works in `own` may make or give a workspace that has network.
    package func checkNetwork(_ hasNetwork: Bool, givenBy own: WorkspaceKey?) throws(WorkspaceRefusal) {
        guard hasNetwork, let own, self.records[own]?.hasNetwork != true else { return }
        throw .noNetworkToGive
    }

    /// Passes when the program at `path` is there for who works in a workspace, by what its sandbox shows anyway.
    package func checkProgram(_ path: String, in key: WorkspaceKey) throws(WorkspaceRefusal) {
        let seen = SandboxPlan.systemFolders + [self.root(of: key)]
        let isDirect = !path.split(separator: "/").contains("..")
        guard isDirect, seen.contains(where: { MountPath.isInside(path, $0) }) else { throw .foreignProgram(path, key) }
    }
}
