import Vocabulary

/// A tool that a model asks for.
package struct ChatToolCall: Sendable, Hashable {
    package var name: String
    /// JSON, as the model wrote it: it may be anything.
    package var arguments: String
}

/// Puts calls together from the pieces they come in.
///
/// The first piece of a call has its name, the others only more of its arguments. Which call a piece belongs to is told
/// by `index`; servers that leave it out, or always say 0, give each call an id of its own.
struct ToolCallPieces {
    static let callsMax = 128

    private struct Call {
        var index: Int64?
        var id: String
        var call: ChatToolCall
    }

    private var calls: [Call] = []

    /// Takes the `tool_calls` of a part of an answer; answers with how many bytes they add.
    mutating func take(_ pieces: JSONValue?) throws(ChatError) -> Int {
        var count = 0
        for piece in pieces?.array ?? [] {
            let place = try self.place(of: piece)
            let function = piece["function"]
            if self.calls[place].call.name.isEmpty { self.calls[place].call.name = function?["name"]?.string ?? "" }
            if self.calls[place].id.isEmpty { self.calls[place].id = piece["id"]?.string ?? "" }
            let arguments = function?["arguments"]
            let more = arguments?.string ?? arguments?.object.map { JSONValue.object($0).text } ?? ""
            self.calls[place].call.arguments += more
            count += more.utf8.count
        }
        return count
    }

    private mutating func place(of piece: JSONValue) throws(ChatError) -> Int {
        let (index, id) = (piece["index"]?.integer, piece["id"]?.string ?? "")
        let known = self.calls.lastIndex { call in
            let isOther = !id.isEmpty && !call.id.isEmpty && call.id != id
            return call.index == index && !isOther
        }
        if let known { return known }
        guard self.calls.count < Self.callsMax else {
            throw .tooLarge("the answer asks for more than \(Self.callsMax) tools at once")
        }
        self.calls.append(Call(index: index, id: id, call: ChatToolCall(name: "", arguments: "")))
        return self.calls.count - 1
    }

    /// All of them, when there is no more.
    func whole() throws(ChatError) -> [ChatToolCall] {
        guard self.calls.allSatisfy({ !$0.call.name.isEmpty }) else {
            throw .broken("it asks for a tool that has no name")
        }
        return self.calls.map(\.call)
    }
}
