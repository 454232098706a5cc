import TrailsCore
import TrailsWire
import Vocabulary

/// Reads over REST what became of a cancelled tree, and says what is not as promised.
///
/// What it claims: every app is cancelled, by its own answer and exactly once; in the order of the event log the last
/// of each level comes before the first of the level above; no app is live; the permanent root goes on.
enum CascadeVerdict {
    static func judge(_ id: CascadeID, _ forest: Forest) async throws -> [String] {
        try await self.judgeCascade(id, forest) + self.judgeApps(of: forest) + self.judgeOrder(in: forest)
            + self.judgeRoot(of: forest)
    }

    private static func judgeCascade(_ id: CascadeID, _ forest: Forest) async throws -> [String] {
        let body = try await forest.caller.insist("GET", "/cascades/\(id)").body
        let view = try CascadeView(json: body)
        let count = Int64(forest.speakers.count)
        guard view.total == count, view.cancelled == count, view.forceKilled == 0, view.lost == 0, view.pending == 0
        else { return ["of \(count) apps the cancel says \(body.text)"] }
        return []
    }

    private static func judgeApps(of forest: Forest) async throws -> [String] {
        var found: [AppID: AppStatus] = [:]
        var cursor: String?
        repeat {
            let path = "/apps/\(forest.root.id)/children?recursive=true&limit=1000"
            let answer = try await forest.caller.insist("GET", path + (cursor.map { "&cursor=\($0)" } ?? ""))
            let page = try Page<AppView>(json: answer.body)
            for app in page.items { found[app.appID] = app.status }
            cursor = page.cursor
        } while cursor != nil
        var complaints = found.filter { $0.value.isLive }.map { "app \($0.key.short) is \($0.value.rawValue)" }
        if Set(found.keys) != Set(forest.speakers.map(\.id)) { complaints.append("the tree has other apps than ours") }
        return complaints
    }

    private static func judgeOrder(in forest: Forest) async throws -> [String] {
        let ends = try await self.ends(in: forest)
        var complaints = ends.filter { $0.value.count > 1 }.map { "app \($0.key.short) ended at \($0.value)" }
        let levels = forest.levels.map { $0.flatMap(\.speakers).map { ends[$0.id]?.first } }
        for (depth, level) in levels.enumerated() where level.contains(nil) {
            let count = level.count { $0 == nil }
            complaints.append("level \(depth + 1): \(count) apps were not cancelled by their answer")
        }
        for depth in levels.indices.dropFirst() {
            let last = levels[depth].compactMap(\.self).max() ?? 0
            let first = levels[depth - 1].compactMap(\.self).min() ?? .max
            guard last > first else { continue }
            complaints.append("level \(depth + 1) ended at event \(last), level \(depth) began at \(first)")
        }
        return complaints
    }

    /// The events by which each app was cancelled because it said so.
    private static func ends(in forest: Forest) async throws -> [AppID: [Int64]] {
        var ends: [AppID: [Int64]] = [:]
        var after = "0"
        while true {
            let answer = try await forest.caller.insist(
                "GET", "/apps/\(forest.root.id)/events?subtree=true&limit=1000&after=\(after)")
            let page = try Page<EventView>(json: answer.body)
            for event in page.items {
                guard event.event["status"] == "cancelled",
                    event.event["because"] == "cancel_acknowledged"
                else { continue }
                ends[event.appID, default: []].append(event.eventID)
            }
            guard let cursor = page.cursor else { return ends }
            after = cursor
        }
    }

    private static func judgeRoot(of forest: Forest) async throws -> [String] {
        var dice = SystemRandomNumberGenerator()
        let seed = [UInt8].random(count: SigningKey.seedByteCount, using: &dice)
        guard let enrolKey = SigningKey(seed: seed) else { throw LabError("no key of \(seed.count) bytes") }
        let declaration = try Declaration(
            appID: .random(using: &dice), parentID: forest.root.id, enrolKey: enrolKey.publicKey, level: .signed,
            scheduledAt: .now, serverKey: forest.caller.serverKey
        ).signed(by: forest.root.key)
        let answer = try await forest.caller.insist(
            "POST", "/children", DeclareChildBody(declaration, appName: "after").json)
        return answer.status == 201 ? [] : ["the root may have no new child: \(answer.body.text)"]
    }
}
