package import TrailsCore
import TrailsWire
import Vocabulary

// A program that speaks for many apps: one of its own, and those of its parts, on one connection.

extension TrailsClient {
    /// Begins to speak for the app that `config` describes; `nil` when nobody can, which `notice` is told.
    ///
    /// Returns at once. `notice` takes what else would be warnings in the log, on the client's thread.
    package static func begin(
        _ config: TrailsConfig, notice: @escaping @Sendable (String) -> Void
    ) -> TrailsClient? {
        if let problem = config.problem {
            notice(problem)
            return nil
        }
        var dice = SystemRandomNumberGenerator()
        return Self.start(config, nonce: .request(using: &dice), notice: notice)
    }

    /// A client for one more app of the same server, on the connection of this one.
    ///
    /// Whoever is done with it calls `leave`; `shutdown` waits for all apps of the connection. It cannot be asked for
    /// an app that this connection spoke for a moment ago.
    package func beside(_ config: TrailsConfig) -> TrailsClient {
        var dice = SystemRandomNumberGenerator()
        let nonce = Nonce.request(using: &dice)
        self.engine?.tell(.adopt(config.identity(process: .current(), nonce: nonce)))
        return TrailsClient(config, engine: self.engine)
    }

    /// Says goodbye when everything is acknowledged, without waiting for it: a patient one however long that takes,
    /// another within some seconds, and at once for one that was patient before.
    package func leave(_ reason: DisconnectReason = .completed, isPatient: Bool = false) {
        guard let engine, let appID else { return }
        engine.tell(.leave(appID, reason, isPatient: isPatient))
    }

    /// Waits until every app of the connection has said goodbye, within some seconds after the last `leave`; `true`
    /// when everything was acknowledged.
    package func ended() async -> Bool {
        guard let engine else { return true }
        engine.tell(.hurry)
        await engine.finished()
        return await engine.flush(timeout: .zero)
    }
}
