package import DurableFiles
package import Vocabulary

/// The directory of one user's identities, `~/.trails` or what `TRAILS_HOME` says.
///
///     config.yml              preferences
///     APP/root.yml            the permanent parent of all runs of APP
///     contexts/NAME.yml       a process that may be resumed
///     trash/NAME.KIND.MS.yml  removed at MS milliseconds since 1970, swept after `trashLifetime`
///     sessions/               which root a shell session uses
///     .lock                   taken by whoever changes a context
///     .making                 taken by whoever makes one known to a server, which takes longer
///
/// Files are 0600 and directories 0700; what others could have read or changed is refused with the command that
/// mends it. Every change is whole or not at all, and durable before its method returns. All methods block.
package struct ContextStore: Sendable {
    package static let trashLifetime = Duration.seconds(30 * 86_400)

    package let home: String
    let files: any FileSystem
    let now: @Sendable () -> Timestamp
    /// How long to wait for another process to finish its change.
    let patience: Duration
    let keys: PassphraseKeys

    package init(
        home: String, on files: any FileSystem, patience: Duration = .seconds(10),
        keys: PassphraseKeys = PassphraseKeys(), now: @escaping @Sendable () -> Timestamp
    ) {
        self.keys = keys
        self.home = home
        self.files = files
        self.patience = patience
        self.now = now
    }

    /// What makes a new or a plain file an encrypted one.
    package struct Encryption: Sendable {
        let passphrase: String
        let cost: PassphraseCost

        package init(passphrase: String, cost: PassphraseCost = .moderate) {
            self.passphrase = passphrase
            self.cost = cost
        }
    }

    // MARK: Paths

    /// Where the file of `id` is, or would be.
    package func path(of id: ContextID) -> String {
        "\(self.directory(of: id))/\(id.kind == .root ? "root" : id.name.text).yml"
    }

    func directory(of id: ContextID) -> String {
        id.kind == .root ? "\(self.home)/\(id.name)" : "\(self.home)/contexts"
    }

    // MARK: Finding

    /// The one context called `name`; `ambiguous` when a root and a kept one are and `kind` does not say which.
    package func find(_ name: ContextName, kind: ContextID.Kind? = nil) throws(ContextError) -> ContextID {
        var found: [ContextID] = []
        for kind in kind.map({ [$0] }) ?? ContextID.Kind.allCases {
            let id = ContextID(name, kind)
            if try contextual({ () throws(FileError) in try self.files.exists(self.path(of: id)) }) { found.append(id) }
        }
        if found.count > 1 {
            throw ContextError(
                .ambiguous, "\(name) is a root and a kept context", hint: "say which one: --root or --kept")
        }
        guard let id = found.first else {
            throw ContextError(
                .notFound, "there is no \(kind.map { "\($0.rawValue) " } ?? "")context \(name) in \(self.home)",
                hint: "run \"trails contexts\" to see all")
        }
        return id
    }

    /// Whether there is a context of that name, in whatever state.
    package func exists(_ name: ContextName, kind: ContextID.Kind? = nil) throws(ContextError) -> Bool {
        do throws(ContextError) {
            _ = try self.find(name, kind: kind)
            return true
        } catch {
            if error.code == .ambiguous { return true }
            guard error.code == .notFound else { throw error }
            return false
        }
    }

    // MARK: Reading

    /// Reads a context. Without a passphrase the private key of an encrypted one is `nil`, and nothing is proven.
    package func read(_ id: ContextID, passphrase: String? = nil) throws(ContextError) -> Context {
        let text = try self.text(of: id)
        guard let passphrase else { return text.context }
        return try text.opened(with: passphrase, self.keys, path: self.path(of: id))
    }

    func text(of id: ContextID) throws(ContextError) -> ContextText {
        try ContextText(self.bytes(of: id), path: self.path(of: id))
    }

    func bytes(of id: ContextID) throws(ContextError) -> [UInt8] {
        do throws(FileError) {
            try PrivateFile.checkDirectory(self.home, on: self.files)
            try PrivateFile.checkDirectory(self.directory(of: id), on: self.files)
            return try PrivateFile.read(self.path(of: id), limit: YAMLFields.sizeMax, on: self.files)
        } catch {
            guard error.code == .notFound else { throw ContextError(error) }
            throw ContextError(
                .notFound, "there is no \(id) in \(self.home)", hint: "run \"trails contexts\" to see all")
        }
    }

    // MARK: Changing

    /// Writes a new context; refuses (`exists`) one that is there.
    package func create(
        _ context: Context, as id: ContextID, encryption: Encryption? = nil
    ) throws(ContextError) {
        guard context.privateKey?.publicKey == context.publicKey else { throw Self.keyMismatch(id) }
        // Deriving a key takes long: not under the lock.
        let text =
            if let encryption {
                try ContextText.sealed(
                    context, encryption.passphrase, PassphraseSalt(cost: encryption.cost), self.keys)
            } else {
                try ContextText.plain(context)
            }
        let bytes = try self.checked(text, says: context, path: self.path(of: id))
        try self.makeDirectory(self.directory(of: id))
        let lock = try self.lock()
        defer { lock.release() }
        do throws(FileError) {
            try AtomicFile.create(self.path(of: id), with: bytes, on: self.files)
            _ = try? AtomicFile.sweep(self.directory(of: id), on: self.files)  // else the next one does it
        } catch {
            guard error.code == .exists else { throw ContextError(error) }
            throw ContextError(
                .exists, "there is a \(id) already",
                hint: "choose another name, or run \"trails context rm \(id.name)\"")
        }
    }

    /// Changes a context by `change`, while every other process waits; returns what is in the file then.
    ///
    /// When only the children of an encrypted context change, no passphrase is needed.
    @discardableResult
    package func update(
        _ id: ContextID, passphrase: String? = nil, _ change: (inout Context) -> Void
    ) throws(ContextError) -> Context {
        try self.rewrite(id) { (old) throws(ContextError) in
            var context = old.context
            if let passphrase { context = try old.opened(with: passphrase, self.keys, path: self.path(of: id)) }
            let before = context
            change(&context)
            var others = context
            others.children = before.children
            if others == before { return (old.withChildren(context.children), context) }
            guard context.privateKey.map({ $0.publicKey == context.publicKey }) ?? true else {
                throw Self.keyMismatch(id)
            }
            guard let sealing = old.sealing else {
                return (try ContextText.plain(context, preamble: old.preamble), context)
            }
            guard let passphrase else {
                throw ContextError(.needsPassphrase, "the \(id) is encrypted", hint: "give the passphrase")
            }
            let text = try ContextText.sealed(
                context, passphrase, sealing.salt, self.keys, preamble: old.preamble)
            return (text, context)
        }
    }

    /// Notes a child that was declared with the context. Of many processes that do it at once none is lost.
    package func addChild(_ child: Context.Child, to id: ContextID) throws(ContextError) {
        guard child.appName.utf8.count <= Context.labelMax else {
            throw ContextError(.tooLarge, "a name of more than \(Context.labelMax) bytes", hint: "choose a shorter one")
        }
        try self.update(id) { $0.add(child) }
    }

    /// Encrypts a plain context in place.
    package func encrypt(_ id: ContextID, _ encryption: Encryption) throws(ContextError) {
        try self.rewrite(id) { (old) throws(ContextError) in
            guard old.sealing == nil else {
                throw ContextError(.isEncrypted, "the \(id) is encrypted already")
            }
            let salt = PassphraseSalt(cost: encryption.cost)
            let text = try ContextText.sealed(
                old.context, encryption.passphrase, salt, self.keys, preamble: old.preamble)
            return (text, old.context)
        }
    }

    @discardableResult
    private func rewrite(
        _ id: ContextID, _ change: (ContextText) throws(ContextError) -> (text: String, context: Context)
    ) throws(ContextError) -> Context {
        // Before the lock, which would make the directory of a store that is not there.
        _ = try self.bytes(of: id)
        let lock = try self.lock()
        defer { lock.release() }
        let new = try change(self.text(of: id))
        let bytes = try self.checked(new.text, says: new.context, path: self.path(of: id))
        try contextual { () throws(FileError) in
            try AtomicFile.replace(self.path(of: id), with: bytes, on: self.files)
        }
        _ = try? AtomicFile.sweep(self.directory(of: id), on: self.files)  // else the next one does it
        return new.context
    }

    /// The bytes of `text`, after reading it as whoever comes next will: what cannot be read back is not written.
    private func checked(_ text: String, says context: Context, path: String) throws(ContextError) -> [UInt8] {
        let bytes = Array(text.utf8)
        guard bytes.count <= YAMLFields.sizeMax else {
            throw ContextError(.tooLarge, "\(path) would have more than \(YAMLFields.sizeMax) bytes")
        }
        let read = try ContextText(bytes, path: path).context
        guard read.appID == context.appID, read.publicKey == context.publicKey, read.children == context.children,
            read.privateKey == nil || read.privateKey == context.privateKey
        else { throw .broken(path, line: nil, "it could not be read again with these changes") }
        return bytes
    }

    func makeDirectory(_ path: String) throws(ContextError) {
        try contextual { () throws(FileError) in
            for directory in [self.home, path] {
                try DurableDirectory.make(directory, on: self.files)
                try PrivateFile.checkDirectory(directory, on: self.files)
            }
        }
    }

    func lock() throws(ContextError) -> FileLock {
        try contextual { () throws(FileError) in
            try FileLock.acquire("\(self.home)/.lock", within: self.patience, on: self.files)
        }
    }

    /// The right to make a context known to its server, and to show its recovery code: one process after the other, so
    /// that the second finds what the first has made. Blocks.
    package func makingLock(within limit: Duration) throws(ContextError) -> FileLock {
        try self.makeDirectory(self.home)
        return try contextual { () throws(FileError) in
            try FileLock.acquire("\(self.home)/.making", within: limit, on: self.files)
        }
    }

    private static func keyMismatch(_ id: ContextID) -> ContextError {
        ContextError(.keyMismatch, "the private key does not belong to the public key of the \(id)")
    }
}
