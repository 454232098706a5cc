import Synchronization
import TrailsContexts
import TrailsWire

extension Caller {
    /// Reads an encrypted context with the passphrase that is given, or asked for once.
    func open(_ id: ContextID, in store: ContextStore) throws -> Context {
        try store.read(id, passphrase: try self.passphrase(of: id))
    }

    /// From `--passphrase-fd`, TRAILS_CONTEXT_KEY, or the terminal; a new one is asked for twice.
    func passphrase(of id: ContextID, isNew: Bool = false) throws -> String {
        try self.passphrases.recall { try self.readPassphrase(of: id, isNew: isNew) }
    }

    private func readPassphrase(of id: ContextID, isNew: Bool) throws -> String {
        if let descriptor = self.options.passphraseDescriptor {
            guard let line = Terminal.line(fromDescriptor: descriptor), !line.isEmpty else {
                throw CommandFailure.usage("file descriptor \(descriptor) gives no passphrase")
            }
            return line
        }
        if let key = self.environment["TRAILS_CONTEXT_KEY"], !key.isEmpty { return key }
        let question = isNew ? "New passphrase for the \(id):" : "Passphrase of the \(id):"
        guard let answer = Terminal.secret(question), !answer.isEmpty else {
            throw CommandFailure.usage(
                "a passphrase is needed, and there is no terminal to ask on",
                hint: "give it in TRAILS_CONTEXT_KEY, or with --passphrase-fd")
        }
        guard !isNew || Terminal.secret("The same again:") == answer else {
            throw CommandFailure.usage("the two passphrases differ", hint: "try again")
        }
        return answer
    }
}

/// The passphrase of this one command, so that nobody is asked twice and a descriptor is read once.
final class PassphraseMemory: Sendable {
    private let passphrase = Mutex<String?>(nil)

    func recall(_ read: () throws -> String) throws -> String {
        if let known = self.passphrase.withLock({ $0 }) { return known }
        let new = try read()
        self.passphrase.withLock { $0 = new }
        return new
    }
}
