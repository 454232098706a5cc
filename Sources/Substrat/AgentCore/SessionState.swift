/// What a session is, by its record.
///
/// ```
/// created ──▶ active ◀──▶ suspended
///    │           │            │
///    └───────────┴────────────┴──▶ terminated
/// ```
package enum SessionState: String, CaseIterable, Hashable, Sendable {
    case created, active, suspended, terminated

    /// Whether a session may go from this state to `next`.
    package func allows(_ next: Self) -> Bool {
        switch (self, next) {
        case (.created, .active), (.active, .suspended), (.suspended, .active): true
        case (.created, .terminated), (.active, .terminated), (.suspended, .terminated): true
        default: false
        }
    }
}
