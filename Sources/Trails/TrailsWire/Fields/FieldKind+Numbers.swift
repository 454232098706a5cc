internal import Vocabulary

extension FieldKind<Int64> {
    /// A whole number in `range`.
    static func integer(in range: ClosedRange<Int64>) -> Self {
        Self { value throws(FrameError) in
            guard value.number != nil else { throw .mustBe("a whole number", not: value) }
            guard let integer = value.integer else { throw FrameError(.badMessage, "is not a whole number") }
            guard range.contains(integer) else {
                throw FrameError(
                    .badMessage, "is \(integer), not in \(range.lowerBound)...\(range.upperBound)")
            }
            return integer
        }
    }

    /// From 0 to 2^53: what every JSON reader can hold.
    static let count = Self.integer(in: 0...WireLimits.integerMax)
    /// Any whole number that can be signed.
    static let integer = Self.integer(in: -WireLimits.integerMax...WireLimits.integerMax)
}

extension FieldKind<Timestamp> {
    /// Milliseconds since 1970.
    static let moment = Self { value throws(FrameError) in
        Timestamp(milliseconds: try FieldKind<Int64>.integer(in: 0...WireLimits.momentMax).read(value))
    }
}

extension FieldKind<Duration> {
    /// Whole seconds in `range`.
    static func seconds(in range: ClosedRange<Int64>) -> Self {
        Self { value throws(FrameError) in
            Duration.seconds(try FieldKind<Int64>.integer(in: range).read(value))
        }
    }

    /// Whole seconds, up to 366 days.
    static let seconds = Self.seconds(in: 0...WireLimits.secondsMax)
}
