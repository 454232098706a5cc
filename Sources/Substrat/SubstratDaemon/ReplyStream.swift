import SubstratProtocol
package import Vocabulary

/// Where the parts of an answer go that come before its end.
package struct ReplyStream: Sendable {
    let id: JSONValue
    let connection: Connection
    /// Whether the daemon is about to end.
    let isStopping: @Sendable () -> Bool

    /// Says a part of a text. A client that reads so slowly that too much waits for it is dropped.
    package func send(_ chunk: String) { self.connection.send(RPCReply(self.id, .chunk(chunk))) }

    /// Says an event, as above.
    package func send(_ event: JSONObject) { self.connection.send(RPCReply(self.id, .event(event))) }

    /// Whether somebody may still hear it, and the daemon goes on.
    package var isOpen: Bool { !self.connection.isClosed && !self.isStopping() && !Task.isCancelled }

    /// Waits until the client has read most of what was said; false when there is no more use.
    package func hasRoom() async -> Bool {
        while self.isOpen && self.connection.isCrowded {
            do { try await Task.sleep(for: .milliseconds(20)) } catch { return false }
        }
        return self.isOpen
    }
}
