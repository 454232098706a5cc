/// Numbers as ECMAScript prints them (`Number::toString`, ECMA-262, section 6.1.6.1.20), which RFC 8785 prescribes.
///
/// Swift finds the same shortest digits; only where the point and the exponent go differs.
enum ECMAScriptNumber {
    /// The text of a finite double as ASCII. Both zeros are `0`.
    static func bytes(of value: Double) -> [UInt8] {
        if let whole = value.asInt64, whole.magnitude <= 1 << 53 { return Array(String(whole).utf8) }
        let sign = value < 0 ? [UInt8(ascii: "-")] : []
        let (digits, point) = Self.shortestDecimal(of: value.magnitude)
        return sign + Self.layOut(digits, point: point)
    }

    /// Digits without outer zeros, and the place of the decimal point counted from before the first of them.
    private static func shortestDecimal(of value: Double) -> (digits: ArraySlice<UInt8>, point: Int) {
        let text = Array(value.description.utf8)  // 12.5, 0.001, 1e-07, 1.2345e+30
        let end = text.firstIndex(of: UInt8(ascii: "e")) ?? text.endIndex
        let exponent = Int(String(decoding: text[end...].dropFirst(), as: UTF8.self)) ?? 0
        let whole = text[..<end].prefix { $0 != UInt8(ascii: ".") }
        let all = whole + text[whole.endIndex..<end].dropFirst()
        let digits = all.drop { $0 == UInt8(ascii: "0") }
        let last = digits.lastIndex { $0 != UInt8(ascii: "0") } ?? digits.startIndex
        return (digits[...last], whole.count - (all.count - digits.count) + exponent)
    }

    private static func layOut(_ digits: ArraySlice<UInt8>, point: Int) -> [UInt8] {
        switch point {
        case digits.count...21: return digits + Self.zeros(point - digits.count)
        case 1...21: return digits.prefix(point) + [UInt8(ascii: ".")] + digits.dropFirst(point)
        case -5...0: return Self.zeros(1) + [UInt8(ascii: ".")] + Self.zeros(-point) + digits
        default:
            let fraction = digits.count > 1 ? [UInt8(ascii: ".")] + digits.dropFirst() : []
            return digits.prefix(1) + fraction + Array("e\(point > 0 ? "+" : "")\(point - 1)".utf8)
        }
    }

    private static func zeros(_ count: Int) -> [UInt8] { Array(repeating: UInt8(ascii: "0"), count: count) }
}
