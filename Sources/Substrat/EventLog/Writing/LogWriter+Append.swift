import DurableFiles

extension LogWriter {
    /// A batch on its way into its logs: its lines in the order in which they must become durable.
    private struct Course {
        struct Run {
            let log: LogID
            var lines: [EventLine]
            /// Runs of one stage are written at the same time, whichever batch they belong to.
            var stage: Int
        }

        let place: Int
        var runs: [Run] = []
        var numbers: [UInt64] = []
        var fault: LogFault?

        /// - Parameter stages: For each log the stage of the last run of it.
        init(_ batch: [EventLine], place: Int, _ stages: inout [LogID: Int]) {
            self.place = place
            for line in batch {
                if self.runs.last?.log == line.log {
                    self.runs[self.runs.count - 1].lines.append(line)
                } else {
                    // After the run before it, and not before an earlier batch in the same log.
                    let stage = max((self.runs.last?.stage ?? -1) + 1, stages[line.log] ?? 0)
                    stages[line.log] = stage
                    self.runs.append(Run(log: line.log, lines: [line], stage: stage))
                }
            }
        }
    }

    /// One sync for each log and stage. A batch of one log has one stage.
    mutating func writeByAppending(_ batches: [[EventLine]], _ answer: (Int, Answer) -> Void) {
        var stages: [LogID: Int] = [:]
        var courses: [Course] = []
        for (place, batch) in batches.enumerated() {
            do throws(LogFault) {
                try self.prepare(batch)
                courses.append(Course(batch, place: place, &stages))
            } catch {
                answer(place, .failure(error))
            }
        }
        for stage in 0...(stages.values.max() ?? 0) {
            let logs = Set(courses.flatMap(\.runs).filter { $0.stage == stage }.map(\.log))
            for log in logs.sorted() { self.write(stage, of: log, &courses) }
        }
        for course in courses {
            answer(course.place, course.fault.map { .failure($0) } ?? .success(course.numbers))
        }
    }

    private mutating func write(_ stage: Int, of log: LogID, _ courses: inout [Course]) {
        var lines: [UInt8] = []
        let first = self.shelf[log].next
        var next = first
        var numbers: [Int: [UInt64]] = [:]
        for (place, course) in courses.enumerated() where course.fault == nil {
            for run in course.runs where run.log == log && run.stage == stage {
                for line in run.lines {
                    line.write(to: &lines, sequence: next, with: first)
                    numbers[place, default: []].append(next)
                    next += 1
                }
            }
        }
        do throws(LogFault) {
            try self.store(lines, in: log, next: next)
            for (place, more) in numbers { courses[place].numbers += more }
        } catch {
            for place in numbers.keys { courses[place].fault = error }
        }
    }

    /// Writes lines to a log and syncs it.
    private mutating func store(_ lines: [UInt8], in log: LogID, next: UInt64) throws(LogFault) {
        guard !lines.isEmpty else { return }
        try self.shelf[log].check()
        let size = self.shelf[log].size
        do throws(FileError) {
            try self.shelf.write(lines, to: log)
        } catch {
            throw LogFault(error, log)
        }
        do throws(FileError) {
            try self.shelf.sync(log)
        } catch {
            self.shelf.takeBack(log, to: size)
            throw LogFault(.poisoned, log, cause: error)
        }
        self.shelf[log].next = next
    }

    /// The seed's five steps for each event, one after the other.
    ///
    ///     write events.pending   sync it   append to events.jsonl   sync it   remove events.pending
    mutating func writeByPending(_ batches: [[EventLine]], _ answer: (Int, Answer) -> Void) {
        for (place, batch) in batches.enumerated() {
            var numbers: [UInt64] = []
            do throws(LogFault) {
                try self.prepare(batch)
                for line in batch {
                    let number = self.shelf[line.log].next
                    var bytes: [UInt8] = []
                    line.write(to: &bytes, sequence: number)
                    try self.storeByPending(bytes, in: line.log, number)
                    numbers.append(number)
                }
                answer(place, .success(numbers))
            } catch {
                answer(place, .failure(error))
            }
        }
    }

    private mutating func storeByPending(_ line: [UInt8], in log: LogID, _ number: UInt64) throws(LogFault) {
        let path = self.shelf.folder.pending(of: log)
        do throws(FileError) {
            _ = try self.shelf.open(log)  // makes the directory
            let pending = try self.shelf.files.open(path, OpenOptions(.readWrite, creation: .ifMissing))
            defer { try? pending.close() }  // what it has to lose is synced
            try pending.truncate(to: 0)
            try pending.writeAll(line, at: 0)
            try pending.sync()
        } catch {
            try? self.shelf.files.unlink(path)  // torn: a start would throw it away
            throw LogFault(error, log)
        }
        defer { try? self.shelf.files.unlink(path) }  // one that stays is known by its number
        try self.store(line, in: log, next: number + 1)
    }
}
