import Vocabulary

/// The text of a context file, and what it says.
///
/// Everything but the children is the *head*; it is kept as it stands when only children change. In an encrypted
/// file the head is the public part and then, as its last line, the sealed private key, which is bound to every
/// byte of the public part:
///
///     app_id: "550e8400-…"          ┐
///     …                             │ public part
///     encryption: "argon2id+chacha20-poly1305"
///     kdf_passes: 3                 │
///     kdf_memory: 268435456         │
///     kdf_salt: "BASE64"            ┘
///     sealed: "BASE64"
///     children:                       not protected: a cache, and written without the passphrase
///       - app_id: "661f9511-…"
struct ContextText {
    static let encryption = "argon2id+chacha20-poly1305"

    struct Sealing {
        let salt: PassphraseSalt
        let key: SealedKey
        let publicPart: String
    }

    var context: Context
    let head: String
    let sealing: Sealing?
    let preamble: String

    private init(context: Context, head: String, sealing: Sealing?, preamble: String) {
        self.context = context
        self.head = head
        self.sealing = sealing
        self.preamble = preamble
    }

    /// Reads a file's bytes. The private key of an encrypted one stays sealed; nothing in it is proven until then.
    init(_ bytes: [UInt8], path: String) throws(ContextError) {
        let fields = try YAMLFields(bytes, path: path)
        let isEncrypted = fields["sealed"] != nil
        let privateKey = isEncrypted ? nil : try fields.privateSeed("private_key")
        var context = Context(
            appID: try fields.value("app_id", AppID.init, "a UUID"), appName: try fields.text("app_name"),
            server: try fields.text("server_ep"), privateKey: privateKey,
            publicKey: try fields.value("pub_key", PublicKey.init, "a key (ed25519:BASE64)"),
            startDay: try fields.value("start_day", { Int($0) }, "a whole number"),
            createdAt: try fields.value("created_at", Timestamp.init, "a moment (2025-02-25T22:00:00Z)"),
            serverPublicKey: try fields.optional("server_pub_key", PublicKey.init, "a key (ed25519:BASE64)"),
            securityLevel: try fields.optional(
                "sec_level", Context.SecurityLevel.init(rawValue:), "open, signed, encrypted or full") ?? .signed,
            recoveryPublicKey: try fields.optional("recovery_pub_key", PublicKey.init, "a key (ed25519:BASE64)"))
        if let privateKey, privateKey.publicKey != context.publicKey {
            throw .broken(path, line: fields["pub_key"]?.line, "pub_key does not belong to private_key")
        }
        if isEncrypted, let field = fields["private_key"] {
            throw .broken(path, line: field.line, "private_key stands beside sealed")
        }
        context.children = try fields.children()
        context.otherFields = fields.fields.filter { !Self.knownFields.contains($0.name) }.map(\.text)
        context.isEncrypted = isEncrypted
        let head = fields.preamble + fields.fields.filter { $0.name != "children" }.map(\.text).joined()
        let sealing = try isEncrypted ? Self.sealing(fields) : nil
        self.init(context: context, head: head, sealing: sealing, preamble: fields.preamble)
    }

    /// Reads the sealed part and makes sure that no byte of the file is outside what is checked.
    private static func sealing(_ fields: YAMLFields) throws(ContextError) -> Sealing {
        guard try fields.text("encryption") == Self.encryption else {
            throw .broken(fields.path, line: fields["encryption"]?.line, "an encryption that this version cannot undo")
        }
        let cost = PassphraseCost(
            passes: try fields.value("kdf_passes", { Int($0) }, "a whole number"),
            memory: try fields.value("kdf_memory", { Int($0) }, "a whole number"))
        guard cost.isAllowed else {
            throw .broken(fields.path, line: fields["kdf_passes"]?.line, "more work than a passphrase may ask for")
        }
        let salt = try fields.value("kdf_salt", Self.salt, "\(PassphraseSalt.byteCount) bytes of Base64")
        let key = try fields.value("sealed", Self.sealedKey, "\(SealedKey.byteCount) bytes of Base64")
        let names = fields.fields.map(\.name)
        guard names.drop(while: { $0 != "sealed" }).dropFirst().allSatisfy({ $0 == "children" }) else {
            throw .broken(fields.path, line: fields["sealed"]?.line, "something other than children after sealed")
        }
        guard fields.isTerminated, fields["sealed"]?.text == Self.line(sealed: key),
            fields["children"].map({ $0.text == Self.lines(children: (try? fields.children()) ?? []) }) ?? true
        else { throw .wrongPassphrase(fields.path) }
        let publicPart = fields.preamble + fields.fields.prefix { $0.name != "sealed" }.map(\.text).joined()
        return Sealing(salt: PassphraseSalt(cost: cost, salt: salt), key: key, publicPart: publicPart)
    }

    private static func salt(_ text: String) -> [UInt8]? {
        Base64.decode(text).flatMap { $0.count == PassphraseSalt.byteCount ? $0 : nil }
    }

    private static func sealedKey(_ text: String) -> SealedKey? {
        Base64.decode(text).flatMap(SealedKey.init(bytes:))
    }
}

extension ContextText {
    /// Opens the private key; blocks for as long as the cost of the passphrase asks for.
    func opened(
        with passphrase: String, _ keys: PassphraseKeys, path: String
    ) throws(ContextError) -> Context {
        guard let sealing = self.sealing else { return self.context }
        let key = try keys.key(sealing.salt, passphrase)
        guard let seed = sealing.key.open(with: key, boundTo: sealing.publicPart),
            seed.publicKey == self.context.publicKey
        else { throw .wrongPassphrase(path) }
        var context = self.context
        context.privateKey = seed
        return context
    }
}

extension ContextError {
    static func wrongPassphrase(_ path: String) -> Self {
        Self(.wrongPassphrase, "\(path): wrong passphrase, or the file was changed")
    }
}
