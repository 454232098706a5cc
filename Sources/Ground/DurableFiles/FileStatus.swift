package import Vocabulary

/// What the file system says about a file, a directory or a link.
package struct FileStatus: Hashable, Sendable {
    package enum Kind: Sendable { case file, directory, symlink, other }

    package let kind: Kind
    /// In bytes.
    package let size: Int64
    package let owner: UInt32
    package let permissions: Permissions
    package let modified: Timestamp

    package init(kind: Kind, size: Int64, owner: UInt32, permissions: Permissions, modified: Timestamp) {
        self.kind = kind
        self.size = size
        self.owner = owner
        self.permissions = permissions
        self.modified = modified
    }
}
