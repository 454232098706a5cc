extension Duration {
    /// The longest that an attribute may ask for: a hundred years of 365 days.
    package static let attributeMax = Duration.seconds(36_500 * 86_400)

    /// Reads the value of a duration attribute: a number, perhaps with a fraction, and `ms`, `s`, `m`, `h` or `d`; a
    /// bare number is seconds. `nil` for anything else, and for more than a hundred years.
    package init?(attribute text: String) {
        let number = text.prefix { $0 == "." || ("0"..."9").contains($0) }
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.contains(where: { !$0.isEmpty }), parts.count == 1 || !parts[1].isEmpty,
            let unit = Self.attributeUnits[text[number.endIndex...]]
        else { return nil }
        guard let whole = Int64(parts[0].isEmpty ? "0" : parts[0]), whole <= 36_500 * 86_400_000 else { return nil }
        let fraction = parts.count == 2 ? parts[1].prefix(9) : ""
        let billionths = (Int64(fraction) ?? 0) * Self.power(of: 10, 9 - fraction.count)
        let nanoseconds = Double(billionths) * Double(unit) / 1_000
        let duration = Duration.milliseconds(whole) * Int(unit) + .nanoseconds(Int64(nanoseconds))
        guard duration <= Self.attributeMax else { return nil }
        self = duration
    }

    /// In milliseconds.
    private static let attributeUnits: [Substring: Int64] = [
        "": 1_000, "ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000,
    ]

    private static func power(of base: Int64, _ exponent: Int) -> Int64 {
        (0..<exponent).reduce(1) { power, _ in power * base }
    }
}
