package import NIOCore
package import NIOPosix
import Synchronization
package import TestKit
import TrailsWire
package import Vocabulary
package import WebTransport

/// A connection that several apps share, made again whenever it ends.
package final class SpeakerSocket: Sendable {
    private let url: WebSocketURL
    private let group: MultiThreadedEventLoopGroup
    private let state: Mutex<State>
    /// How long an app thinks about a command, at most.
    private let answerDelayMax: Duration
    /// How long until somebody has something to report, at most; `nil`: nobody ever has.
    private let reportGapMax: Duration?

    private struct State {
        var speakers: [AppID: Speaker]
        var dice: SplitMix64
        var connection: WebSocketConnection?
        /// Nothing new is reported.
        var isQuiet = false
        var ended: AsyncStream<Void>.Continuation?
        var answers = 0
        var complaints: [String] = []
    }

    package init(
        _ plans: [AppPlan], at address: String, serverKey: PublicKey, on group: MultiThreadedEventLoopGroup,
        answerDelayMax: Duration, reportGapMax: Duration?, dice: SplitMix64
    ) throws {
        self.url = try WebSocketURL("ws://\(address)/ws")
        self.group = group
        self.answerDelayMax = answerDelayMax
        self.reportGapMax = reportGapMax
        let speakers = plans.map { ($0.id, Speaker($0, serverKey: serverKey)) }
        self.state = Mutex(State(speakers: Dictionary(uniqueKeysWithValues: speakers), dice: dice))
    }

    /// The apps as they are now.
    package var speakers: [Speaker] { self.state.withLock { Array($0.speakers.values) } }
    /// Commands answered so far; some of the answers may not have arrived.
    package var answers: Int { self.state.withLock { $0.answers } }
    package var complaints: [String] {
        self.state.withLock { state in state.complaints + state.speakers.values.flatMap(\.complaints) }
    }

    /// Reports nothing new from now on; what was sent is still brought home.
    package func beQuiet() { self.state.withLock { $0.isQuiet = true } }

    /// Connects, and connects again, until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            let (endings, ended) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            self.state.withLock { $0.ended = ended }
            if let connection = try? await WebSocketClient.connect(
                to: self.url, on: self.group, timeout: .seconds(5), session: self)
            {
                for await _ in endings { break }
                if Task.isCancelled { connection.close(code: 1000, reason: "the run is over") }
            }
            let pause = self.state.withLock { Int.random(in: 5...40, using: &$0.dice) }
            try? await Task.sleep(for: .milliseconds(pause))
        }
    }
}

extension SpeakerSocket: WebSocketSession {
    package func opened(on connection: WebSocketConnection) {
        let frames = self.state.withLock { state in
            state.connection = connection
            return state.speakers.keys.sorted().compactMap { state.speakers[$0]?.connected() }
        }
        connection.send(texts: frames.map { ByteBuffer(bytes: $0) })
        self.reportLater(on: connection)
    }

    package func received(text: ByteBuffer) {
        guard let received = try? ServerFrame.decode(text.readableBytesView) else {
            self.state.withLock { $0.complaints.append("not a frame: \(String(buffer: text))") }
            return
        }
        let reaction = self.state.withLock { state -> Speaker.Reaction in
            guard let app = received.frame.appID, state.speakers[app] != nil else {
                state.complaints.append("a frame \(received.type) for none of its apps: \(String(buffer: text))")
                return Speaker.Reaction()
            }
            return state.speakers[app]?.hear(received) ?? Speaker.Reaction()
        }
        guard let connection = self.state.withLock({ $0.connection }) else { return }
        connection.send(texts: reaction.frames.map { ByteBuffer(bytes: $0) })
        if let delivery = reaction.delivery, let app = received.frame.appID {
            self.answerLater(delivery, for: app, on: connection)
        }
        if reaction.hangsUp { connection.close(code: 1000, reason: "starting over") }
    }

    package func received(binary: ByteBuffer) {
        self.state.withLock { $0.complaints.append("a binary frame of \(binary.readableBytes) bytes") }
    }

    package func received(oversized: Int) {
        self.state.withLock { $0.complaints.append("a frame of \(oversized) bytes") }
    }

    package func closed(_ reason: WebSocketCloseReason) {
        self.state.withLock { state in
            state.connection = nil
            for app in state.speakers.keys { state.speakers[app]?.disconnected() }
            state.ended?.yield()
        }
    }
}

// MARK: - In a while

extension SpeakerSocket {
    private func answerLater(_ delivery: Speaker.Delivery, for app: AppID, on connection: WebSocketConnection) {
        connection.eventLoop.scheduleTask(in: self.while(atMost: self.answerDelayMax)) {
            let bytes = self.state.withLock { state in
                let bytes = state.speakers[app]?.answer(delivery)
                if bytes != nil { state.answers += 1 }
                return bytes
            }
            // Perhaps by another connection than the one it came by: that is a case too.
            if let bytes { self.state.withLock { $0.connection }?.send(text: ByteBuffer(bytes: bytes)) }
        }
    }

    private func reportLater(on connection: WebSocketConnection) {
        guard let reportGapMax else { return }
        connection.eventLoop.scheduleTask(in: self.while(atMost: reportGapMax)) {
            let frames: [[UInt8]]? = self.state.withLock { state in
                guard state.connection === connection else { return nil }
                guard !state.isQuiet else { return [] }
                return state.speakers.keys.sorted().compactMap { app in
                    state.dice.chance(0.5) ? state.speakers[app]?.report() : nil
                }
            }
            guard let frames else { return }
            connection.send(texts: frames.map { ByteBuffer(bytes: $0) })
            self.reportLater(on: connection)
        }
    }

    private func `while`(atMost duration: Duration) -> TimeAmount {
        let milliseconds = self.state.withLock {
            Int64.random(in: 0...max(1, duration.wholeMilliseconds), using: &$0.dice)
        }
        return .milliseconds(milliseconds)
    }
}
