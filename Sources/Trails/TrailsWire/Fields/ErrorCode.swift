/// Why the server refuses something (spec/trails.md §4). The raw value is the word on the wire.
package enum ErrorCode: String, CaseIterable, Hashable, Sendable {
    /// Not what this protocol says: no JSON, an unknown frame, a field of another type.
    case badMessage = "bad_message"
    case unknownApp = "unknown_app"
    case notAuthorized = "not_authorized"
    /// An ancestor is cancelling, or the app itself was cancelled.
    case cancelling
    /// Another key holds this app.
    case keyMismatch = "key_mismatch"
    case badSignature = "bad_signature"
    case revoked
    /// The nonce was seen before.
    case replayed
    /// Signed too long ago, or before the server started: sign again.
    case stale
    /// The same identity with other content was stored before.
    case conflict
    /// A newer connection of the same app took over.
    case superseded
    case tooLarge = "too_large"
    case rateLimited = "rate_limited"
    case queueFull = "queue_full"
    case storeUnavailable = "store_unavailable"
    case unsupportedVersion = "unsupported_version"
    case serverDraining = "server_draining"
}

extension ErrorCode {
    /// The status of an HTTP answer with this code.
    package var httpStatus: Int {
        switch self {
        case .badMessage, .unsupportedVersion: 400
        case .badSignature, .stale, .replayed, .revoked, .keyMismatch: 401
        case .notAuthorized: 403
        case .unknownApp: 404
        case .cancelling, .conflict, .superseded: 409
        case .tooLarge: 413
        case .rateLimited, .queueFull: 429
        case .storeUnavailable, .serverDraining: 503
        }
    }

    /// Whether the same request may succeed later, unchanged but for a new signature.
    package var isTemporary: Bool {
        switch self {
        case .stale, .rateLimited, .queueFull, .storeUnavailable, .serverDraining: true
        default: false
        }
    }
}
