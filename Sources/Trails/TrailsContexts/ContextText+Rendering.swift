import Vocabulary

/// How a context is written.
extension ContextText {
    static let knownFields: Set<String> = [
        "app_id", "app_name", "server_ep", "private_key", "pub_key", "start_day", "created_at", "server_pub_key",
        "sec_level", "recovery_pub_key", "encryption", "kdf_passes", "kdf_memory", "kdf_salt", "sealed", "children",
    ]

    /// The text of a file in the clear.
    static func plain(_ context: Context, preamble: String = "") throws(ContextError) -> String {
        guard let seed = context.privateKey else {
            throw ContextError(.needsPassphrase, "the private key is sealed", hint: "give the passphrase")
        }
        return preamble + Self.identity(context, privateKey: seed) + Self.lines(children: context.children)
    }

    /// The text of an encrypted file. The same salt may serve again for the same passphrase: each sealing has a nonce.
    static func sealed(
        _ context: Context, _ passphrase: String, _ salt: PassphraseSalt, _ keys: PassphraseKeys,
        preamble: String = ""
    ) throws(ContextError) -> String {
        guard let seed = context.privateKey else {
            throw ContextError(.needsPassphrase, "the private key is sealed", hint: "give the passphrase")
        }
        guard !passphrase.isEmpty else {
            throw ContextError(.badPassphrase, "the passphrase is empty", hint: "choose one, or leave out --encrypt")
        }
        guard salt.cost.isAllowed else {
            throw ContextError(.badPassphrase, "no file may ask for that much work, or that little, of a passphrase")
        }
        let protection = [
            "encryption: \(YAMLFields.quoted(Self.encryption))",
            "kdf_passes: \(salt.cost.passes)",
            "kdf_memory: \(salt.cost.memory)",
            "kdf_salt: \(YAMLFields.quoted(Base64.encode(salt.salt)))",
        ]
        let publicPart =
            preamble + Self.identity(context, privateKey: nil) + protection.map { $0 + "\n" }.joined()
        let key = try SealedKey(sealing: seed, with: keys.key(salt, passphrase), boundTo: publicPart)
        return publicPart + Self.line(sealed: key) + Self.lines(children: context.children)
    }

    /// The same file with other children.
    func withChildren(_ children: [Context.Child]) -> String {
        self.head + Self.lines(children: children)
    }

    /// The fields of the seed in its order, then ours, then what we do not know.
    private static func identity(_ context: Context, privateKey: PrivateSeed?) -> String {
        var lines = [
            "app_id: \(YAMLFields.quoted(context.appID.description))",
            "app_name: \(YAMLFields.quoted(context.appName))",
            "server_ep: \(YAMLFields.quoted(context.server))",
        ]
        if let privateKey { lines.append("private_key: \(YAMLFields.quoted(privateKey.secretText))") }
        lines += [
            "pub_key: \(YAMLFields.quoted(context.publicKey.description))",
            "start_day: \(context.startDay)",
            "created_at: \(YAMLFields.quoted(context.createdAt.description))",
        ]
        if let key = context.serverPublicKey {
            lines.append("server_pub_key: \(YAMLFields.quoted(key.description))")
        }
        lines.append("sec_level: \(YAMLFields.quoted(context.securityLevel.rawValue))")
        if let key = context.recoveryPublicKey {
            lines.append("recovery_pub_key: \(YAMLFields.quoted(key.description))")
        }
        return lines.map { $0 + "\n" }.joined() + context.otherFields.joined()
    }

    static func line(sealed key: SealedKey) -> String {
        "sealed: \(YAMLFields.quoted(Base64.encode(key.bytes)))\n"
    }

    static func lines(children: [Context.Child]) -> String {
        guard !children.isEmpty else { return "" }
        return "children:\n"
            + children.map { child in
                """
                  - app_id: \(YAMLFields.quoted(child.appID.description))
                    app_name: \(YAMLFields.quoted(child.appName))

                """
            }.joined()
    }
}
