package import Vocabulary

/// What one side tells the other over a socket (spec/trails.md §4): `{"typ": …, members, "sig": …}`.
///
/// `members` are all but `typ` and `sig`.
package protocol WireFrame: WireRecord {
    static var type: String { get }
}

/// Signs the frames of one app in one session.
package struct FrameSigner: Hashable, Sendable {
    package let key: SigningKey
    package let context: SigningContext

    package init(key: SigningKey, context: SigningContext) {
        self.key = key
        self.context = context
    }
}

/// A frame as it came: read, and with all that a signature of it would be over.
package struct Received<Frame: Sendable>: Sendable {
    package let frame: Frame
    package let type: String
    package let members: JSONObject
    /// `nil` when it is not signed.
    package let signature: Signature?

    /// Whether the holder of the verifier's key sent exactly this, in this session.
    package func isSigned(by verifier: Verifier, in context: SigningContext) -> Bool {
        guard let signature = self.signature else { return false }
        return context.accepts(signature, on: self.type, self.members, by: verifier)
    }
}

/// The frames of one direction.
package protocol FrameFamily: Hashable, Sendable {
    /// Reads the frame of type `type`; `nil` when there is no such type.
    static func read(_ type: String, _ fields: FieldReader) throws(FrameError) -> Self?
    var body: any WireFrame { get }
    /// The UTF-8 bytes without a signature, where there is a faster way than through `body`.
    var quickBytes: [UInt8]? { get }
    /// Whether a frame without a signature says so.
    static var writesNullSignature: Bool { get }
}

extension FrameFamily {
    package var quickBytes: [UInt8]? { nil }

    /// The word in `typ`.
    package var type: String { Swift.type(of: self.body).type }

    /// Reads one frame from UTF-8 bytes.
    ///
    /// `type` is taken for `typ` where that is missing. The version may be left out.
    package static func decode(
        _ bytes: some Collection<UInt8>, limits: JSONLimits = JSONLimits()
    ) throws(FrameError) -> Received<Self> {
        try self.decode(JSONValue(wire: bytes, limits: limits))
    }

    package static func decode(_ value: JSONValue) throws(FrameError) -> Received<Self> {
        guard let object = value.object else { throw .mustBe("an object", not: value) }
        let fields = FieldReader(object)
        guard let type = try fields.find("typ", or: "type", .symbol) else {
            throw FrameError(.badMessage, field: "typ", "is missing")
        }
        if let version = try fields.find("v", .integer), version != SigningContext.version {
            throw FrameError(
                .unsupportedVersion, field: "v", "is \(version), this server speaks \(SigningContext.version)")
        }
        guard let frame = try Self.read(type, fields) else {
            throw FrameError(.badMessage, field: "typ", "is no frame known here: \(type.prefix(40))")
        }
        let signature = try fields.find("sig", .signature)
        return Received(frame: frame, type: type, members: object, signature: signature)
    }

    /// The UTF-8 bytes of the frame, signed when there is a signer.
    package func encoded(by signer: FrameSigner? = nil) throws(FrameError) -> [UInt8] {
        if signer == nil, let bytes = self.quickBytes { return bytes }
        let body = self.body
        let members = body.members
        var object: JSONObject = ["typ": .string(Swift.type(of: body).type)]
        for (name, value) in members { object[name] = value }
        if let signer {
            object["sig"] = try signer.context.sign(self.type, members, with: signer.key).wireValue
        } else if Self.writesNullSignature {
            object["sig"] = JSONValue.null
        }
        return JSONValue.object(object).utf8
    }
}
