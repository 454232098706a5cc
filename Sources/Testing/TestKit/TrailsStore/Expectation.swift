/// What a conformance suite found wrong, with the place in the suite that says so.
package struct UnmetExpectation: Error, CustomStringConvertible, Sendable {
    package let description: String
}

/// Throws, naming the line, when `isMet` is false.
package func expect(
    _ isMet: Bool, _ promise: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) throws(UnmetExpectation) {
    guard !isMet else { return }
    throw UnmetExpectation(description: "\(file):\(line): not so: \(promise())")
}

/// Throws, naming the line and both values, when they differ.
package func expect<Value: Equatable>(
    _ value: Value, is expected: Value, _ what: @autoclosure () -> String, file: StaticString = #fileID,
    line: UInt = #line
) throws(UnmetExpectation) {
    guard value != expected else { return }
    throw UnmetExpectation(description: "\(file):\(line): \(what()) is \(value), not \(expected)")
}
