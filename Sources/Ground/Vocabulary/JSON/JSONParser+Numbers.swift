extension JSONParser {
    /// Reads a number. Without fraction and exponent it is an integer and must fit `Int64`.
    mutating func number() throws(JSONError) -> JSONValue {
        let start = self.position
        let isNegative = self.skip(UInt8(ascii: "-"))
        var decimal = Decimal()
        let whole = self.byte
        guard self.digits(into: &decimal) > 0 else { throw self.malformedNumber("a digit") }
        if whole == UInt8(ascii: "0"), self.position - start > (isNegative ? 2 : 1) {
            throw self.error(.malformedNumber, "number with a leading zero", at: start)
        }
        guard self.byte == UInt8(ascii: ".") || self.byte | 0x20 == UInt8(ascii: "e") else {
            return try self.integer(decimal, isNegative: isNegative, from: start)
        }
        if self.skip(UInt8(ascii: ".")) {
            let places = self.digits(into: &decimal)
            guard places > 0 else { throw self.malformedNumber("a digit after the point") }
            decimal.exponent = -places
        }
        if self.byte | 0x20 == UInt8(ascii: "e") { decimal.exponent += try self.exponent() }
        return .double(try self.double(decimal, isNegative: isNegative, from: start))
    }

    private func integer(_ decimal: Decimal, isNegative: Bool, from start: Int) throws(JSONError) -> JSONValue {
        let magnitude = decimal.significand
        if !decimal.isCut {
            if isNegative && magnitude == 0 { return .double(-0.0) }
            if !isNegative, let value = Int64(exactly: magnitude) { return .integer(value) }
            if isNegative, magnitude <= Int64.min.magnitude {
                return .integer(Int64(truncatingIfNeeded: 0 &- magnitude))
            }
        }
        throw self.error(
            .numberOutOfRange, "integer that does not fit 64 bits", at: start, advice: "; send it as a string")
    }

    /// The nearest double. A short number is one exact product or quotient; the others go to the standard library.
    private func double(_ decimal: Decimal, isNegative: Bool, from start: Int) throws(JSONError) -> Double {
        if let magnitude = decimal.exactDouble { return isNegative ? -magnitude : magnitude }
        let text = String(decoding: self.bytes[start..<self.position], as: UTF8.self)
        guard let value = Double(text), value.isFinite else {
            throw self.error(
                .numberOutOfRange, "number that does not fit a double", at: start, advice: "; send it as a string")
        }
        return value
    }

    /// Reads digits into the significand, and answers how many there were.
    private mutating func digits(into decimal: inout Decimal) -> Int {
        let start = self.position
        while case let digit = self.byte &- UInt8(ascii: "0"), digit < 10 {
            decimal.append(digit)
            self.position += 1
        }
        return self.position - start
    }

    private mutating func exponent() throws(JSONError) -> Int {
        self.position += 1
        let isNegative = self.byte == UInt8(ascii: "-")
        if isNegative || self.byte == UInt8(ascii: "+") { self.position += 1 }
        var exponent = Decimal()
        guard self.digits(into: &exponent) > 0 else { throw self.malformedNumber("a digit in the exponent") }
        // Far from any double, and far from overflowing when a fraction is subtracted.
        let magnitude = exponent.isCut ? 1 << 40 : Int(min(exponent.significand, 1 << 40))
        return isNegative ? -magnitude : magnitude
    }

    private func malformedNumber(_ expected: String) -> JSONError {
        guard self.position < self.bytes.count else { return self.unexpected(insteadOf: expected) }
        return self.error(.malformedNumber, "\(self.nameOfByte) where \(expected) was expected")
    }
}

/// A number as it is written: `significand` × 10^`exponent`.
private struct Decimal {
    var significand: UInt64 = 0
    var exponent = 0
    /// Whether there were more digits than `significand` can hold.
    var isCut = false

    mutating func append(_ digit: UInt8) {
        let (tens, overflow) = self.significand.multipliedReportingOverflow(by: 10)
        let (sum, carry) = tens.addingReportingOverflow(UInt64(digit))
        self.isCut = self.isCut || overflow || carry
        self.significand = sum
    }

    /// The double that is nearest, when both parts are doubles without rounding (W. D. Clinger, 1990); else `nil`.
    var exactDouble: Double? {
        guard !self.isCut, self.significand <= 1 << 53 else { return nil }
        let significand = Double(self.significand)
        switch self.exponent {
        case 0...22: return significand * Self.powersOfTen[self.exponent]
        case -22..<0: return significand / Self.powersOfTen[-self.exponent]
        default: return nil
        }
    }

    /// Those that are doubles without rounding.
    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}
