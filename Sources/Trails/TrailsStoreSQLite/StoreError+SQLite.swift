import SQLiteStorage
import TrailsStore

extension StoreError {
    init(_ error: StorageError) {
        self.init(code: Self.code(of: error.code), message: error.message, hint: error.hint)
    }

    private static func code(of code: StorageError.Code) -> Code {
        switch code {
        case .full: .full
        case .corrupt, .notADatabase: .corrupt
        case .newer: .newer
        case .locked: .locked
        case .conflict: .conflict
        default: .unavailable
        }
    }
}

/// Runs `body`, and says in the words of the store what went wrong.
func storing<Value>(_ body: () throws(StorageError) -> Value) throws(StoreError) -> Value {
    do throws(StorageError) {
        return try body()
    } catch {
        throw StoreError(error)
    }
}
