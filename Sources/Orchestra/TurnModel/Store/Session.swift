import Vocabulary

/// The short name of a session, as people type it: lower-case letters, digits and hyphens, a letter among them, so that
/// it never reads as a number.
package struct DisplayID: Hashable, Sendable, LosslessStringConvertible {
    package static let lengthMax = 64
    package let description: String

    package init?(_ text: String) {
        guard text.utf8.count <= Self.lengthMax, text.utf8.contains(where: { (0x61...0x7A).contains($0) }),
            text.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D })
        else { return nil }
        self.description = text
    }
}

/// Makes a context a session.
package struct NewSession: Hashable, Sendable {
    /// Unique in the store.
    package var displayID: DisplayID
    /// Of the pipeline, for lists.
    package var name: String
    /// The session this is a parallel branch of; such are listed only when asked for.
    package var branchOf: ContextID?

    package init(displayID: DisplayID, name: String, branchOf: ContextID? = nil) {
        self.displayID = displayID
        self.name = name
        self.branchOf = branchOf
    }
}

/// A session in a list. What it costs to make does not depend on how long its history is.
package struct SessionRow: Hashable, Sendable {
    package let displayID: DisplayID
    package let name: String
    package let branchOf: ContextID?
    package let context: TurnContext
    /// Its payload is there up to `TurnLimits.sessionPayloadMax`.
    package let firstOwn: Turn?
    /// As `firstOwn`.
    package let head: Turn?
    package let lease: Lease?
    /// Of the requests that are not settled, in their order.
    package let openRequests: [String]

    package init(
        displayID: DisplayID, name: String, branchOf: ContextID?, context: TurnContext, firstOwn: Turn?, head: Turn?,
        lease: Lease?, openRequests: [String]
    ) {
        self.displayID = displayID
        self.name = name
        self.branchOf = branchOf
        self.context = context
        self.firstOwn = firstOwn
        self.head = head
        self.lease = lease
        self.openRequests = openRequests
    }
}
