package import Vocabulary

/// How long an answer may take, how large it may be, and how often it is asked for.
package struct ChatLimits: Sendable, Hashable {
    /// Tries of one question, the first included.
    package var attemptsMax = 5
    /// Before the second try; doubled for each after it.
    package var delayFirst = Duration.seconds(2)
    package var delayMax = Duration.seconds(60)
    /// A server that wants to be left alone for longer is given up on.
    package var retryAfterMax = Duration.seconds(600)
    package var connect = Duration.seconds(10)
    /// How long nothing may come.
    package var silence = Duration.seconds(600)
    package var requestMax = ByteCount.mebibytes(16)
    /// Of the text.
    package var answerMax = ByteCount.mebibytes(4)
    /// Of all that a server sends: each word of an answer comes in an event of its own.
    package var streamMax = ByteCount.mebibytes(256)
    package var lineMax = ByteCount.mebibytes(1)
    /// Of a complaint.
    package var complaintMax = ByteCount.kibibytes(64)

    package init() {}
}

extension ChatLimits {
    /// How long to wait before the question is put again after try `attempt` (from 1); `nil` for no more tries.
    ///
    /// Only a server that has too much to do is asked again. What it says about when comes before our own doubling.
    func delay(after error: ChatError, attempt: Int) -> Duration? {
        guard error.code == .busy, attempt < self.attemptsMax else { return nil }
        if let asked = error.retryAfter { return asked <= self.retryAfterMax ? asked : nil }
        let doubled = (1..<attempt).reduce(self.delayFirst) { delay, _ in min(delay * 2, self.delayMax) }
        return min(doubled, self.delayMax)
    }
}
