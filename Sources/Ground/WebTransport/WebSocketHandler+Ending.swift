import NIOCore

extension WebSocketHandler {
    /// Begins the closing handshake from our side.
    func close(code: UInt16, reason: String) {
        guard self.phase == .open else { return }
        self.reason = .local(code: code, reason: reason)
        self.write(.close, .closePayload(code: code, reason: reason))
        self.phase = .closing
        self.flush()
        self.armTimer(in: self.limits.closeTimeout)
        self.resumeReading()
    }

    /// The peer's close frame has come: the answer to ours, or the first of the two.
    func peerClosed(code: UInt16?, reason: String) {
        if self.phase == .open {
            self.reason = .peer(code: code, reason: reason)
            self.write(.close, code.map { .closePayload(code: $0, reason: "") } ?? ByteBuffer())
        }
        self.phase = .draining
        self.armTimer(in: self.limits.closeTimeout)
        self.afterFlush { context in context.close(promise: nil) }
    }

    /// Tells the peer what it did wrong, closes our half, and waits until it has closed its own.
    func fail(_ violation: ProtocolViolation) {
        if self.phase == .open {
            self.reason = .violation(code: violation.code, message: violation.message)
            self.write(.close, .closePayload(code: violation.code, reason: violation.message))
        }
        self.phase = .draining
        self.armTimer(in: self.limits.closeTimeout)
        self.afterFlush { context in context.close(mode: .output, promise: nil) }
    }
}

// MARK: - The timer: silence while open, patience at the end

extension WebSocketHandler: NIOScheduledCallbackHandler {
    /// Waits for the next moment at which the peer's silence may mean something.
    func armTimer() {
        guard let interval = self.limits.pingInterval else { return }
        self.armTimer(in: interval)
    }

    func armTimer(in delay: Duration) {
        self.armTimer(at: .now() + TimeAmount(delay))
    }

    private func armTimer(at deadline: NIODeadline) {
        guard let context = self.context else { return }
        self.timer?.cancel()
        self.timerDue = deadline
        self.timer = try? context.eventLoop.assumeIsolated().scheduleCallback(at: deadline, handler: self)
    }

    func handleScheduledCallback(eventLoop: some EventLoop) {
        self.timer = nil
        guard self.phase == .open else {
            self.context?.close(promise: nil)
            return
        }
        guard let interval = self.limits.pingInterval else { return }
        let now = NIODeadline.now()
        let silentUntil = self.heardAt + TimeAmount(interval)
        // A timer that comes late says that we were stuck, and nothing about the peer.
        let isLate = now - self.timerDue > TimeAmount(interval / 2)
        if silentUntil > now {
            self.armTimer(at: silentUntil)
        } else if let pingedAt = self.pingedAt, pingedAt >= self.heardAt, !self.isPaused, !isLate {
            self.reason = .unresponsive
            self.context?.close(promise: nil)
        } else {
            self.pingedAt = now
            self.write(.ping, ByteBuffer())
            self.armTimer(in: interval)
        }
    }
}

extension ByteBuffer {
    /// The payload of a close frame, its reason cut to what a control frame holds.
    fileprivate static func closePayload(code: UInt16, reason: String) -> ByteBuffer {
        var text = Substring(reason)
        while text.utf8.count > 123 { text.removeLast() }
        var payload = ByteBuffer(integer: code)
        payload.writeSubstring(text)
        return payload
    }
}
