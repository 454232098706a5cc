/// Why a frame or a request body cannot be taken: a code of the protocol, the field and what is wrong with it.
package struct FrameError: Error, Hashable, Sendable {
    package let code: ErrorCode
    /// Where it is, from the outside in, as `header.seq` or `role_refs[3]`; `nil` when it is the whole.
    package let field: String?
    /// What is wrong, as the rest of a sentence that begins with the field.
    package let problem: String
    /// What to do about it.
    package let hint: String?

    package init(_ code: ErrorCode, field: String? = nil, _ problem: String, hint: String? = nil) {
        self.code = code
        self.field = field
        self.problem = problem
        self.hint = hint
    }
}

extension FrameError {
    /// What is wrong where, for people: lower case, no full stop.
    package var message: String { self.field.map { "\($0) \(self.problem)" } ?? self.problem }

    /// The same error, seen from the object or array that holds its field as `name`.
    func inside(_ name: String) -> Self {
        let path = self.field.map { $0.hasPrefix("[") ? name + $0 : "\(name).\($0)" } ?? name
        return Self(self.code, field: path, self.problem, hint: self.hint)
    }
}

extension FrameError: CustomStringConvertible {
    package var description: String { "\(self.code.rawValue): \(self.message)" }
}
