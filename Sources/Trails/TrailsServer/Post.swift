import NIOCore
import TrailsCore

/// What goes out after a commit: one visit to each event loop, one delivery to each connection.
struct Post {
    private var news: [ObjectIdentifier: (receiver: any Receiver, news: [News])] = [:]
    private var order: [ObjectIdentifier] = []
    private var calls: [(@Sendable (Job.Answer) -> Void, Job.Answer)] = []

    mutating func add(_ item: News, to receiver: any Receiver) {
        let key = ObjectIdentifier(receiver)
        if self.news[key]?.news.append(item) == nil {
            self.news[key] = (receiver, [item])
            self.order.append(key)
        }
    }

    mutating func answer(_ job: Job, _ answer: Job.Answer) {
        switch job.reply {
        case .none: break
        case .call(let call): self.calls.append((call, answer))
        case .socket(let receiver, let ticket):
            switch answer {
            case .success(let done) where done.isConflict:
                self.add(.failed(ticket, .refused(.keyMismatch(done.state!.id))), to: receiver)
            case .success(let done):
                if case .message(let app, let seq) = ticket {
                    let contiguous = done.state?.sequence?.contiguous ?? 0
                    self.add(.stored(app, seq: seq, contiguous: contiguous), to: receiver)
                } else {
                    self.add(.done(ticket, done.state), to: receiver)
                }
            case .failure(let failure): self.add(.failed(ticket, failure), to: receiver)
            }
        }
    }

    func send() {
        var loops: [ObjectIdentifier: (loop: any EventLoop, deliveries: [(any Receiver, [News])])] = [:]
        for key in self.order {
            guard let (receiver, news) = self.news[key] else { continue }
            let loop = receiver.eventLoop
            loops[ObjectIdentifier(loop), default: (loop, [])].deliveries.append((receiver, news))
        }
        for (loop, deliveries) in loops.values {
            loop.execute {
                for (receiver, news) in deliveries {
                    receiver.receive(news)
                }
            }
        }
        for (call, answer) in self.calls {
            call(answer)
        }
    }
}
