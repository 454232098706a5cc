package import HashTreeCollections
package import Vocabulary

/// A cancel, with all that it reaches, from the deepest level up (table `cascades`).
package struct Cascade: Codable, Hashable, Sendable {
    package let id: CascadeID
    /// The app it was given for.
    package let target: AppID
    /// Whether it takes the descendants too.
    package let isDeep: Bool
    package let reason: String
    /// What the apps are told: JSON text of what the issuer signed.
    package let payload: String
    /// `nil` when the administrator gave it.
    package let by: AppID?
    /// JSON text of who signed it.
    package let issuer: String?
    /// How long each level has to answer, in milliseconds.
    package let grace: Int64
    package let startedAt: Timestamp
    /// Whom it takes: those that were live when it was recorded, deepest level first.
    package let levels: [[AppID]]
}

/// How far a cancel has come.
package struct CascadeState: Hashable, Sendable {
    package let cascade: Cascade
    /// The level that is at work; -1 before the first.
    package var level = -1
    /// Who of that level has neither answered nor been given up.
    package var waiting: TreeSet<AppID> = []
    /// When this level is given up.
    package var deadline: Timestamp?
    package var finishedAt: Timestamp?

    package init(_ cascade: Cascade) {
        self.cascade = cascade
    }
}
