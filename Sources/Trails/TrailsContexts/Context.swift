package import Vocabulary

/// A process's identity with which it can come back after its death, as a context file keeps it.
package struct Context: Sendable, Equatable {
    /// A child that was declared with this context: a note for people, not the truth.
    package struct Child: Hashable, Sendable {
        package let appID: AppID
        package let appName: String

        package init(appID: AppID, appName: String) {
            self.appID = appID
            self.appName = appName
        }
    }

    /// How messages are protected; see the levels of the wire protocol.
    package enum SecurityLevel: String, Sendable, CaseIterable {
        case open, signed, encrypted, full
    }

    /// Kept in the file; so many names of `labelMax`, every character escaped, fit into it.
    package static let childrenMax = 500
    /// Bytes of UTF-8.
    package static let labelMax = 256

    package let appID: AppID
    /// A label; not always the name of the file.
    package let appName: String
    package var server: String
    /// `nil` while it is sealed: the file is encrypted and no passphrase was given.
    package var privateKey: PrivateSeed?
    package var publicKey: PublicKey
    /// Whole UTC days from 2025-01-01 to the declaration of the app.
    package let startDay: Int
    package let createdAt: Timestamp
    /// The server's own key, once it was seen or given.
    package var serverPublicKey: PublicKey?
    package var securityLevel: SecurityLevel
    package var recoveryPublicKey: PublicKey?
    /// The newest `childrenMax`, oldest first.
    package var children: [Child] = []
    /// Fields that this version does not know, as they stand in the file.
    package internal(set) var otherFields: [String] = []
    package internal(set) var isEncrypted = false

    package init(
        appID: AppID, appName: String, server: String, privateKey: PrivateSeed, startDay: Int, createdAt: Timestamp,
        serverPublicKey: PublicKey? = nil, securityLevel: SecurityLevel = .signed, recoveryPublicKey: PublicKey? = nil
    ) {
        self.init(
            appID: appID, appName: appName, server: server, privateKey: privateKey, publicKey: privateKey.publicKey,
            startDay: startDay, createdAt: createdAt, serverPublicKey: serverPublicKey, securityLevel: securityLevel,
            recoveryPublicKey: recoveryPublicKey)
    }

    init(
        appID: AppID, appName: String, server: String, privateKey: PrivateSeed?, publicKey: PublicKey, startDay: Int,
        createdAt: Timestamp, serverPublicKey: PublicKey?, securityLevel: SecurityLevel, recoveryPublicKey: PublicKey?
    ) {
        self.appID = appID
        self.appName = appName
        self.server = server
        self.privateKey = privateKey
        self.publicKey = publicKey
        self.startDay = startDay
        self.createdAt = createdAt
        self.serverPublicKey = serverPublicKey
        self.securityLevel = securityLevel
        self.recoveryPublicKey = recoveryPublicKey
    }

    /// Notes `child` as the newest, in place of an older note of the same app.
    package mutating func add(_ child: Child) {
        self.children.removeAll { $0.appID == child.appID }
        self.children.append(child)
        self.children.removeFirst(max(0, self.children.count - Self.childrenMax))
    }
}
