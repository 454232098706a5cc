import Testing
import Vocabulary

@Suite struct `A JSON value` {
    let value: JSONValue = [
        "name": "worker", "count": 3, "share": 0.25, "whole": 4.0, "on": true, "none": nil, "list": [1, "two"],
        "in": ["x": 1],
    ]

    @Test func `answers with the type that is asked for or with nothing`() {
        #expect(value["name"]?.string == "worker")
        #expect(value["count"]?.integer == 3)
        #expect(value["count"]?.number == 3)
        #expect(value["share"]?.number == 0.25)
        #expect(value["share"]?.integer == nil)
        #expect(value["whole"]?.integer == 4)
        #expect(value["on"]?.bool == true)
        #expect(value["none"]?.isNull == true)
        #expect(value["list"]?.array?.count == 2)
        #expect(value["in"]?["x"] == 1)
        #expect(value["missing"] == nil)
        #expect(value["name"]?["x"] == nil)
        #expect(value["name"]?.integer == nil && value["count"]?.string == nil && value["list"]?.object == nil)
        #expect(JSONValue.double(1e300).integer == nil)
    }

    @Test func `prints on one line in the order it was made`() {
        let text =
            #"{"name":"worker","count":3,"share":0.25,"whole":4.0,"on":true,"none":null,"#
            + #""list":[1,"two"],"in":{"x":1}}"#
        #expect(value.text == text)
        #expect(value.utf8 == Array(value.text.utf8))
    }

    @Test func `prints indented`() {
        let value: JSONValue = ["a": [1, [:], []], "b": ["c": nil]]
        #expect(
            value.prettyText == """
                {
                  "a": [
                    1,
                    {},
                    []
                  ],
                  "b": {
                    "c": null
                  }
                }
                """)
    }

    @Test func `appends to a buffer`() {
        var buffer = Array("data: ".utf8)
        JSONValue.array([1]).write(to: &buffer)
        JSONValue.null.write(to: &buffer)
        #expect(String(decoding: buffer, as: UTF8.self) == "data: [1]null")
    }

    @Test func `escapes only what it must`() {
        let text: JSONValue = "\0\u{8}\t\n\u{B}\u{C}\r\u{1F}\"\\/é\u{7F}\u{2028}😀"
        #expect(text.text == #""\u0000\b\t\n\u000b\f\r\u001f\"\\/é\#u{7F}\#u{2028}😀""#)
    }

    @Test func `tells integers from doubles and composed from decomposed text`() {
        #expect(JSONValue.integer(1) != .double(1))
        #expect(JSONValue.string("\u{E9}") != .string("e\u{301}"))
        #expect(JSONValue.string("\u{212B}") != .string("A\u{30A}"))
        #expect(Set<JSONValue>(["a", "a", 1, 1.0, nil, []]).count == 5)
    }
}

@Suite struct `A JSON object` {
    @Test(arguments: [0, 1, 15, 16, 17, 18, 100])
    func `finds and keeps order whatever its size`(count: Int) {
        var object = JSONObject()
        for number in 0..<count { object["key \(number)"] = .integer(Int64(number)) }
        #expect(object.count == count)
        #expect(object.keys == (0..<count).map { "key \($0)" })
        for number in 0..<count { #expect(object["key \(number)"] == .integer(Int64(number))) }
        #expect(object["key"] == nil)

        for number in 0..<count { object["key \(number)"] = .integer(-1) }
        #expect(object.count == count && object.allSatisfy { $0.value == -1 })
        for number in 0..<count {
            object["key \(number)"] = nil
            #expect(object["key \(number)"] == nil)
            #expect(object.count == count - number - 1)
            #expect(object.first?.key == (number + 1 < count ? "key \(number + 1)" : nil))
        }
        object["absent"] = nil
        #expect(object.isEmpty)
    }

    @Test func `is equal in any order`() {
        let pairs = (0..<40).map { ("key \($0)", JSONValue.integer($0)) }
        var (forward, backward) = (JSONObject(), JSONObject())
        for (key, value) in pairs { forward[key] = value }
        for (key, value) in pairs.reversed() { backward[key] = value }
        #expect(forward == backward)
        #expect(forward.hashValue == backward.hashValue)
        backward["key 3"] = nil
        #expect(forward != backward)
        backward["key 3"] = .null
        #expect(forward != backward)
        #expect((["a": 1, "b": 2] as JSONObject) != ["a": 2, "b": 1])
    }

    @Test func `keeps keys apart that only look the same`() throws {
        let value = try JSONValue(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}")
        #expect(value["\u{E9}"] == 1)
        #expect(value["e\u{301}"] == 2)
    }

    @Test(.timeLimit(.minutes(10))) func `takes many members in linear time`() throws {
        let members = (0..<100_000).map { "\"\($0)\":\($0)" }.joined(separator: ",")
        let value = try JSONValue(parsing: "{\(members)}")
        #expect(value["99999"] == 99_999)
        let again = try JSONValue(parsing: "{\(members)}")
        #expect(value == again)
        let error = try #require(throws: JSONError.self) { try JSONValue(parsing: "{\(members),\"7\":0}") }
        #expect(error.code == .duplicateKey)
    }

    /// All of these are equivalent as Unicode text: with one hash for all, this would take hours.
    @Test(.timeLimit(.minutes(10))) func `takes many keys that look the same in linear time`() throws {
        let members = (0..<1 << 15).map { bits in
            "\"" + (0..<15).map { bits >> $0 & 1 == 0 ? "\u{E9}" : "e\u{301}" }.joined() + "\":0"
        }
        let value = try JSONValue(parsing: "{\(members.joined(separator: ","))}")
        #expect(value.object?.count == 1 << 15)
    }
}
