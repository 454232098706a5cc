extension FaultyFileSystem {
    /// What a crash does to that which was not synced.
    package struct Damage: Hashable, Sendable, CaseIterable {
        package let bytes: Bytes
        package let names: Names

        package init(bytes: Bytes, names: Names) {
            self.bytes = bytes
            self.names = names
        }

        /// What happens to unsynced writes, to each file for itself.
        package enum Bytes: Sendable, CaseIterable {
            case kept
            case dropped
            /// All until some byte of some write is there, in the order of writing, and nothing after it.
            case cut
            /// The file has its new length, but zeros where new bytes should be.
            case zeroed
            /// All is there, with one of the unsynced bits turned.
            case flipped
            /// Some of the writes are there, whatever the order in which they were made.
            case scattered
        }

        /// What happens to unsynced changes of names, to each directory for itself.
        package enum Names: Sendable, CaseIterable {
            case kept
            case dropped
            /// The first ones happened, the rest did not.
            case cut
            /// Some happened, whatever their order; the two halves of a rename always go together.
            case scattered
        }

        package static var allCases: [Damage] {
            Bytes.allCases.flatMap { bytes in Names.allCases.map { Damage(bytes: bytes, names: $0) } }
        }
    }
}
