import NIOCore
import WebTransport

/// The socket of an engine: gathers what one read brings, and hands it over together.
final class ClientSocket: WebSocketSession {
    private let engine: ClientEngine
    private let generation: Int
    private let inputs: NIOLoopBoundBox<[ClientInput]>

    init(engine: ClientEngine, generation: Int) {
        self.engine = engine
        self.generation = generation
        self.inputs = .makeBoxSendingValue([], eventLoop: engine.eventLoop)
    }

    func opened(on connection: WebSocketConnection) { self.engine.opened(connection, generation: self.generation) }

    func received(text: ByteBuffer) { self.inputs.value.append(.received(Array(text.readableBytesView))) }

    // No server of this protocol version sends binary frames, and what is too long is no frame.
    func received(binary: ByteBuffer) {}
    func received(oversized: Int) {}

    func drained() {
        let inputs = self.inputs.value
        self.inputs.value = []
        if !inputs.isEmpty { self.engine.hear(inputs, generation: self.generation) }
    }

    func writabilityChanged(isWritable: Bool) {
        self.engine.hear([.writable(isWritable)], generation: self.generation)
    }

    func closed(_ reason: WebSocketCloseReason) {
        switch reason {
        case .local: self.engine.lost("closed", isPolite: true, generation: self.generation)
        case .peer(let code, let why):
            let text = "the server closed the connection (\(code.map(String.init) ?? "no code")): \(why)"
            self.engine.lost(text, isPolite: false, generation: self.generation)
        case .violation(_, let message): self.engine.lost(message, isPolite: false, generation: self.generation)
        case .unresponsive: self.engine.lost("no answer to pings", isPolite: false, generation: self.generation)
        case .dropped(let cause): self.engine.lost(cause ?? "dropped", isPolite: false, generation: self.generation)
        }
    }
}
