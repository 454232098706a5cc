package import Vocabulary

/// What is known of an app from the day it is declared, and never changes (table `apps`).
///
/// A class, so that the trees that hold a million of them copy one reference; immutable.
package final class AppFacts: Codable, Sendable {
    package let id: AppID
    /// `nil` for a root only.
    package let parent: AppID?
    /// A label; never looked up by.
    package let name: String
    package let level: SecurityLevel
    /// When the parent made it, by the parent's clock.
    package let scheduledAt: Timestamp
    /// Whole days from 2025-01-01 to `scheduledAt`, UTC.
    package let startDay: Int
    /// JSON text of an object; `nil` when there are none.
    package let tags: String?
    package let roleRefs: [String]
    /// Proves that the first register comes from the child that was meant.
    package let enrolmentKey: PublicKey?
    /// Proves the right to replace a lost key.
    package let recoveryKey: PublicKey?
    /// A root that has no end of its own.
    package let isPermanentRoot: Bool
    /// How the server came to know it.
    package let origin: Origin

    /// How the server came to know an app.
    package enum Origin: String, Codable, Hashable, Sendable {
        /// A root, which nobody declares.
        case root
        /// Its parent, or an ancestor of it, signed for it.
        case declared
        /// It named a parent that did not sign for it (only at `open`).
        case unverified
        /// It was named as a parent and has not been heard of itself.
        case placeholder
    }

    package init(
        id: AppID, parent: AppID?, name: String, level: SecurityLevel, scheduledAt: Timestamp, startDay: Int,
        tags: String? = nil, roleRefs: [String] = [], enrolmentKey: PublicKey? = nil, recoveryKey: PublicKey? = nil,
        isPermanentRoot: Bool = false, origin: Origin
    ) {
        self.id = id
        self.parent = parent
        self.name = name
        self.level = level
        self.scheduledAt = scheduledAt
        self.startDay = startDay
        self.tags = tags
        self.roleRefs = roleRefs
        self.enrolmentKey = enrolmentKey
        self.recoveryKey = recoveryKey
        self.isPermanentRoot = isPermanentRoot
        self.origin = origin
    }
}

extension AppFacts {
    /// The same, but for where the knowledge came from.
    package func known(as origin: Origin) -> AppFacts {
        AppFacts(
            id: self.id, parent: self.parent, name: self.name, level: self.level, scheduledAt: self.scheduledAt,
            startDay: self.startDay, tags: self.tags, roleRefs: self.roleRefs, enrolmentKey: self.enrolmentKey,
            recoveryKey: self.recoveryKey, isPermanentRoot: self.isPermanentRoot, origin: origin)
    }

    /// Whether both say the same of the same app, whoever said it.
    package func declaresTheSame(as other: AppFacts) -> Bool { self.known(as: .declared) == other.known(as: .declared) }
}

extension AppFacts: Hashable {
    package static func == (left: AppFacts, right: AppFacts) -> Bool {
        left.id == right.id && left.parent == right.parent && left.name == right.name && left.level == right.level
            && left.scheduledAt == right.scheduledAt && left.startDay == right.startDay && left.tags == right.tags
            && left.roleRefs == right.roleRefs && left.enrolmentKey == right.enrolmentKey
            && left.recoveryKey == right.recoveryKey && left.isPermanentRoot == right.isPermanentRoot
            && left.origin == right.origin
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.id) }
}
