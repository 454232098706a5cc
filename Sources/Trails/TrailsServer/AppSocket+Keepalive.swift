import NIOCore
import TrailsCore
import TrailsWire
import Vocabulary

// MARK: - Apps that say nothing

extension AppSocket {
    /// Looks, when the time of silence is over, whether `app` has said anything; does nothing where nobody asked.
    func listen(for app: AppID, session: Int, longest: Duration? = nil) {
        guard let keepalive = self.house.keepalive else { return }
        self.eventLoop.scheduleTask(in: TimeAmount(longest ?? keepalive)) {
            guard let voice = self.withState({ $0.voices[app] }), voice.session == session else { return }
            let silence = self.house.now().since(voice.heardAt)
            guard silence >= keepalive else {
                self.listen(for: app, session: session, longest: keepalive - silence)
                return
            }
            self.house.submitSurely([Job(command: .missKeepalive(app, session: session), reply: .none)])
            self.lose(
                app,
                ErrorFrame(
                    .stale, "nothing was heard of this app for \(keepalive)",
                    hint: "send re_register, and ping_app more often than that", appID: app))
        }
    }
}
