package import NIOCore

/// Runs the task of a connection on the connection's own event loop.
///
/// Between a request that is read and an answer that is written, nobody has to wake another thread, which on a busy
/// machine costs a tick of the scheduler. What blocks must not be done there.
package final class LoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    package init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
