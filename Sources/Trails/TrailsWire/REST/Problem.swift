package import Vocabulary

/// An HTTP answer that says no: `application/problem+json` (RFC 9457) with the protocol's own code.
package struct Problem: WireRecord {
    package static let contentType = "application/problem+json"
    private static let typePrefix = "https://cairn.invalid/errors/"

    package var code: ErrorCode
    package var status: Int
    package var title: String
    package var detail: String
    package var hint: String?

    package init(_ code: ErrorCode, _ detail: String, hint: String? = nil, status: Int? = nil) {
        self.code = code
        self.status = status ?? code.httpStatus
        self.title = code.rawValue.replacing("_", with: " ")
        self.detail = detail
        self.hint = hint
    }

    /// Tells a caller what was wrong with what it sent.
    package init(_ error: FrameError) {
        self.init(error.code, error.message, hint: error.hint)
    }
}

extension Problem {
    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            try fields.need("code", .word(ErrorCode.self)),
            try fields.find("detail", .shown) ?? "",
            hint: try fields.find("hint", .shown),
            status: try fields.find("status", .integer(in: 100...599)).map { Int($0) })
        self.title = try fields.find("title", .shown) ?? self.title
    }

    package var members: JSONObject {
        .of(
            ("type", Self.typePrefix + self.code.rawValue), ("title", self.title), ("status", self.status),
            ("detail", self.detail), ("code", self.code), ("hint", self.hint))
    }
}
