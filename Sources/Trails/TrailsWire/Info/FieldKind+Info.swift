internal import Vocabulary

extension FieldKind<ServerEndpoint> {
    static let endpoint = Self { value throws(FrameError) in
        let text = try FieldKind<String>.text(bytesMax: WireLimits.urlBytesMax).read(value)
        do throws(ServerEndpoint.ParseError) {
            return try ServerEndpoint(text)
        } catch {
            throw FrameError(.badMessage, error.problem, hint: "write it like wss://trails.example.com/ws")
        }
    }
}

extension FieldKind<Originator> {
    static let originator = Self { value throws(FrameError) in
        let fields = FieldReader(try FieldKind<JSONObject>.object.read(value))
        return Originator(
            subject: try fields.need("sub", .name), groups: try fields.find("groups", .symbols) ?? [])
    }
}

extension FieldKind<[Ancestor]> {
    static let ancestors = Self.list(.record(Ancestor.self), countMax: WireLimits.ancestorsMax)
}

extension FieldKind<[UInt8]> {
    static let seed = Self { value throws(FrameError) in
        let bytes = value.string.flatMap { Base64.decode($0) }
        guard let bytes, bytes.count == SigningKey.seedByteCount else {
            throw FrameError(.badMessage, "is not Base64 of 32 bytes")
        }
        return bytes
    }
}

extension FieldKind<Enrolment> {
    /// `{seed, declaration, sig}`.
    static let enrolment = Self { value throws(FrameError) in
        let fields = FieldReader(try FieldKind<JSONObject>.object.read(value))
        let seed = try fields.need("seed", .seed)
        let declaration = SignedDeclaration(
            try fields.need("declaration", .record(Declaration.self)), try fields.need("declaration", .object),
            signature: try fields.need("sig", .signature))
        guard let enrolment = Enrolment(seed: seed, declaration: declaration) else {
            throw FrameError(.badMessage, field: "seed", "is not that of the declaration's enroll_pub")
        }
        return enrolment
    }
}
