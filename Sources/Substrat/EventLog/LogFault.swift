package import DurableFiles

/// Why a log did not do what it was asked for.
package struct LogFault: Error, Hashable, Sendable {
    package let code: Code
    /// The log it is about; `nil` when it is about all.
    package let log: LogID?
    /// What the file system said, where it did.
    package let cause: FileError?

    package init(_ code: Code, _ log: LogID? = nil, cause: FileError? = nil) {
        self.code = code
        self.log = log
        self.cause = cause
    }

    /// A failure of the file system.
    init(_ cause: FileError, _ log: LogID? = nil) {
        self.init(cause.code == .poisoned ? .poisoned : .file, log, cause: cause)
    }

    /// The kind of failure. More may come: a `switch` over it needs a `default`.
    package struct Code: Hashable, Sendable {
        private enum Kind {
            case file, poisoned, quarantined, notANumber, tooLong, busy, closed, locked, movedOn, journalFull
        }

        private let kind: Kind

        /// The file system refused; what was asked for may be asked for again.
        package static let file = Self(kind: .file)
        /// What is on the disk is not known: nothing more is acknowledged until all is opened again.
        package static let poisoned = Self(kind: .poisoned)
        /// The log is damaged: it is kept as it is, and takes no more events.
        package static let quarantined = Self(kind: .quarantined)
        /// An event holds a number that JSON has no form for.
        package static let notANumber = Self(kind: .notANumber)
        package static let tooLong = Self(kind: .tooLong)
        /// More is waiting for the disk than may wait.
        package static let busy = Self(kind: .busy)
        package static let closed = Self(kind: .closed)
        /// Another process has the logs.
        package static let locked = Self(kind: .locked)
        /// Events came after those that a state was folded from.
        package static let movedOn = Self(kind: .movedOn)
        /// Events cannot be moved to their logs, and the journal has no more room for them.
        package static let journalFull = Self(kind: .journalFull)
    }
}

extension LogFault: CustomStringConvertible {
    package var description: String { self.message }

    package var message: String {
        let name = self.log.map { "log \($0.folder)" } ?? "the logs"
        return switch self.code {
        case .poisoned: "\(name) cannot be trusted after a failed sync" + self.reason
        case .quarantined: "\(name) is damaged and kept as it is"
        case .notANumber: "an event for \(name) holds a number that JSON cannot write"
        case .tooLong: "an event for \(name) is longer than \(EventLine.lengthMax)"
        case .busy: "too many events wait for the disk"
        case .closed: "the logs are closed"
        case .locked: "another process has the logs open"
        case .movedOn: "\(name) has more events than the state was folded from"
        case .journalFull: "the journal is full since events cannot be moved to their logs"
        default: "\(name) failed" + self.reason
        }
    }

    /// What to do, where there is something to do.
    package var hint: String? {
        switch self.code {
        case .poisoned: "restart the program: it recovers from what the disk has"
        case .quarantined: "run \"substrat daemon log verify\" to see which lines are damaged"
        case .locked: "stop the other process, or choose another directory"
        default: self.cause?.hint
        }
    }

    private var reason: String { self.cause.map { ": \($0.message)" } ?? "" }
}
