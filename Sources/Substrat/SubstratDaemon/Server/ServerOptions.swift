package import Vocabulary

/// How much a server takes, and for how long it waits.
package struct ServerOptions: Sendable {
    /// How long a request may be.
    package var frameMax = ByteCount.mebibytes(64)
    /// How many connections may be open; more are closed at once.
    package var connectionsMax = 1_024
    /// How many requests of one connection are under way, about, before no more are read from it.
    package var callsMax = 256
    /// What may wait for a client to read it before no more requests of its are read.
    package var crowdMax = ByteCount.mebibytes(1)
    /// What may wait for a client to read it before it is dropped; an answer that is alone may be as long as a frame.
    package var waitingMax = ByteCount.mebibytes(128)
    /// How long a request may be on its way in.
    package var requestTimeout = Duration.seconds(60)
    /// How long a connection may be open on which nothing happens.
    package var idleTimeout = Duration.seconds(600)
    /// How long what is under way has at a stop.
    package var grace = Duration.seconds(10)
    /// How long answers have to leave after that.
    package var farewell = Duration.seconds(1)

    package init() {}
}
