internal import TrailsCore
internal import Vocabulary

extension TrailsInfo {
    /// Reads the value of the environment variable.
    ///
    /// Base64 of either alphabet, padded or not, white space only around it. Fields that are not known are kept.
    ///
    /// - Throws: `TrailsInfoError`, for the first thing that is wrong.
    public init(text: String) throws(TrailsInfoError) {
        do throws(FrameError) {
            self = try Self(reading: FieldReader(Self.object(inBase64: text)))
        } catch {
            throw TrailsInfoError(error)
        }
    }

    private static func object(inBase64 text: String) throws(FrameError) -> JSONObject {
        let trimmed = Self.trimmed(text)
        guard !trimmed.isEmpty else {
            throw FrameError(.badMessage, "\(Self.variable) is empty", hint: "unset it to run without a server")
        }
        guard trimmed.utf8.count <= WireLimits.infoBytesMax else {
            throw FrameError(
                .badMessage, "\(Self.variable) has \(trimmed.utf8.count) bytes, more than \(WireLimits.infoBytesMax)")
        }
        guard let bytes = Base64.decode(String(trimmed)) else {
            let isWrapped = trimmed.utf8.contains { $0 == 0x0A || $0 == 0x0D || $0 == 0x20 }
            throw FrameError(
                .badMessage, "\(Self.variable) is not Base64",
                hint: isWrapped ? "it is broken into lines: write it with base64 -w0" : nil)
        }
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue(parsing: bytes)
        } catch {
            throw FrameError(.badMessage, "\(Self.variable) is no JSON: \(error.message)")
        }
        guard let object = json.object else {
            throw FrameError(.badMessage, "\(Self.variable) is no JSON object, but \(json.kindName)")
        }
        return object
    }

    private static func trimmed(_ text: String) -> Substring {
        let isSpace = { (character: Character) in character.isASCII && character.isWhitespace }
        var trimmed = text.drop(while: isSpace)
        while let last = trimmed.last, isSpace(last) { trimmed = trimmed.dropLast() }
        return trimmed
    }
}

extension TrailsInfo {
    private static let known: Set<String> = [
        "v", "mode", "appId", "parentId", "appName", "serverEp", "serverPubKey", "secLevel", "scheduledAt",
        "startDeadline", "originator", "roleRefs", "tags", "enroll", "ancestors", "traceparent",
    ]

    private init(reading fields: FieldReader) throws(FrameError) {
        try Self.checkVersionAndMode(fields)
        guard fields.object["parentId"] != nil else {
            throw FrameError(.badMessage, field: "parentId", "is missing", hint: "write null for a root")
        }
        self.init(
            appID: try fields.need("appId", .id4()),
            parentID: try fields.find("parentId", .id4()),
            appName: try fields.need("appName", .name),
            server: try fields.need("serverEp", .endpoint),
            serverKey: try fields.find("serverPubKey", .publicKey),
            level: try fields.need("secLevel", .word(SecurityLevel.self)),
            scheduledAt: try fields.need("scheduledAt", .moment),
            startDeadline: try fields.find("startDeadline", .startDeadline) ?? WireLimits.startDeadlineDefault,
            originator: try fields.find("originator", .originator),
            roleRefs: try fields.find("roleRefs", .symbols) ?? [],
            tags: try fields.find("tags", .labels) ?? [:],
            enrolment: try fields.find("enroll", .enrolment),
            ancestors: try fields.find("ancestors", .ancestors) ?? [],
            traceparent: try fields.find("traceparent", .text(bytesMax: WireLimits.symbolBytesMax)),
            others: fields.object.without(Self.known))
        try self.checkWhole()
    }

    private static func checkVersionAndMode(_ fields: FieldReader) throws(FrameError) {
        let version = try fields.need("v", .integer)
        guard version == Self.version else {
            throw FrameError(
                .unsupportedVersion, field: "v", "is \(version); this program speaks version \(Self.version)",
                hint: version > Self.version ? "update this program" : "update the program that started this one")
        }
        let mode = try fields.find("mode", .symbol) ?? "full"
        guard mode == "full" else {
            throw FrameError(
                .badMessage, field: "mode", "is \"\(mode)\"; this program knows \"full\" only",
                hint: "start it with a full \(Self.variable)")
        }
    }

    /// What no field shows alone.
    private func checkWhole() throws(FrameError) {
        let level = self.level.rawValue
        guard self.level == .open || self.serverKey != nil else {
            throw FrameError(.badMessage, field: "serverPubKey", "is missing, and needed at level \(level)")
        }
        guard self.parentID != self.appID else {
            throw FrameError(.badMessage, field: "parentId", "is the app itself", hint: "write null for a root")
        }
        guard let declaration = self.enrolment?.declaration.declaration else {
            guard self.level == .open || self.parentID == nil else {
                throw FrameError(.badMessage, field: "enroll", "is missing, and needed at level \(level)")
            }
            return
        }
        guard
            declaration.appID == self.appID, declaration.parentID == self.parentID, declaration.level == self.level,
            self.serverKey == nil || declaration.serverKey == self.serverKey
        else {
            throw FrameError(
                .badMessage, field: "enroll.declaration", "is of another app, parent, level or server than the rest")
        }
    }
}

extension JSONObject {
    fileprivate func without(_ names: Set<String>) -> Self {
        var object = Self()
        for (name, value) in self where !names.contains(name) { object[name] = value }
        return object
    }
}

extension TrailsInfoError {
    /// Tells the error in the words of the variable.
    init(_ error: FrameError) {
        self.field = error.field
        self.message = error.field == nil ? error.message : "\(TrailsInfo.variable): \(error.message)"
        self.hint =
            error.hint ?? "make it with \"trails child-info\", or unset \(TrailsInfo.variable) to run without a server"
    }
}
