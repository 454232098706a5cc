import TrailsCore
import TrailsWire
import Vocabulary

/// Draws a tree of apps.
///
///     nightly-etl (550e8400) [running] resumed@laptop
///     ├── step1 (661f9511) [done ✓]
///     └── step2 (772a0622) [running ▶ 60%]
struct TreeDrawing {
    let line: AppLine
    /// Only branches in which something is live.
    var onlyLive = false

    /// `top` is drawn first; an app whose parent is not among `apps` is left out.
    func draw(_ top: AppID, of apps: [AppView]) -> String {
        var children: [AppID: [AppView]] = [:]
        for app in apps where app.appID != top {
            if let parent = app.parentID { children[parent, default: []].append(app) }
        }
        guard let root = apps.first(where: { $0.appID == top }) else { return "" }
        let live = self.onlyLive ? Self.liveBranches(of: apps) : nil
        var lines: [String] = [self.line.text(root)]
        // Deepest last; without recursion, as trees may be a thousand levels deep.
        var pending = self.entries(under: top, indent: "", children, live)
        while let next = pending.popLast() {
            lines.append(next.indent + (next.isLast ? "└── " : "├── ") + self.line.text(next.app))
            let indent = next.indent + (next.isLast ? "    " : "│   ")
            pending += self.entries(under: next.app.appID, indent: indent, children, live)
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private struct Entry {
        let app: AppView
        let indent: String
        let isLast: Bool
    }

    /// The children to draw, the first at the end.
    private func entries(
        under parent: AppID, indent: String, _ children: [AppID: [AppView]], _ live: Set<AppID>?
    ) -> [Entry] {
        let shown = (children[parent] ?? [])
            .filter { live?.contains($0.appID) ?? true }
            .sorted { ($0.scheduledAt, $0.appID) < ($1.scheduledAt, $1.appID) }
        return shown.enumerated().map { place, app in
            Entry(app: app, indent: indent, isLast: place == shown.count - 1)
        }.reversed()
    }

    /// All live apps and everything above them.
    private static func liveBranches(of apps: [AppView]) -> Set<AppID> {
        let parents = Dictionary(apps.map { ($0.appID, $0.parentID) }) { first, _ in first }
        var live: Set<AppID> = []
        for app in apps where app.status.isLive {
            var next: AppID? = app.appID
            while let id = next, live.insert(id).inserted { next = parents[id] ?? nil }
        }
        return live
    }
}
