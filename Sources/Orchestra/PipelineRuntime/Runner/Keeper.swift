import TurnModel
import Vocabulary

/// Renews the lease of a session that works, and brings what other processes ask of it.
struct Keeper: Sendable {
    let store: any TurnStore
    let context: ContextID
    let epoch: LeaseEpoch
    let kit: RunKit
    /// Whether people may ask anything of this context: not of branches.
    let listens: Bool

    /// Until its task is cancelled, or the lease is lost. A store that is away is left to the loop to notice.
    func keep(_ inbox: Inbox<Signal>) async {
        var renewedAt = self.kit.world.now()
        var seen: RequestID?
        while !Task.isCancelled {
            if self.listens { await self.listen(inbox, after: &seen) }
            let pause = self.listens ? min(self.kit.limits.poll, self.renewal) : self.renewal
            if (try? await self.kit.world.sleep(pause)) == nil { return }
            guard self.kit.world.now().since(renewedAt) >= self.renewal else { continue }
            do throws(TurnStoreError) {
                _ = try await self.store.change(
                    leaseOf: self.context, .renew(for: self.kit.limits.lease), fence: self.epoch)
                renewedAt = self.kit.world.now()
            } catch {
                guard case .refused = error else { continue }
                return inbox.put(.stop(.leaseLost(self.context)))
            }
        }
    }

    private var renewal: Duration { self.kit.limits.lease / 3 }

    private func listen(_ inbox: Inbox<Signal>, after seen: inout RequestID?) async {
        let query = RequestQuery(context: self.context, after: seen)
        guard let requests = try? await self.store.requests(query) else { return }
        for request in requests { inbox.put(.request(request)) }
        seen = requests.last?.id ?? seen
    }
}
